"""Reads a DICOM file: prefix, file meta information, data set (PS3.10 7)."""

from dataclasses import dataclass

from engine.encoding.anomaly import Anomaly, AnomalyKind, ReadingLimits, ReportAnomaly
from engine.encoding.elements import Buffer, Elements
from engine.encoding.inflation import inflate
from engine.encoding.recovery import fits, is_zero_to_end, read_header
from engine.encoding.structure import walk
from engine.encoding.transfer_syntax import (
    DEFAULT,
    EXPLICIT_BIG,
    EXPLICIT_LITTLE,
    IMPLICIT_LITTLE,
    TRANSFER_SYNTAXES,
    Encoding,
    TransferSyntax,
)
from engine.tags import FILE_META_INFORMATION_GROUP_LENGTH, TRANSFER_SYNTAX_UID

_PREAMBLE_LENGTH = 128
_PREFIX = b"DICM"
_META_START = _PREAMBLE_LENGTH + len(_PREFIX)
_META_GROUP = 0x0002
_META_GROUP_BYTES = (b"\2\0", b"\0\2")
"""How file meta information starts, in either byte order."""
_STANDARD_ROOT = "1.2.840.10008."
_ENCODINGS = (EXPLICIT_LITTLE, IMPLICIT_LITTLE, EXPLICIT_BIG)
"""Explicit VR first: letters that are VRs by chance are less likely than lengths that fit."""
_FIRST_GROUPS = {0x0002, 0x0004, 0x0008}
"""What a file begins with: file meta information, a directory, the SOP common module."""
_MANY_ELEMENTS = 64
"""So many elements fit in implicit VR only if they are in it."""
_SAMPLE = 4096
"""Bytes to inflate in order to see whether something is deflated."""


@dataclass(frozen=True)
class DicomFile:
    """A DICOM file that has been read.

    Attributes:
        meta: the file meta information; None in a file that has none.
        dataset: the data set.
        transfer_syntax: what the file meta information declares; None if absent or unknown.
    """

    meta: Elements | None
    dataset: Elements
    transfer_syntax: TransferSyntax | None


def read(data: Buffer, limits: ReadingLimits, report: ReportAnomaly) -> DicomFile | None:
    """Read a file as far as possible.

    Args:
        data: the file.
        limits: where reading stops.
        report: takes what is wrong with the encoding.

    Returns:
        None if the file is not a DICOM file.
    """
    has_prefix = bytes(data[_PREAMBLE_LENGTH:_META_START]) == _PREFIX and not _is_in_value(data)
    start = _META_START if has_prefix else _find_start(data)
    if not has_prefix:
        beginning = bytes(data[:16])
        kind = AnomalyKind.NOT_DICOM if start is None else AnomalyKind.NO_PREAMBLE
        report(Anomaly(kind if beginning else AnomalyKind.EMPTY, value=beginning, offset=0))
    if start is None:
        return None
    meta = _read_meta(data, start, limits, report)
    syntax = _declared_syntax(meta, report)
    dataset = _read_dataset(data, _dataset_start(data, meta), syntax, limits, report)
    is_bare = not has_prefix and not meta.tags
    return DicomFile(None if is_bare else meta, dataset, syntax)


def _is_in_value(data: Buffer) -> bool:
    """Whether the letters of the prefix are in a value, since the data set starts the file."""
    group = bytes(data[_META_START : _META_START + 2])
    if group in _META_GROUP_BYTES:
        return False
    return any(
        (header := read_header(data, 0, encoding))
        and header.tag >> 16 in _FIRST_GROUPS
        and fits(data, 0, encoding)
        for encoding in _ENCODINGS
    )


def _find_start(data: Buffer) -> int | None:
    """Where the elements start without a prefix: at once, or where it has been overwritten."""
    has_prefix_first = bytes(data[: len(_PREFIX)]) == _PREFIX
    for start in (len(_PREFIX) if has_prefix_first else 0, _META_START, _PREAMBLE_LENGTH):
        for encoding in _ENCODINGS:
            header = read_header(data, start, encoding)
            if header and header.tag >> 16 in _FIRST_GROUPS and fits(data, start, encoding):
                return start
    return None


