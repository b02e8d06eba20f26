"""Profiles as files: the built-in ones, and the loading of your own."""
