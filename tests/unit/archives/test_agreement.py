"""An upload and `hdv validate` read archive files alike: same files, or both refuse them."""

import hashlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archives.errors import ArchiveError
from archives.formats import archive_format
from archives.reading import read_extent
from chassis.web.problem import Problem
from chassis.web.problem_types import ProblemType
from hdv.validation.members import Members
from hdv.validation.sources import Skipped, sources
from kit.archives import MAKERS, tar_gz, tarred, zipped
from kit.uploads import CONTENT, GENEROUS, Uploads, form, part
from unit.gateway.uploads.test_extraction import BROKEN, CHANGES, ENCRYPTED, SEEDS, UNSAFE

OTHER = CONTENT[::-1]
STUDY = {"CT/1": CONTENT, "CT/2": OTHER, "DICOMDIR": b"x"}
VALID = {
    **{
        kind: maker({"CT/1": CONTENT, "CT/2": OTHER, "DICOMDIR": b"x"})
        for kind, maker in MAKERS.items()
    },
    "nested": zipped({"a.tgz": tar_gz({"1": CONTENT}), "b": tarred({"2": OTHER}), ".c": b""}),
}
Files = set[tuple[str, str]]

REFUSED = [ENCRYPTED, *BROKEN.values(), *(archive for archive, _, _ in UNSAFE.values())]
LIMITED = [
    ({"max_entries": 1}, zipped({"a": CONTENT, "b": CONTENT})),
    ({"max_entries": 1}, tar_gz({"a": CONTENT, "b": CONTENT})),
    ({"max_entry_bytes": 100}, zipped({"a": CONTENT})),
    ({"max_entry_bytes": 100}, tarred({"a": CONTENT})),
    ({"max_total_bytes": 3000}, zipped({"a": CONTENT, "b": CONTENT})),
    ({"max_total_bytes": 3000}, tar_gz({"a": CONTENT, "b": CONTENT})),
    ({"max_nesting": 1}, zipped({"a.zip": zipped({"b": CONTENT})})),
    ({"max_nesting": 1}, tar_gz({"a.zip": zipped({"b": CONTENT})})),
]
ARCHIVE_PROBLEMS = {
    ProblemType.BROKEN_ARCHIVE,
    ProblemType.UNSAFE_ARCHIVE,
    ProblemType.UNSUPPORTED_ARCHIVE,
    ProblemType.ARCHIVE_TOO_LARGE,
}


@pytest.fixture
def uploads(tmp_path: Path) -> Uploads:
    return Uploads(tmp_path / "volumes")


async def uploaded(uploads: Uploads, archive: bytes, **limits: Any) -> Files | None:
    """The names and digests of the files that an upload has; None if it is refused."""
    changed = {"archives": GENEROUS.archives.model_copy(update=limits), "max_files": 1000}
    generous = GENEROUS.model_copy(update=changed)
    # The first file keeps the upload from being refused because no file may be DICOM.
    body = form(part(CONTENT, sent_as="first"), part(archive, sent_as="a"))
    try:
        taken = await uploads.receive(body, limits=generous)
    except Problem as problem:
        if problem.kind not in ARCHIVE_PROBLEMS:
            raise
        return None
    return {(file.sent_as, file.sha256) for file in taken.files[1:]}


def examined(path: Path, **limits: Any) -> Files | None:
    """The names and digests of the files that `hdv validate` examines; None if it refuses any."""
    found = set()
    with Members(GENEROUS.archives.model_copy(update=limits)) as members:
        for source in sources("a", str(path), members):
            if isinstance(source, Skipped):
                continue
            if source.trouble:
                return None
            try:
                content = (
                    read_extent(Path(source.path), source.extent, "")
                    if source.extent
                    else Path(source.path).read_bytes()
                )
            except ArchiveError:
                return None
            found.add((source.name, hashlib.sha256(content).hexdigest()))
    return found


async def agree(uploads: Uploads, archive: bytes, **limits: Any) -> Files | None:
    """What both find."""
    path = uploads.volumes.uploads.parent.parent / "archive"
    path.write_bytes(archive)
    found = await uploaded(uploads, archive, **limits)
    assert examined(path, **limits) == found
    return found


@pytest.mark.parametrize("name", VALID)
async def test_a_valid_archive_file_has_the_same_files_for_both(
    uploads: Uploads, name: str
) -> None:
    found = await agree(uploads, VALID[name])
    assert found
    assert {digest for _, digest in found} == {
        hashlib.sha256(content).hexdigest() for content in (CONTENT, OTHER)
    }


@pytest.mark.parametrize("archive", REFUSED)
async def test_both_refuse_what_is_broken_or_unsafe(uploads: Uploads, archive: bytes) -> None:
    assert await agree(uploads, archive) is None


@pytest.mark.parametrize(("limits", "archive"), LIMITED)
async def test_both_have_the_same_limits(
    uploads: Uploads, limits: dict[str, int], archive: bytes
) -> None:
    assert await agree(uploads, archive, **limits) is None
    assert await agree(uploads, archive)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from([*SEEDS, *VALID.values()]), CHANGES)
async def test_both_agree_on_every_mutation(
    uploads: Uploads, seed: bytes, changes: list[tuple[int, bytes, int]]
) -> None:
    mutated = bytearray(seed)
    for position, replacement, removed in changes:
        at = position % len(mutated)
        mutated[at : at + removed] = replacement
    if archive_format(bytes(mutated[:2048])):
        await agree(uploads, bytes(mutated))