def _read_meta(data: Buffer, start: int, limits: ReadingLimits, report: ReportAnomaly) -> Elements:
    encoding = _first_fitting(data, start, group=_META_GROUP) or EXPLICIT_LITTLE
    if encoding is not EXPLICIT_LITTLE:
        report(Anomaly(AnomalyKind.META_ENCODING, found=encoding.name, offset=start))
    return walk(data, start, encoding, limits, report, group=_META_GROUP)


def _declared_syntax(meta: Elements, report: ReportAnomaly) -> TransferSyntax | None:
    uid = meta.get(TRANSFER_SYNTAX_UID)
    if uid is None or uid.is_empty:
        return None
    if uid.text() not in TRANSFER_SYNTAXES:
        is_standard = uid.text().startswith(_STANDARD_ROOT)
        unknown, private = AnomalyKind.TRANSFER_SYNTAX_UNKNOWN, AnomalyKind.TRANSFER_SYNTAX_PRIVATE
        report(Anomaly(unknown if is_standard else private, uid, value=uid.value(128)))
    return TRANSFER_SYNTAXES.get(uid.text())


def _dataset_start(data: Buffer, meta: Elements) -> int:
    """Where the data set starts; after damaged file meta information its length says so."""
    if not meta.complete and (group_length := meta.get(FILE_META_INFORMATION_GROUP_LENGTH)):
        start = group_length.offset + group_length.length + (group_length.integer() or 0)
        if start > 0 and _first_fitting(data, start):
            return start
    return meta.end


def _read_dataset(
    data: Buffer,
    start: int,
    syntax: TransferSyntax | None,
    limits: ReadingLimits,
    report: ReportAnomaly,
) -> Elements:
    declared = syntax or DEFAULT
    fitting = _fitting(data, start, declared.encoding)
    is_deflated = fitting is None and (declared.deflated or _is_deflated(data, start))
    actual = fitting or declared.encoding
    if syntax and (actual is not syntax.encoding or is_deflated is not syntax.deflated):
        found = "deflated" if is_deflated else actual.name
        report(Anomaly(AnomalyKind.TRANSFER_SYNTAX_MISMATCH, found=found, offset=start))
    if is_deflated:
        return _read_deflated(data, start, limits, report)
    return walk(data, start, actual, limits, report)


def _read_deflated(
    data: Buffer, start: int, limits: ReadingLimits, report: ReportAnomaly
) -> Elements:
    inflated = inflate(data, start, limits.max_inflated_bytes)
    rest = len(data) - inflated.end
    if inflated.wrapper:
        expected, found = "a raw deflate stream", f"a {inflated.wrapper} stream"
        report(Anomaly(AnomalyKind.DEFLATE_WRAPPED, None, expected, found, offset=start))
    if inflated.exceeds_limit:
        limit = f"at most {limits.max_inflated_bytes} bytes"
        report(Anomaly(AnomalyKind.DEFLATE_TOO_LARGE, expected=limit, offset=start))
    elif not inflated.is_whole:
        report(Anomaly(AnomalyKind.DEFLATE_CORRUPT, offset=start))
    elif rest > 1 or not is_zero_to_end(data, inflated.end):
        expected, found = "at most one null byte", f"{rest} bytes"
        trailing = AnomalyKind.DEFLATE_TRAILING
        report(Anomaly(trailing, expected=expected, found=found, offset=inflated.end))
    cut = not inflated.is_whole
    return walk(inflated.data, 0, EXPLICIT_LITTLE, limits, report, in_file=False, cut=cut)


def _fitting(data: Buffer, start: int, declared: Encoding) -> Encoding | None:
    """The encoding of a data set: the declared one, unless only another one fits."""
    if declared.explicit and fits(data, start, declared):
        return declared
    # What fits in implicit VR at its beginning may be in explicit VR: its letters are then lengths.
    # The other way round, lengths may look like letters, but not all of them.
    is_declared = fits(data, start, declared, elements=_MANY_ELEMENTS)
    return declared if is_declared else _first_fitting(data, start)


def _first_fitting(data: Buffer, start: int, *, group: int | None = None) -> Encoding | None:
    for encoding in _ENCODINGS:
        if fits(data, start, encoding, group=group):
            return encoding
    return None


def _is_deflated(data: Buffer, start: int) -> bool:
    return fits(inflate(data, start, _SAMPLE).data, 0, EXPLICIT_LITTLE)
