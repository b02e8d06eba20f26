"""Studies are deleted, on request or because of their age, and leave a trail."""
