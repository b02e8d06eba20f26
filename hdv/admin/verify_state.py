"""What `hdv verify` has verified and when, so that it can go on after an interruption."""

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import orjson

from contracts.places import Place
from storage.study_folder import StudyFolder
from storage.verification import Verified

_BEGAN = "began"


class VerifyState:
    """A file of JSON lines: when a run began, and each study without a finding, with the time.

    A study with findings has no line: it is verified again.

    Args:
        path: the file; it need not exist.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._verified: dict[tuple[str, str], datetime] = {}
        self.began: datetime | None = None
        """When the last run began that was not a continuation."""
        if path.exists():
            for line in path.read_bytes().split(b"\n")[:-1]:  # the last one may be incomplete
                self._read(orjson.loads(line))

    def is_verified(self, folder: StudyFolder, since: datetime | None) -> bool:
        """Whether a study was verified at a time or later, and nothing came to its place after."""
        time = self._verified.get((folder.place, str(folder.study_id)))
        return since is not None and time is not None and time >= max(since, folder.since())

    def begin(self, now: datetime) -> None:
        """Note that a run begins."""
        self.began = now
        lines = [
            self._line(place, study_id, at) for (place, study_id), at in self._verified.items()
        ]
        temporary = self._path.with_name(f"{self._path.name}.new")
        temporary.write_bytes(b"".join([*lines, _json({_BEGAN: now})]))
        temporary.replace(self._path)

    def add(self, studies: Iterable[Verified]) -> None:
        """Note studies that were verified."""
        now = datetime.now(UTC)
        with self._path.open("ab") as file:
            file.writelines(
                self._line(study.place, study.study_id, now)
                for study in studies
                if not study.findings
            )

    def _read(self, entry: dict[str, str]) -> None:
        if _BEGAN in entry:
            self.began = datetime.fromisoformat(entry[_BEGAN])
        else:
            time = datetime.fromisoformat(entry["verified"])
            self._verified[Place(entry["place"]), entry["study_id"]] = time

    def _line(self, place: str, study_id: UUID | str, time: datetime) -> bytes:
        return _json({"place": place, "study_id": str(study_id), "verified": time})


def _json(entry: dict[str, object]) -> bytes:
    return orjson.dumps(entry, option=orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z)
