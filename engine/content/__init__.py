"""Checks the content tree of structured reports: relationships, references, graphics, templates."""
