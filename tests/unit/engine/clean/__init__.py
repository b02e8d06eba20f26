"""Builders of clean files: small, whole, and conformant in every attribute."""
