"""How messages are drawn in platforms' marks, and cut to the size that these take."""
