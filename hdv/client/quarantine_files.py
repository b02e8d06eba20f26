"""The files of a study in quarantine: chosen by name, downloaded and checked."""

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path
from uuid import uuid4

from hdv.client.gateway import Gateway
from hdv.client.upload_outcome import Json
from hdv.exit import CommandError

_CHUNK = 1 << 18
_NAME = re.compile(r"[0-9]{6}\.dcm")
"""The names of files in quarantine; no other name becomes a path on this machine."""


def chosen(study: Json, names: Sequence[str]) -> list[Json]:
    """The files with these names; all if there are no names.

    Raises:
        CommandError: the study has no file of that name.
    """
    files = {file["file"]: file for file in study["files"] if _NAME.fullmatch(file["file"])}
    if missing := set(names) - files.keys():
        raise CommandError(f"the study has no file {min(missing)} in quarantine")
    return [file for name, file in files.items() if not names or name in names]


def fetch(gateway: Gateway, file: Json, target: Path) -> None:
    """Download a file, unless it has been downloaded before.

    Raises:
        CommandError: another file has this name, or the bytes received are not those expected.
        OSError: the file cannot be written.
    """
    if target.exists():
        if _sha256(target) != file["sha256"]:
            raise CommandError(f"{target}: another file has this name")
        return
    part = target.with_name(f".{target.name}.{uuid4().hex}")
    digest = hashlib.sha256()
    try:
        with gateway.download(file["href"]) as response, part.open("xb") as written:
            for chunk in response.iter_bytes(_CHUNK):
                gateway.check_time()
                digest.update(chunk)
                written.write(chunk)
        if digest.hexdigest() != file["sha256"]:
            raise CommandError(f"{file['file']}: the bytes received have another SHA-256")
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
