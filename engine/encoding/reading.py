"""Reads a file into an instance: prefix, file meta information, data set (PS3.10 7)."""

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
from engine.findings import Findings
from engine.instance import Instance
from engine.profiles.profile import Profile
from engine.rules import file as file_rules
from engine.rules import meta as meta_rules
from engine.rules import structure as structure_rules
from engine.violation import Violation

_PREAMBLE_LENGTH = 128
_PREFIX = b"DICM"
_META_START = _PREAMBLE_LENGTH + len(_PREFIX)
_META_GROUP = 0x0002
_STANDARD_ROOT = "1.2.840.10008."
_ENCODINGS = (EXPLICIT_LITTLE, IMPLICIT_LITTLE, EXPLICIT_BIG)
"""Explicit VR first: letters that are VRs by chance are less likely than lengths that fit."""
_FIRST_GROUPS = {0x0002, 0x0004, 0x0008}
"""What a file begins with: file meta information, a directory, the SOP common module."""
_SAMPLE = 4096
"""Bytes to inflate in order to see whether something is deflated."""


def read(data: Buffer, profile: Profile, findings: Findings) -> Instance | None:
    """Read a file as far as it goes.

    Args:
        data: the file.
        profile: the limits.
        findings: takes what is wrong with the encoding.

    Returns:
        None if the file is not a DICOM file.
    """
    has_prefix = bytes(data[_PREAMBLE_LENGTH:_META_START]) == _PREFIX
    start = _META_START if has_prefix else _find_start(data)
    if not has_prefix:
        beginning = bytes(data[:16])
        rule = file_rules.NOT_DICOM if start is None else file_rules.NO_PREAMBLE
        findings.add(rule if beginning else file_rules.EMPTY, Violation(value=beginning, offset=0))
    if start is None:
        return None
    meta = _read_meta(data, start, profile, findings)
    syntax = _declared_syntax(meta, findings)
    dataset = _read_dataset(data, _dataset_start(data, meta), syntax, profile, findings)
    is_bare = not has_prefix and not meta.tags
    return Instance(data, profile, None if is_bare else meta, dataset, syntax)


def _find_start(data: Buffer) -> int | None:
    """Where the elements start without a prefix: at once, or where it has been overwritten."""
    for start in (0, _META_START, _PREAMBLE_LENGTH):
        for encoding in _ENCODINGS:
            header = read_header(data, start, encoding)
            if header and header.tag >> 16 in _FIRST_GROUPS and fits(data, start, encoding):
                return start
    return None


def _read_meta(data: Buffer, start: int, profile: Profile, findings: Findings) -> Elements:
    encoding = _first_fitting(data, start, group=_META_GROUP) or EXPLICIT_LITTLE
    if encoding is not EXPLICIT_LITTLE:
        findings.add(meta_rules.ENCODING, Violation(found=encoding.name, offset=start))
    return walk(data, start, encoding, profile, findings, group=_META_GROUP)


def _declared_syntax(meta: Elements, findings: Findings) -> TransferSyntax | None:
    uid = meta.get(meta_rules.TRANSFER_SYNTAX_UID)
    if uid is None or uid.is_empty:
        return None
    if uid.text() not in TRANSFER_SYNTAXES:
        is_private = not uid.text().startswith(_STANDARD_ROOT)
        unknown, private = meta_rules.TRANSFER_SYNTAX_UNKNOWN, meta_rules.TRANSFER_SYNTAX_PRIVATE
        findings.add(private if is_private else unknown, Violation(uid, value=uid.value(128)))
    return TRANSFER_SYNTAXES.get(uid.text())


def _dataset_start(data: Buffer, meta: Elements) -> int:
    """Where the data set starts; behind damaged file meta information its length tells."""
    if not meta.complete and (group_length := meta.get(meta_rules.GROUP_LENGTH)):
        start = group_length.offset + group_length.length + (group_length.integer() or 0)
        if start > 0 and _first_fitting(data, start):
            return start
    return meta.end


def _read_dataset(
    data: Buffer,
    start: int,
    syntax: TransferSyntax | None,
    profile: Profile,
    findings: Findings,
) -> Elements:
    declared = syntax or DEFAULT
    # What fits in implicit VR may fit better in explicit VR, not the other way round.
    is_certain = declared.encoding.explicit and fits(data, start, declared.encoding)
    fitting = declared.encoding if is_certain else _first_fitting(data, start)
    is_deflated = fitting is None and (declared.deflated or _is_deflated(data, start))
    actual = fitting or declared.encoding
    if syntax and (actual is not syntax.encoding or is_deflated is not syntax.deflated):
        found = "deflated" if is_deflated else actual.name
        findings.add(meta_rules.TRANSFER_SYNTAX_MISMATCH, Violation(found=found, offset=start))
    if is_deflated:
        return _read_deflated(data, start, profile, findings)
    return walk(data, start, actual, profile, findings)


def _read_deflated(data: Buffer, start: int, profile: Profile, findings: Findings) -> Elements:
    inflated = inflate(data, start, profile.limits.max_inflated_bytes)
    rest = len(data) - inflated.end
    if inflated.exceeds_limit:
        limit = f"at most {profile.limits.max_inflated_bytes} bytes"
        findings.add(structure_rules.DEFLATE_TOO_LARGE, Violation(expected=limit, offset=start))
    elif not inflated.is_whole:
        findings.add(structure_rules.DEFLATE_CORRUPT, Violation(offset=start))
    elif rest > 1 or not is_zero_to_end(data, inflated.end):
        violation = Violation(
            expected="at most one null byte", found=f"{rest} bytes", offset=inflated.end
        )
        findings.add(structure_rules.DEFLATE_TRAILING, violation)
    return walk(
        inflated.data,
        0,
        EXPLICIT_LITTLE,
        profile,
        findings,
        in_file=False,
        cut=not inflated.is_whole,
    )


def _first_fitting(data: Buffer, start: int, *, group: int | None = None) -> Encoding | None:
    for encoding in _ENCODINGS:
        if fits(data, start, encoding, group=group):
            return encoding
    return None


def _is_deflated(data: Buffer, start: int) -> bool:
    return fits(inflate(data, start, _SAMPLE).data, 0, EXPLICIT_LITTLE)
