"""Notices what has gone quiet or down, and says so in the journal."""
