"""What `hdv validate` finds below a path: folders, and archive files that mean harm."""

import inspect
import os
import struct
import sys
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from archives import limits, zip_file
from archives.errors import ArchiveError
from archives.limits import ArchiveLimits
from archives.reading import read_extent
from contracts.model import SkipReason
from hdv.exit import CommandError
from hdv.validation.members import Members
from hdv.validation.sources import NotAFile, Skipped, Source, require, sources
from kit.archives import MAKERS, tar_gz, tarred
from kit.archives import zipped as zip_of

Entry = tuple[str, bytes]
DAMAGED = "an archive file that is broken or truncated"


def everything(path: Path, **changes: Any) -> list[tuple[Source | Skipped, bytes | None]]:
    """Everything at a path, with the bytes of the members that can be read."""
    with Members(ArchiveLimits(**changes)) as members:
        return [(source, read(source)) for source in sources(str(path), str(path), members)]


def read(source: Source | Skipped) -> bytes | None:
    if isinstance(source, Skipped) or not source.extent:
        return None
    return bytes(read_extent(Path(source.path), source.extent, source.name))


def found(path: Path) -> tuple[list[str], dict[str, SkipReason | NotAFile]]:
    """The names of what is to be examined, and of what is not, without the path before them."""
    every = [source for source, _ in everything(path)]
    examined = [short(source.name, path) for source in every if isinstance(source, Source)]
    skipped = {short(o.name, path): o.reason for o in every if isinstance(o, Skipped)}
    return examined, skipped


def short(name: str, path: Path) -> str:
    return name.removeprefix(str(path)).removeprefix("/")


