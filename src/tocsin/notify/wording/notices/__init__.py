"""Notices: how the events of one kind are worded, a file a kind."""
