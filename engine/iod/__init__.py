"""Information object definitions: what a SOP class requires of a data set (PS3.3)."""
