"""Profiles: what an examination checks and how severe each violation is."""
