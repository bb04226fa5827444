"""The bell: says that there is something new, and up to which number; never what."""
