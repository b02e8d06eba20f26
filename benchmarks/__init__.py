"""Measures this software against its bars and its peers, side by side in one run."""
