"""Profiles: what an examination asks for and how much each violation weighs."""
