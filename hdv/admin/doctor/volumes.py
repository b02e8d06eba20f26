"""The volumes: there, writable, not open to everyone, with room."""

import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

from gateway.settings import GatewaySettings
from hdv.admin.doctor.diagnosis import Diagnosis, error, size, warning, well

LEAST_FREE = 0.1


def examine_volumes(settings: GatewaySettings) -> Iterator[Diagnosis]:
    """Look at the volumes of uploads, archive and quarantine."""
    volumes = {
        "uploads": settings.uploads_dir,
        "archive": settings.archive_dir,
        "quarantine": settings.quarantine_dir,
    }
    for name, directory in volumes.items():
        yield from _examine(f"volume {name}", directory.absolute(), settings.min_free_bytes)
    yield from _examine("audit log", settings.audit_dir.absolute(), 0)


def _examine(subject: str, directory: Path, min_free_bytes: int) -> Iterator[Diagnosis]:
    if not directory.is_dir():
        advice = "mount it, or name the right directory: --data, HDV_UPLOADS_DIR and the like"
        yield error(subject, f"{directory} does not exist", advice)
        return
    mode = directory.stat().st_mode
    if mode & stat.S_IRWXO:
        found = f"every user of this machine may enter {directory} ({stat.filemode(mode)})"
        yield warning(subject, found, f"chmod o-rwx {directory}")
    if os.statvfs(directory).f_flag & os.ST_RDONLY:
        yield error(subject, f"{directory} is mounted read-only", "mount it for writing")
    elif not os.access(directory, os.W_OK | os.X_OK):
        advice = (
            f"run the services, and this command, as the owner (user {directory.stat().st_uid})"
        )
        yield error(subject, f"this user cannot write to {directory}", advice)
    usage = shutil.disk_usage(directory)
    found = f"{size(usage.free)} of {size(usage.total)} are free"
    advice = "make room: docs/runbooks/HdvDiskNearlyFull.md"
    if usage.free < 2 * min_free_bytes:
        yield error(
            subject, f"{found}; uploads are refused below {size(2 * min_free_bytes)}", advice
        )
    elif usage.free < LEAST_FREE * usage.total:
        yield warning(subject, found, advice)
    else:
        yield well(subject, f"{directory}: {found}")
