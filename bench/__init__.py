"""Measures Tocsin against references on the same machine in the same run; `make bench`."""
