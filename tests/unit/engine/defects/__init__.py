"""Seeded defects: each a clean file with one thing wrong, and the code that must say so."""
