"""Tocsin as a whole: built from its settings, started in order, stopped in reverse."""
