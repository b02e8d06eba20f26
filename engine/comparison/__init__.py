"""The comparison of instances with each other: what one file alone cannot tell."""
