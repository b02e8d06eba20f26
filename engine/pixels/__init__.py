"""Checks the pixel data frame by frame."""
