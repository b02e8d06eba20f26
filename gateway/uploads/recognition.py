"""Recognises files that are plainly something else than DICOM, by their first bytes."""

import puremagic

HEAD_BYTES = 2048
"""As many bytes from the start of a file are worth looking at."""

# Parts of the MIME types and names that the magic library gives.
_KINDS = (
    ("application/pdf", "a PDF document"),
    ("application/vnd.fdf", "a PDF document"),
    ("image/", "a picture"),
    ("video/", "a video"),
    ("officedocument", "a ZIP archive or an office document"),
    ("application/zip", "a ZIP archive or an office document"),
    ("application/msword", "an office document"),
    ("application/rtf", "an office document"),
    ("gzip", "an archive"),
    ("7z-compressed", "an archive"),
    ("vnd.rar", "an archive"),
    ("ELF", "an executable"),
    ("Mach-O", "an executable"),
    ("OS X ABI", "an executable"),
    ("application/java", "an executable"),  # a universal Mach-O file begins alike
    ("Windows executable", "an executable"),
    ("DOS executable", "an executable"),
    ("DirectShow filter", "an executable"),
)


def recognise(head: bytes) -> str | None:
    """What a file plainly is, if that is not DICOM.

    DICOM without a preamble, text and bytes that nobody knows are left to the validator, who says
    why they are not valid. So is a file with `DICM` in its place whatever its preamble says: that
    may be a TIFF as well (PS3.10 7.1).

    Args:
        head: the first `HEAD_BYTES` bytes, or all if there are fewer.

    Returns:
        A noun with its article, or nothing.
    """
    if not head or head[128:132] == b"DICM":
        return None
    try:
        matches = puremagic.magic_string(head)
    except puremagic.PureError:
        return None
    for match in matches:
        # Two or three letters at the start of a text are no proof.
        if len(match.byte_match) <= 3 and b"\0" not in head:
            continue
        for part, kind in _KINDS:
            if part in match.mime_type or part in match.name:
                return kind
    return None
