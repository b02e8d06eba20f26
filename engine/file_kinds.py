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
    b"\x1f\x8b": "gzip",
    b"Rar!": "RAR",
    b"7z\xbc\xaf\x27\x1c": "7-Zip",
    b"RIFF": "RIFF",
    b"<?xml": "XML",
    b"<!DOCTYPE": "HTML",
    b"<html": "HTML",
    b"{\\rtf": "RTF",
}
_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")

_PE_POINTER = slice(0x3C, 0x40)
"""Where a Windows executable says where its second header is."""
_PE = b"PE\0\0"
_PDF_HEADER_WITHIN = 1024 + len(b"%PDF-")
_XML_TYPES = frozenset({"text/xml", "application/xml", "application/hl7-cda+xml"})


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
    if media_type in _XML_TYPES:
        text = start.removeprefix(b"\xef\xbb\xbf").replace(b"\0", b"")
        text = text.removeprefix(b"\xff\xfe").removeprefix(b"\xfe\xff")
        return None if text.lstrip().startswith(b"<") else "<"
    return None
