"""Compares instances with each other: finds what does not show in a single file."""
