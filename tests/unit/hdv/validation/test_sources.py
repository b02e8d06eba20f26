"""What `hdv validate` finds below a path: folders, and archives that mean harm."""

import contextlib
import inspect
import io
import os
import struct
import sys
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hdv.exit import CommandError
from hdv.validation import archive
from hdv.validation.archive import Damaged, content
from hdv.validation.sources import Reason, Skipped, Source, require, sources

Entry = tuple[str, bytes]


def found(path: Path) -> tuple[list[str], dict[str, Reason]]:
    """The names of what is to be examined, and of what is not, without the path before them."""
    every = list(sources(str(path), str(path)))
    examined = [short(source.name, path) for source in every if isinstance(source, Source)]
    passed = {short(o.name, path): o.reason for o in every if isinstance(o, Skipped)}
    return examined, passed


def short(name: str, path: Path) -> str:
    return name.removeprefix(str(path)).removeprefix("/")


def zipped(path: Path, *entries: Entry, method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as target:
        for name, data in entries:
            target.writestr(name, data)
    return path


def troubles(path: Path) -> list[str | None]:
    """What is known to be in the way of each source, before any is read."""
    return [s.trouble for s in sources(str(path), str(path)) if isinstance(s, Source)]


def contents(path: Path) -> list[bytes]:
    return [
        bytes(content(s.path, s.member))
        for s in sources(str(path), str(path))
        if isinstance(s, Source) and s.member
    ]


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
        ".DS_Store": Reason.HIDDEN,
        ".git": Reason.HIDDEN,
        "DICOMDIR": Reason.MEDIA_DIRECTORY,
        "disc/dicomdir": Reason.MEDIA_DIRECTORY,
        "loop": Reason.LINK,
        "pipe": Reason.SPECIAL,
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


def test_a_link_to_itself_is_told_and_the_others_are_found(tmp_path: Path) -> None:
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    (tmp_path / "z.dcm").touch()
    assert found(tmp_path)[0] == ["circle", "z.dcm"]
    assert troubles(tmp_path) == ["Too many levels of symbolic links", None]


def test_a_name_that_is_no_text_is_shown_escaped(tmp_path: Path) -> None:
    path = os.fsdecode(os.fsencode(tmp_path) + b"/\xff.dcm")
    Path(path).touch()
    assert found(tmp_path)[0] == ["\\xff.dcm"]


def test_what_cannot_be_examined_is_told_by_name(tmp_path: Path) -> None:
    require(str(tmp_path))
    with pytest.raises(CommandError, match=r"gone: No such file or directory$"):
        require(str(tmp_path / "gone"))
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(CommandError, match=r"pipe: neither a file nor a folder$"):
        require(str(tmp_path / "pipe"))
    with pytest.raises(CommandError, match="embedded null"):
        require("a\0b")


# archives


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_members_have_the_bytes_that_were_put_in(tmp_path: Path, method: int) -> None:
    data = os.urandom(5000) + bytes(5000)
    path = zipped(tmp_path / "a.zip", ("x/2", b""), ("x/1", data), method=method)
    assert found(path) == (["!/x/1", "!/x/2"], {})
    assert contents(path) == [data, b""]


def test_a_member_takes_hardly_more_memory_than_its_bytes(tmp_path: Path) -> None:
    size = 32 << 20
    path = zipped(tmp_path / "a.zip", ("x", bytes(size)), method=zipfile.ZIP_DEFLATED)
    [member] = archive.members(str(path))
    tracemalloc.start()
    try:
        assert len(content(str(path), member)) == size
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 1.3 * size


def test_archives_in_folders_are_opened_but_not_archives_in_archives(tmp_path: Path) -> None:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as target:
        target.writestr("secret", b"")
    zipped(tmp_path / "a.ZIP", ("inner.zip", inner.getvalue()))
    (tmp_path / "no.zip").write_bytes(b"text")
    assert found(tmp_path)[0] == ["a.ZIP!/inner.zip", "no.zip"]


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
    assert contents(path) == [b"1", b"2"]
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.zip"]


def test_a_member_without_a_name_is_examined(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", ("n", b"x"))
    data = bytearray(path.read_bytes())
    for lengths in (26, data.index(b"PK\x01\x02") + 28):
        # The name becomes an extra field, of which there was none.
        struct.pack_into("<HH", data, lengths, 0, 1)
    path.write_bytes(data)
    assert found(path)[0] == ["!/"]
    assert contents(path) == [b"x"]


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_members_of_one_name_are_all_examined(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", ("x", b"1"), ("x", b"2"))
    assert found(path)[0] == ["!/x", "!/x (2)"]
    assert contents(path) == [b"1", b"2"]


def test_in_archives_the_same_is_skipped_as_in_folders(tmp_path: Path) -> None:
    path = zipped(
        tmp_path / "a.zip", ("d/DICOMDIR", b""), ("__MACOSX/d/._x", b""), ("d/x", b""), ("d/", b"")
    )
    examined, passed = found(path)
    assert examined == ["!/d/x"]
    assert passed == {"!/d/DICOMDIR": Reason.MEDIA_DIRECTORY, "!/__MACOSX/d/._x": Reason.HIDDEN}


def test_an_encrypted_member_is_told_and_the_others_are_read(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", ("1", b"one"), ("2", b"two"))
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    assert troubles(path) == ["an encrypted member of a zip archive", None]


def test_a_method_that_is_not_deflate_is_told(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", ("x", b"x"), method=zipfile.ZIP_LZMA)
    assert troubles(path) == ["zip compression method 14"]


def test_an_archive_that_inflates_too_much_is_not_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "FREE_INFLATION_BYTES", 1 << 20)
    path = zipped(tmp_path / "a.zip", ("x", bytes(2 << 20)))
    assert troubles(path) == ["a zip archive that inflates more than 200 times"]
    sane = zipped(tmp_path / "b.zip", ("x", os.urandom(2 << 20)))
    assert troubles(sane) == [None]


def test_a_member_that_is_too_large_is_not_inflated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "MOST_MEMBER_BYTES", 999)
    path = zipped(tmp_path / "a.zip", ("1", bytes(1000)), ("2", bytes(999)))
    assert troubles(path) == ["a member of more than 999 bytes", None]


def test_an_archive_with_too_many_members_is_not_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "MOST_MEMBERS", 2)
    path = zipped(tmp_path / "a.zip", ("1", b""), ("2", b""), ("3", b""))
    assert troubles(path) == ["a zip archive with more than 2 members"]


def test_a_directory_that_is_too_large_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = zipped(tmp_path / "a.zip", *((f"{number:0100}", b"") for number in range(10)))
    monkeypatch.setattr(archive, "MOST_DIRECTORY_BYTES", 1000)
    assert troubles(path) == ["a zip archive with a directory of more than 1000 bytes"]


def test_members_that_share_their_bytes_are_a_bomb(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", ("1", os.urandom(2000)), ("2", b""), method=0)
    data = bytearray(path.read_bytes())
    second = data.rindex(b"PK\x01\x02")
    struct.pack_into("<II", data, second + 20, 2000, 2000)
    path.write_bytes(data)
    assert troubles(path) == ["a zip archive whose members overlap"]


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
    with pytest.raises(Damaged):
        contents(path)


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda data: data[:-10], id="no end"),
        pytest.param(lambda data: data.replace(b"PK\x01\x02", b"PK\x01\x03"), id="no entry"),
        pytest.param(lambda data: data[:4], id="only the beginning"),
    ],
)
def test_a_damaged_archive_is_told(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    path = zipped(tmp_path / "a.zip", ("x", b"x"))
    path.write_bytes(damage(path.read_bytes()))
    assert troubles(path) == ["a zip archive with a damaged directory"]


@given(
    changes=st.lists(st.tuples(st.integers(0, 250), st.binary(min_size=1, max_size=4)), max_size=6),
    cut=st.integers(0, 50),
)
def test_whatever_an_archive_holds_it_is_read_or_told(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[int, bytes]], cut: int
) -> None:
    path = zipped(tmp_path_factory.mktemp("zip") / "a.zip", ("a/b", b"abc" * 9), ("ä", b""))
    data = bytearray(path.read_bytes())
    for place, new in changes:
        data[place : place + len(new)] = new
    path.write_bytes(data[: len(data) - cut])
    for source in sources("a.zip", str(path)):
        if isinstance(source, Source) and source.member and not source.trouble:
            with contextlib.suppress(Damaged):
                content(source.path, source.member)


def test_a_name_that_is_not_in_its_encoding_is_damage(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", ("ä", b"x"))
    path.write_bytes(path.read_bytes().replace("ä".encode(), b"\xff\xff"))
    assert troubles(path) == ["a zip archive with a damaged directory"]
