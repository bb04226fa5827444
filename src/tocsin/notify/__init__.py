"""The stage that tells people: callbacks, their deliveries, and the channels these go by."""
