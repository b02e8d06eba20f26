"""Commands for operators, which use Redis itself: events and index."""