def zipped(path: Path, *entries: Entry, method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as target:
        for name, data in entries:
            target.writestr(name, data)
    return path


def troubles(path: Path, **changes: Any) -> list[str | None]:
    """What is known to be wrong with each source, before any is read."""
    return [s.trouble for s, _ in everything(path, **changes) if isinstance(s, Source)]


def contents(path: Path) -> list[bytes]:
    return [content for _, content in everything(path) if content is not None]


# folders


def test_a_folder_is_gone_through_in_the_order_of_names_whatever_its_depth(tmp_path: Path) -> None:
    for name in ("b/2", "b/10", "a/deep/er/1", "c", "a.dcm"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert found(tmp_path)[0] == ["a/deep/er/1", "a.dcm", "b/10", "b/2", "c"]


def test_a_folder_deeper_than_the_stack_is_gone_through(tmp_path: Path) -> None:
    deep = tmp_path / "/".join("d" * 200)
    deep.mkdir(parents=True)
    (deep / "x").touch()
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(len(inspect.stack()) + 100)
    try:
        examined, _ = found(tmp_path)
    finally:
        sys.setrecursionlimit(limit)
    assert len(examined) == 1


def test_hidden_files_media_directories_and_links_to_folders_are_skipped(
    tmp_path: Path,
) -> None:
    for name in (".DS_Store", ".git/config", "DICOMDIR", "disc/dicomdir", "disc/IM1"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "loop").symlink_to(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    examined, passed = found(tmp_path)
    assert examined == ["disc/IM1"]
    assert passed == {
        ".DS_Store": SkipReason.HIDDEN,
        ".git": SkipReason.HIDDEN,
        "DICOMDIR": SkipReason.MEDIA_DIRECTORY,
        "disc/dicomdir": SkipReason.MEDIA_DIRECTORY,
        "loop": NotAFile.LINK,
        "pipe": NotAFile.SPECIAL,
    }


def test_a_file_that_is_named_is_examined_whatever_it_is_called(tmp_path: Path) -> None:
    (tmp_path / "DICOMDIR").touch()
    [source] = sources("DICOMDIR", str(tmp_path / "DICOMDIR"))
    assert source.name == "DICOMDIR"
    assert isinstance(source, Source)


def test_links_to_files_are_examined_even_those_that_lead_nowhere(tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    (tmp_path / "b").symlink_to("a")
    (tmp_path / "c").symlink_to("nowhere")
    assert found(tmp_path) == (["a", "b", "c"], {})


def test_a_link_to_itself_is_reported_and_the_others_are_found(tmp_path: Path) -> None:
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    (tmp_path / "z.dcm").touch()
    assert found(tmp_path)[0] == ["circle", "z.dcm"]
    assert troubles(tmp_path) == ["Too many levels of symbolic links", None]


def test_a_name_that_is_no_text_is_shown_escaped(tmp_path: Path) -> None:
    path = os.fsdecode(os.fsencode(tmp_path) + b"/\xff.dcm")
    Path(path).touch()
    assert found(tmp_path)[0] == ["\\xff.dcm"]


def test_a_file_that_cannot_be_examined_is_named(tmp_path: Path) -> None:
    require(str(tmp_path))
    with pytest.raises(CommandError, match=r"gone: No such file or directory$"):
        require(str(tmp_path / "gone"))
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(CommandError, match=r"pipe: neither a file nor a folder$"):
        require(str(tmp_path / "pipe"))
    with pytest.raises(CommandError, match="embedded null"):
        require("a\0b")


# archive files


@pytest.mark.parametrize("kind", MAKERS)
def test_members_have_the_bytes_that_were_put_in(tmp_path: Path, kind: str) -> None:
    data = os.urandom(5000) + bytes(5000)
    path = tmp_path / "a"
    path.write_bytes(MAKERS[kind]({"x/2": b"", "x/1": data}))
    assert found(path) == (["!/x/1", "!/x/2"], {})
    assert contents(path) == [data, b""]


def test_a_member_takes_hardly_more_memory_than_its_bytes(tmp_path: Path) -> None:
    size = 32 << 20
    path = zipped(tmp_path / "a.zip", ("x", bytes(size)))
    with Members(ArchiveLimits()) as members:
        [source] = sources(str(path), str(path), members)
        assert isinstance(source, Source)
        assert source.extent
        tracemalloc.start()
        try:
            assert len(read_extent(path, source.extent, "x")) == size
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert peak < 1.3 * size


def test_a_large_member_takes_no_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("archives.reading.IN_MEMORY_BYTES", 1 << 20)
    size = 32 << 20
    path = zipped(tmp_path / "a.zip", ("x", bytes(size)))
    with Members(ArchiveLimits()) as members:
        [source] = sources(str(path), str(path), members)
        assert isinstance(source, Source)
        assert source.extent
        tracemalloc.start()
        try:
            assert len(read_extent(path, source.extent, "x")) == size
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert peak < 4 << 20


def test_archive_files_in_folders_and_in_archive_files_are_opened(tmp_path: Path) -> None:
    """Whatever they are called, as in an upload."""
    (tmp_path / "a.ZIP").write_bytes(
        zip_of({"inner": tar_gz({"x": b"1"}), "b": zip_of({"y": b"2"})})
    )
    (tmp_path / "b").write_bytes(tarred({"inner.zip": zip_of({"z": b"3"})}))
    (tmp_path / "no.zip").write_bytes(b"text")
    assert found(tmp_path)[0] == ["a.ZIP!/b!/y", "a.ZIP!/inner!/x", "b!/inner.zip!/z", "no.zip"]
    assert contents(tmp_path) == [b"2", b"1", b"3"]


def test_what_was_extracted_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    path = tmp_path / "a.tgz"
    path.write_bytes(tar_gz({"x": b"1", "y.zip": zip_of({"z": b"2"})}))
    with Members(ArchiveLimits()) as members:
        assert len(list(sources("a", str(path), members))) == 2
        [folder] = temporary.iterdir()
        assert not any("x" in file.name for file in folder.iterdir())
    assert not any(temporary.iterdir())


def test_archive_files_are_found_once(tmp_path: Path) -> None:
    """The files are counted for the progress line, and then examined."""
    path = tmp_path / "a.tgz"
    path.write_bytes(tar_gz({"x": b"1"}))
    with Members(ArchiveLimits()) as members:
        assert members.of(str(path)) is members.of(str(path))


def test_archive_files_nested_too_deep_are_not_opened(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(zip_of({"a": b"1", "b.zip": zip_of({"c.zip": zip_of({"d": b"2"})})}))
    assert troubles(path, max_nesting=2) == [
        None,
        "an entry of an archive file that is an archive file too; 2 may be nested",
    ]
    assert troubles(path) == [None, None]


def test_a_named_archive_is_known_by_its_content_and_a_dicom_file_by_its_own(
    tmp_path: Path,
) -> None:
    path = zipped(tmp_path / "study", ("x", b""))
    assert found(path)[0] == ["!/x"]
    dicom = tmp_path / "image.zip"
    dicom.write_bytes(b"PK\x03\x04".ljust(128, b"\0") + b"DICM")
    assert found(dicom)[0] == [""]


def test_hostile_names_are_shown_and_used_for_nothing(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", ("../../etc/passwd", b"1"), ("/etc/shadow", b"2"))
    assert found(path)[0] == ["!/../../etc/passwd", "!//etc/shadow"]
    assert troubles(path) == [
        "an entry of an archive file that has a name with '..'",
        "an entry of an archive file that has an absolute name, or none",
    ]
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.zip"]


def test_a_member_without_a_name_is_not_read(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", ("n", b"x"))
    data = bytearray(path.read_bytes())
    for lengths in (26, data.index(b"PK\x01\x02") + 28):
        # The name becomes an extra field, of which there was none.
        struct.pack_into("<HH", data, lengths, 0, 1)
    path.write_bytes(data)
    assert troubles(path) == ["an entry of an archive file that has an absolute name, or none"]


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_members_of_one_name_are_all_examined(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", ("x", b"1"), ("x", b"2"))
    assert found(path)[0] == ["!/x", "!/x (2)"]
    assert contents(path) == [b"1", b"2"]


def test_in_archive_files_the_same_is_skipped_as_in_folders(tmp_path: Path) -> None:
    path = zipped(
        tmp_path / "a.zip", ("d/DICOMDIR", b""), ("__MACOSX/d/._x", b""), ("d/x", b""), ("d/", b"")
    )
    examined, skipped = found(path)
    assert examined == ["!/d/x"]
    assert skipped == {
        "!/d/DICOMDIR": SkipReason.MEDIA_DIRECTORY,
        "!/__MACOSX/d/._x": SkipReason.HIDDEN,
    }


def test_an_encrypted_member_is_reported_and_the_others_are_read(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", ("1", b"one"), ("2", b"two"))
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    assert troubles(path) == ["an entry of an archive file that is encrypted", None]


def test_a_method_that_is_not_deflate_is_reported(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", ("x", b"x"), method=zipfile.ZIP_LZMA)
    [trouble] = troubles(path)
    assert trouble
    assert "is compressed by method 14" in trouble


@pytest.mark.parametrize("maker", [zip_of, tar_gz])
def test_an_archive_file_that_inflates_too_much_is_not_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, maker: Any
) -> None:
    monkeypatch.setattr(limits, "FREE_BYTES", 1 << 20)
    path = tmp_path / "a"
    path.write_bytes(maker({"x": bytes(2 << 20)}))
    [trouble] = troubles(path)
    assert trouble
    assert "exceeds 200 times the size of the archive files" in trouble
    valid = tmp_path / "b"
    valid.write_bytes(maker({"x": os.urandom(2 << 20)}))
    assert troubles(valid) == [None]


def test_a_member_that_is_too_large_is_not_inflated(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", ("1", bytes(1000)), ("2", bytes(999)))
    trouble = "an entry of an archive file that is larger than 999 bytes"
    assert troubles(path, max_entry_bytes=999) == [trouble, None]


def test_an_archive_file_with_too_many_members_is_not_opened(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", ("1", b""), ("2", b""), ("3", b""))
    assert troubles(path, max_entries=2) == ["an archive file that has more than 2 entries"]


def test_a_directory_that_is_too_large_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = zipped(tmp_path / "a.zip", *((f"{number:0100}", b"") for number in range(10)))
    monkeypatch.setattr(zip_file, "MOST_DIRECTORY_BYTES", 1000)
    assert troubles(path) == ["an archive file that has a directory of more than 1000 bytes"]


def test_members_that_share_their_bytes_are_a_bomb(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", ("1", os.urandom(2000)), ("2", b""), method=0)
    data = bytearray(path.read_bytes())
    first = data.index(b"PK\x01\x02")
    second = data.rindex(b"PK\x01\x02")
    struct.pack_into("<II", data, second + 20, 2000, 2000)
    struct.pack_into("<I", data, second + 42, struct.unpack_from("<I", data, first + 42)[0])
    path.write_bytes(data)
    assert troubles(path) == ["an archive file that has entries that overlap"]


@pytest.mark.parametrize(
    ("place", "value"),
    [
        pytest.param(lambda data: data.index(b"PK\x01\x02") + 24, 5, id="inflates to more"),
        pytest.param(lambda data: data.index(b"PK\x01\x02") + 24, 2000, id="inflates to less"),
        pytest.param(lambda data: data.index(b"PK\x01\x02") + 20, 3, id="ends too early"),
        pytest.param(lambda data: data.index(b"PK\x01\x02") + 16, 0, id="other checksum"),
        pytest.param(lambda _: 31, 0xFFFFFFFF, id="other bytes"),
        pytest.param(lambda data: data.index(b"PK\x01\x02") + 42, 7, id="points nowhere"),
    ],
)
def test_a_member_that_is_not_what_the_directory_says_is_damaged(
    tmp_path: Path, place: Callable[[bytearray], int], value: int
) -> None:
    path = zipped(tmp_path / "a.zip", ("x", b"abc" * 300))
    data = bytearray(path.read_bytes())
    struct.pack_into("<I", data, place(data), value)
    path.write_bytes(data)
    try:
        reported = troubles(path)
    except ArchiveError:
        return
    assert reported != [None]


def test_a_damaged_member_hides_no_other(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", ("1", b"one"), ("2", b"two"))
    data = bytearray(path.read_bytes())
    struct.pack_into("<I", data, data.index(b"PK\x01\x02") + 16, 0)
    path.write_bytes(data)
    trouble = "an entry of an archive file that has other bytes than the directory says"
    assert troubles(path) == [trouble, None]
    assert contents(path) == [b"two"]


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda data: data[:-10], id="no end"),
        pytest.param(lambda data: data.replace(b"PK\x01\x02", b"PK\x01\x03"), id="no entry"),
        pytest.param(lambda data: data[:4], id="only the beginning"),
    ],
)
def test_a_damaged_archive_file_is_reported(
    tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    path = zipped(tmp_path / "a.zip", ("x", b"x"))
    path.write_bytes(damage(path.read_bytes()))
    assert troubles(path) == [DAMAGED]


def test_a_name_that_is_not_in_its_encoding_is_damage(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", ("ä", b"x"))
    path.write_bytes(path.read_bytes().replace("ä".encode(), b"\xff\xff"))
    assert troubles(path) == [DAMAGED]
