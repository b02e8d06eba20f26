"""Builders that run by hand or by make, and are no part of a service."""
