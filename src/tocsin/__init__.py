"""Tocsin takes in what a team's software does, keeps it, shows it live and tells people."""

__version__ = "0.1.0"
