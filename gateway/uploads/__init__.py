"""Uploads: a body is received, its archives unpacked, and a study announced."""
