"""The channels: one file each; the folder is the list."""
