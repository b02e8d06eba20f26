"""What the clients of a trial send, and what must become of it."""

import hashlib
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from uuid import uuid4

from kit.archives import tar_gz, zipped
from kit.studies import ct_slices

Parts = tuple[tuple[str, bytes], ...]
"""Files with their names, as they are sent."""


@dataclass(frozen=True)
class Upload:
    """An upload, with the key that its client sends again with every attempt.

    Attributes:
        parts: the files that are sent; archive files are not unpacked here.
        valid: the SHA-256 of the valid files, a set for each study in the upload.
        invalid: those of the files that belong in quarantine.
    """

    parts: Parts
    valid: tuple[frozenset[str], ...] = ()
    invalid: frozenset[str] = frozenset()
    key: str = field(default_factory=lambda: str(uuid4()))

    @property
    def state(self) -> str:
        """The status that it must end with."""
        return "archived" if self.valid else "failed"

    def again(self) -> "Upload":
        """The same files with another key, as someone else would send them."""
        return Upload(self.parts, self.valid, self.invalid)


def sha256s(contents: Iterable[bytes]) -> frozenset[str]:
    return frozenset(hashlib.sha256(content).hexdigest() for content in contents)


def one_slice(_: random.Random) -> Upload:
    return slices(1)


def slices(count: int) -> Upload:
    return _valid(tuple(ct_slices(count)))


def some_slices(chance: random.Random) -> Upload:
    return slices(chance.randint(2, 6))


def slices_in_a_zip(chance: random.Random) -> Upload:
    files = dict(ct_slices(chance.randint(2, 6)))
    return _archive("study.zip", zipped(files), files.values())


def slices_in_a_tar(chance: random.Random) -> Upload:
    files = dict(ct_slices(chance.randint(2, 6)))
    return _archive("study.tar.gz", tar_gz(files), files.values())


def two_studies(chance: random.Random) -> Upload:
    studies = [tuple(ct_slices(chance.randint(1, 3))) for _ in range(2)]
    valid = tuple(sha256s(content for _, content in study) for study in studies)
    return Upload(studies[0] + studies[1], valid)


def a_letter(chance: random.Random) -> Upload:
    content = b"Dear colleague, please find the images attached.\n" + chance.randbytes(500)
    return Upload((("letter.dcm", content),), invalid=sha256s([content]))


def a_truncated_slice(chance: random.Random) -> Upload:
    [(name, content)] = ct_slices(1)
    content = content[: -chance.randint(100, 20_000)]
    return Upload(((name, content),), invalid=sha256s([content]))


def valid_and_truncated_slices(chance: random.Random) -> Upload:
    (bad, content), *good = ct_slices(chance.randint(2, 4))
    content = content[: -chance.randint(100, 20_000)]
    valid = sha256s(content for _, content in good)
    return Upload(((bad, content), *good), (valid,), sha256s([content]))


KINDS: dict[Callable[[random.Random], Upload], int] = {
    one_slice: 8,
    some_slices: 3,
    slices_in_a_zip: 2,
    slices_in_a_tar: 1,
    two_studies: 2,
    a_letter: 1,
    a_truncated_slice: 1,
    valid_and_truncated_slices: 2,
}
"""Every kind of upload, and how often it occurs among twenty."""


def mixed(count: int, chance: random.Random) -> list[Upload]:
    """So many uploads of all kinds in a random order; no two have a file in common."""
    kinds = chance.choices(list(KINDS), weights=list(KINDS.values()), k=max(0, count - len(KINDS)))
    uploads = [kind(chance) for kind in [*KINDS, *kinds][:count]]
    chance.shuffle(uploads)
    return uploads


def _valid(files: Parts) -> Upload:
    return Upload(files, (sha256s(content for _, content in files),))


def _archive(name: str, content: bytes, files: Iterable[bytes]) -> Upload:
    return Upload(((name, content),), (sha256s(files),))
