"""Shows stored events to whoever is connected, in order, without gaps or repeats."""
