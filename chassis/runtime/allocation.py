"""How the C library's allocator treats memory that a process has freed."""

import ctypes

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
"""Of `mallopt(3)`."""
_LARGEST_KEPT_BYTES = 4 * 1024 * 1024


def keep_freed_memory(most_bytes: int) -> None:
    """Keep freed memory for the next use, up to so many bytes; the rest goes back to the system.

    By default a block of some hundred kilobytes goes back at once. A process that receives many
    files would have every page of each cleared for it again, which takes more time than hashing.

    Nothing happens where there is no glibc.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt:
        mallopt(_MMAP_THRESHOLD, _LARGEST_KEPT_BYTES)
        mallopt(_TRIM_THRESHOLD, most_bytes)
