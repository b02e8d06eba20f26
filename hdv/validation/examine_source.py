"""Examines one file; this runs in the processes that may die."""

import hashlib
from pathlib import Path

from archives.errors import ArchiveError
from archives.reading import read_extent
from chassis.runtime.confinement import Cause
from contracts.report import Finding
from engine.encoding.elements import Buffer
from engine.encoding.mapping import map_file
from engine.examination import examine
from engine.profiles.profile import Profile
from engine.unreadable import mistake, unreadable
from hdv.validation.members import trouble_of
from hdv.validation.results import ExaminedFile
from hdv.validation.sources import Source


def examine_source(source: Source, profile: Profile, *, sha256: bool) -> ExaminedFile:
    """Examine a file or a member of an archive file; if it cannot be read, that is a finding.

    Args:
        source: what to examine.
        profile: what to ask for, and the limits.
        sha256: whether the report shows the digest of the file.
    """
    if source.trouble:
        return _without_bytes(source, unreadable(source.trouble, profile))
    try:
        data = bytes_of(source)
    except OSError as error:
        return _without_bytes(
            source, unreadable(error.strerror or "an error of the system", profile)
        )
    except ArchiveError as error:
        return _without_bytes(source, unreadable(trouble_of(error), profile))
    digest = hashlib.sha256(data).hexdigest() if sha256 else None
    try:
        report = examine(data, profile, digest=False)
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 -- a defect of ours must not end the run
        findings = unreadable(mistake(error), profile)
        return ExaminedFile(source.name, digest, len(data), findings)
    study = report.identity.study_instance_uid
    return ExaminedFile(source.name, digest, len(data), report.findings, study, report.summary)


def killed(source: Source, profile: Profile, cause: Cause) -> ExaminedFile:
    """The result for a file whose process died or exceeded a limit."""
    return _without_bytes(source, unreadable(cause, profile))


def bytes_of(source: Source) -> Buffer:
    """The bytes of a file or of a member of an archive file.

    Raises:
        OSError: the file cannot be read.
        ArchiveError: the archive file is damaged.
    """
    if source.extent:
        return read_extent(Path(source.path), source.extent, source.name)
    return map_file(Path(source.path))


def _without_bytes(source: Source, findings: tuple[Finding, ...]) -> ExaminedFile:
    return ExaminedFile(source.name, None, None, findings)
