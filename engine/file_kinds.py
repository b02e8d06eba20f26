"""Kinds of files by their first bytes: what runs, what is another format, what is legal here."""

_EXECUTABLES = {
    b"MZ": "Windows executable",
    b"\x7fELF": "ELF executable",
    b"\xfe\xed\xfa\xce": "Mach-O executable",
    b"\xfe\xed\xfa\xcf": "Mach-O executable",
    b"\xce\xfa\xed\xfe": "Mach-O executable",
    b"\xcf\xfa\xed\xfe": "Mach-O executable",
    b"\xca\xfe\xba\xbe": "universal Mach-O executable or Java class",
    b"#!": "script",
}
_FOREIGN = {
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"\0\0\0\x0cjP  ": "JPEG 2000",
    b"GIF8": "GIF",
    b"BM": "BMP",
    b"%PDF": "PDF",
    b"PK\3\4": "ZIP",
    b"PK\5\6": "ZIP",  # an empty one
    b"\x1f\x8b": "gzip",
    b"Rar!": "RAR",
    b"7z\xbc\xaf\x27\x1c": "7-Zip",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": "OLE2 (an office document)",
    b"\x1aE\xdf\xa3": "Matroska",
    b"RIFF": "RIFF",
    b"<?xml": "XML",
    b"<!DOCTYPE": "HTML",
    b"<html": "HTML",
    b"{\\rtf": "RTF",
}
_ISO_MEDIA = b"ftyp"
"""What MP4, QuickTime, HEIF and AVIF files have at offset 4."""
_DICM = slice(128, 132)
_FEW_LETTERS = 3
"""A text may begin with as many letters of a magic number by chance."""
_TEXTS = frozenset({"script", "XML", "HTML"})
_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")

_PE_POINTER = slice(0x3C, 0x40)
"""Where a Windows executable says where its second header is."""
_PE = b"PE\0\0"
_PDF_HEADER_WITHIN = 1024 + len(b"%PDF-")
XML_TYPES = frozenset({"text/xml", "application/xml", "application/hl7-cda+xml"})
"""Media types of XML."""


def executable_kind(start: bytes) -> str | None:
    """What a file that starts like this would run as; None if it would not.

    Args:
        start: at least the first four bytes.
    """
    return next((kind for magic, kind in _EXECUTABLES.items() if start.startswith(magic)), None)


def embedded_executable_kind(start: bytes) -> str | None:
    """The same of a value that may be anything: two bytes by chance are not enough there.

    Args:
        start: the first 4 KiB, or the whole value.
    """
    kind = executable_kind(start)
    if start.startswith(b"MZ"):
        header = int.from_bytes(start[_PE_POINTER], "little")
        return kind if start[header : header + len(_PE)] == _PE else None
    if start.startswith(b"#!"):
        return kind if start[2:].lstrip(b" ").startswith(b"/") else None
    return kind


def foreign_kind(start: bytes) -> str | None:
    """The format other than DICOM and TIFF of a file that starts like this; None if unknown."""
    return next((kind for magic, kind in _FOREIGN.items() if start.startswith(magic)), None)


def other_format(head: bytes) -> str | None:
    """The format of a file that clearly is not DICOM; None if it may be DICOM.

    Files without a preamble, text, and unknown bytes may be meant to be DICOM. So may a file with
    `DICM` in its place, whatever its preamble says: it may be a TIFF file as well (PS3.10 7.1).

    Args:
        head: the first 2048 bytes, or all if there are fewer.
    """
    if head[_DICM] == b"DICM":
        return None
    for magic, kind in (*_EXECUTABLES.items(), *_FOREIGN.items()):
        if head.startswith(magic) and kind not in _TEXTS:
            is_text = len(magic) <= _FEW_LETTERS and b"\0" not in head
            return None if is_text else kind
    if is_tiff(head):
        return "TIFF"
    return "ISO media (video or picture)" if head[4:8] == _ISO_MEDIA else None


def is_tiff(start: bytes) -> bool:
    """Whether it starts like TIFF or BigTIFF, which a DICOM file may be as well."""
    return start.startswith(_TIFF)


def document_mismatch(media_type: str, start: bytes) -> str | None:
    """What a document of a media type should start with, if it does not; else None.

    Args:
        media_type: in small letters; of unknown types nothing is expected.
        start: the first bytes of the document.
    """
    if media_type == "application/pdf":
        # Readers of PDF put up with other bytes before the header, up to 1 KiB.
        return None if b"%PDF-" in start[:_PDF_HEADER_WITHIN] else "%PDF-"
    if media_type in XML_TYPES:
        text = start.removeprefix(b"\xef\xbb\xbf").replace(b"\0", b"")
        text = text.removeprefix(b"\xff\xfe").removeprefix(b"\xfe\xff")
        return None if text.lstrip().startswith(b"<") else "<"
    # Models of these types begin with anything, but not like a file of another kind.
    is_model = media_type.startswith("model/")
    return "a model" if is_model and (foreign_kind(start) or executable_kind(start)) else None
