"""Checks encapsulated documents: whether each is whole, and is what it is said to be."""
