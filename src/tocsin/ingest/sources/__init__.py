"""The kinds of sources: one file each; the folder is the list."""
