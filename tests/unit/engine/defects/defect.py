"""What a seeded defect is, and the ways to make one."""

from dataclasses import dataclass
from typing import Any

from engine.profiles.profile import Profile
from unit.engine.clean.notation import File, report_path

DEFAULT = Profile()


@dataclass(frozen=True)
class Defect:
    """A valid file with one thing wrong.

    Attributes:
        code: what the engine must find.
        base: the valid file, or its bytes.
        file: the same file with the defect, or its bytes.
        at: where it must be found: keywords like `SegmentSequence[0]>SegmentNumber`, or tags as in
            a report; None if it is found in the file as a whole, or the place does not matter.
        count: how many times.
        along: other codes that cannot but be found too.
        profile: what is asked for.
        valid_under: the profile under which the base is valid, if that is another one.
        note: distinguishes the defect from others with the same code at the same place.
    """

    code: str
    base: File | bytes
    file: File | bytes
    at: str | None
    count: int = 1
    along: frozenset[str] = frozenset()
    profile: Profile = DEFAULT
    note: str = ""
    valid_under: Profile | None = None

    @property
    def data(self) -> bytes:
        """The defective file."""
        return _encoded(self.file)

    @property
    def valid(self) -> bytes:
        """Its valid twin."""
        return _encoded(self.base)

    @property
    def path(self) -> str | None:
        """Where it must be found, as a report says it."""
        return (
            self.at if self.at is None or self.at.startswith(("(", "...")) else report_path(self.at)
        )

    def __str__(self) -> str:
        """For the name of the test."""
        modality = "bytes" if isinstance(self.base, bytes) else self.base.dataset["Modality"]
        return " ".join(filter(None, (self.code, modality, self.at, self.note)))


def _encoded(file: File | bytes) -> bytes:
    return file if isinstance(file, bytes) else file.encode()


def put(
    code: str,
    base: File,
    path: str,
    value: Any,
    *,
    at: str | None = "",
    count: int = 1,
    along: tuple[str, ...] = (),
    profile: Profile = DEFAULT,
    note: str = "",
) -> Defect:
    """Another value at a path, where it is found unless `at` says otherwise."""
    file = base.put(path, value)
    return Defect(
        code, base, file, path if at == "" else at, count, frozenset(along), profile, note
    )


def absent(
    code: str,
    base: File,
    path: str,
    *,
    at: str | None = "",
    count: int = 1,
    along: tuple[str, ...] = (),
    profile: Profile = DEFAULT,
    note: str = "",
) -> Defect:
    """No element at a path."""
    file = base.without(path)
    return Defect(
        code, base, file, path if at == "" else at, count, frozenset(along), profile, note
    )


def raw(
    code: str,
    base: File,
    data: bytes,
    at: str | None = None,
    *,
    count: int = 1,
    along: tuple[str, ...] = (),
    profile: Profile = DEFAULT,
    note: str = "",
) -> Defect:
    """Other bytes than those of the clean file."""
    return Defect(code, base, data, at, count, frozenset(along), profile, note)
