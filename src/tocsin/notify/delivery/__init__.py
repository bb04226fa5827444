"""From stored events to deliveries: in order, at each destination's pace, recorded."""
