"""Fake chat platforms: one file each, as strict as the real one; the folder is the list."""
