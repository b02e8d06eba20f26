"""What a service writes is for its user, and for its group to read; not for others."""

import os

UMASK = 0o027
"""Directories get 0750 at most, files 0640."""


def restrict() -> None:
    """Restrict what this process, and those that it starts, will create; never widen it."""
    os.umask(os.umask(0o077) | UMASK)
