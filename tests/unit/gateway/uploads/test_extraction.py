"""Archive files in an upload: extracted whole, or the upload is refused and says why."""

import gzip
import hashlib
import io
import stat
import tarfile
import time
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archives import limits as archive_limits
from archives.formats import ArchiveFormat, archive_format
from chassis.web.problem import Problem
from chassis.web.problem_types import ProblemType
from contracts.model import SkipReason
from kit.archives import (
    MAKERS,
    patched,
    tar_gz,
    tar_header,
    tar_info,
    tar_of,
    tarred,
    zip_info,
    zip_of,
    zipped,
)
from kit.uploads import CONTENT, GENEROUS, Uploads, changed, form, part
from kit.volumes import being_written

OTHER = CONTENT[::-1][:132] + b"other" * 50
STUDY = {"CT/IM0001": CONTENT, "CT/IM0002": OTHER}


@pytest.fixture
def uploads(tmp_path: Path) -> Uploads:
    return Uploads(tmp_path)


def archive_of(content: bytes, sent_as: str = "study.zip") -> bytes:
    return form(part(content, sent_as=sent_as))


def limited_to(**limits: Any) -> Any:
    return changed(archives=GENEROUS.archives.model_copy(update=limits))


@pytest.mark.parametrize("kind", MAKERS)
async def test_the_files_of_an_archive_become_those_of_the_study(
    uploads: Uploads, kind: str
) -> None:
    taken = await uploads.receive(archive_of(MAKERS[kind](STUDY), "any name"))
    assert [(file.name, file.sent_as) for file in taken.files] == [
        ("000001.dcm", "any name!/CT/IM0001"),
        ("000002.dcm", "any name!/CT/IM0002"),
    ]
    directory = uploads.volumes.uploaded(taken.event.subject)
    assert sorted(path.name for path in directory.iterdir()) == [
        "000001.dcm",
        "000002.dcm",
        "intake.json",
    ]
    for file, content in zip(taken.files, STUDY.values(), strict=True):
        assert (directory / file.name).read_bytes() == content
        assert file.sha256 == hashlib.sha256(content).hexdigest()
        assert file.size_bytes == len(content)
    assert taken.event.data.file_count == 2
    assert taken.event.data.size_bytes == len(CONTENT) + len(OTHER)


async def test_files_and_archives_may_be_sent_together(uploads: Uploads) -> None:
    body = form(
        part(CONTENT, sent_as="a.dcm"),
        part(zipped({"b": CONTENT}), sent_as="b.zip"),
        part(tar_gz({"c": CONTENT}), sent_as="c.tgz"),
        part(CONTENT, sent_as="d.dcm"),
    )
    taken = await uploads.receive(*(body[start : start + 7] for start in range(0, len(body), 7)))
    assert [file.sent_as for file in taken.files] == ["a.dcm", "b.zip!/b", "c.tgz!/c", "d.dcm"]
    assert [file.name for file in taken.files] == [f"00000{n}.dcm" for n in (1, 2, 3, 4)]


async def test_a_dicom_file_is_no_archive_whatever_its_preamble_says(uploads: Uploads) -> None:
    disguised = zipped(STUDY)[:128] + CONTENT[128:]
    taken = await uploads.receive(form(part(disguised)))
    assert [file.sent_as for file in taken.files] == ["CT.dcm"]
    assert archive_format(disguised) is None


def test_compressed_files_that_are_no_tar_are_no_archives() -> None:
    assert archive_format(gzip.compress(CONTENT)) is None
    assert archive_format(b"\x1f\x8b\x08 damaged") is None
    assert archive_format(b"") is None
    assert archive_format(tar_gz(STUDY)[:2048]) is ArchiveFormat.TAR_GZ


@pytest.mark.parametrize("kind", MAKERS)
async def test_what_is_not_part_of_a_study_is_skipped(uploads: Uploads, kind: str) -> None:
    contents = {
        "DICOMDIR": b"x" * 2000,
        "CT/dicomdir": b"",
        "__MACOSX/CT/._IM0001": b"x",
        ".DS_Store": b"x",
        "CT/.git/config": b"x",
        "./CT/IM0001": CONTENT,
    }
    taken = await uploads.receive(
        form(part(MAKERS[kind](contents), sent_as="a"), part(b"", sent_as=".hidden"))
    )
    assert [file.sent_as for file in taken.files] == ["a!/./CT/IM0001"]
    assert [(file.sent_as, file.reason) for file in taken.skipped] == [
        ("a!/DICOMDIR", SkipReason.MEDIA_DIRECTORY),
        ("a!/CT/dicomdir", SkipReason.MEDIA_DIRECTORY),
        ("a!/__MACOSX/CT/._IM0001", SkipReason.HIDDEN),
        ("a!/.DS_Store", SkipReason.HIDDEN),
        ("a!/CT/.git/config", SkipReason.HIDDEN),
        (".hidden", SkipReason.HIDDEN),
    ]
    assert taken.event.data.skipped == 6


async def test_folders_are_no_files(uploads: Uploads) -> None:
    folder = (zip_info("CT/", mode=stat.S_IFDIR | 0o755), b"")
    windows = (zip_info("MR\\", mode=0), b"")
    taken = await uploads.receive(archive_of(zip_of(folder, windows, (zip_info("CT/1"), CONTENT))))
    assert [file.sent_as for file in taken.files] == ["study.zip!/CT/1"]
    folder_in_tar = (tar_info("CT", tarfile.DIRTYPE), b"")
    file = (tarfile.TarInfo("CT/1"), CONTENT)
    taken = await uploads.receive(archive_of(tar_of(folder_in_tar, file)))
    assert [file.sent_as for file in taken.files] == ["study.zip!/CT/1"]


@pytest.mark.parametrize(
    "body",
    [
        form(part(CONTENT, sent_as="DICOMDIR")),
        archive_of(zipped({})),
        archive_of(zipped({".DS_Store": b"x"})),
        archive_of(tar_of((tar_info("CT", tarfile.DIRTYPE), b""))),
    ],
    ids=["a DICOMDIR", "an empty zip", "hidden files", "a folder"],
)
async def test_an_upload_of_nothing_but_what_is_skipped_is_refused(
    uploads: Uploads, body: bytes
) -> None:
    assert (await uploads.problem(body)).kind is ProblemType.NO_FILES


async def test_names_are_read_in_the_encoding_that_they_are_in(uploads: Uploads) -> None:
    """macOS writes UTF-8 without saying so."""
    archive = zipped({"Bühne": CONTENT}).replace("Bühne".encode(), "Röhre".encode())
    unsaid = patched(archive, 8, "<H", 0)
    unsaid = unsaid[:6] + b"\0\0" + unsaid[8:]  # the same flags before the entry
    for content in (archive, unsaid):
        taken = await uploads.receive(archive_of(content))
        assert taken.files[0].sent_as == "study.zip!/Röhre"
    legacy = zipped({"B?hne": CONTENT}).replace(b"B?hne", "Bühne".encode("cp437"))
    taken = await uploads.receive(archive_of(legacy))
    assert taken.files[0].sent_as == "study.zip!/Bühne"


async def test_a_name_that_is_not_text_is_shown_all_the_same(uploads: Uploads) -> None:
    archive = tarred({"IM0001": CONTENT}, tarfile.GNU_FORMAT)
    valid = tar_header("IM0001", b"%011o" % len(CONTENT))
    header = bytearray(valid.replace(b"IM0001", b"I\xff\xfe001"))
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    taken = await uploads.receive(archive_of(bytes(header) + archive[512:], "a.tar"))
    assert taken.files[0].sent_as == "a.tar!/I\ufffd\ufffd001"


async def test_a_nested_archive_file_is_extracted_too(uploads: Uploads) -> None:
    inner = tar_gz({"CT/IM0001": CONTENT})
    taken = await uploads.receive(archive_of(zipped({"a/b.tgz": inner, "c": OTHER})))
    assert [file.sent_as for file in taken.files] == [
        "study.zip!/a/b.tgz!/CT/IM0001",
        "study.zip!/c",
    ]


async def test_archive_files_nested_too_deep_are_refused(uploads: Uploads) -> None:
    nested = zipped({"a.zip": zipped({"b.zip": zipped({"c": CONTENT})})})
    refused = await uploads.problem(archive_of(nested))
    assert refused.kind is ProblemType.ARCHIVE_TOO_LARGE
    assert "study.zip!/a.zip!/b.zip" in refused.detail
    assert "2 may be nested" in refused.detail
    taken = await uploads.receive(archive_of(nested), limits=limited_to(max_nesting=3))
    assert taken.files[0].sent_as == "study.zip!/a.zip!/b.zip!/c"


ENCRYPTED = patched(zipped(STUDY), 8, "<H", 1, entry=1)
UNSAFE = {
    "an encrypted entry": (ENCRYPTED, "CT/IM0002", "encrypted"),
    "an absolute name": (zipped({"/etc/passwd": CONTENT}), "/etc/passwd", "absolute"),
    "a drive": (zipped({"C:\\a": CONTENT}), "C:\\a", "absolute"),
    "a share": (zipped({"\\\\host\\a": CONTENT}), "\\\\host\\a", "absolute"),
    "no name": (zipped({"": CONTENT}), "", "or none"),
    "a name that leads out": (zipped({"a/../../b": CONTENT}), "a/../../b", "'..'"),
    "one of Windows": (zipped({"a\\..\\b": CONTENT}), "a\\..\\b", "'..'"),
    "a folder that leads out": (zipped({"../": b""}), "../", "'..'"),
    "a link": (zip_of((zip_info("a", mode=stat.S_IFLNK | 0o777), b"/etc")), "a", "link"),
    "a device": (zip_of((zip_info("a", mode=stat.S_IFCHR), b"")), "a", "device"),
    "an absolute name in a tar": (tarred({"/etc/passwd": CONTENT}), "/etc/passwd", "absolute"),
    "a name that leads out of a tar": (tarred({"../a": CONTENT}), "../a", "'..'"),
    "a symbolic link": (tar_of((tar_info("a", tarfile.SYMTYPE, "b"), b"")), "a", "link"),
    "a hard link": (tar_of((tar_info("a", tarfile.LNKTYPE, "b"), b"")), "a", "link"),
    "a character device": (tar_of((tar_info("a", tarfile.CHRTYPE), b"")), "a", "device"),
    "a pipe": (tar_of((tar_info("a", tarfile.FIFOTYPE), b"")), "a", "device"),
}


@pytest.mark.parametrize("name", UNSAFE)
async def test_what_is_unsafe_refuses_the_whole_upload_and_is_named(
    uploads: Uploads, name: str
) -> None:
    archive, entry, trouble = UNSAFE[name]
    refused = await uploads.problem(form(part(CONTENT), part(archive), part(CONTENT)))
    assert refused.kind is ProblemType.UNSAFE_ARCHIVE
    assert f"'{entry}'" in refused.detail
    assert trouble in refused.detail


async def test_an_entry_is_named_in_short_and_without_control_characters(uploads: Uploads) -> None:
    name = "/\x1b[31m\r\n\u202e" + "x" * 500
    refused = await uploads.problem(archive_of(tarred({name: CONTENT})))
    assert refused.detail.isprintable()
    assert r"/\x1b[31m\r\n\u202e" in refused.detail
    assert len(refused.detail) < 250


@pytest.mark.parametrize("maker", [zipped, tarred, tar_gz])
@pytest.mark.parametrize(
    ("limits", "says"),
    [
        ({"max_entries": 1}, "more than 1 entries"),
        ({"max_entry_bytes": len(CONTENT) - 1}, "'CT/IM0001' of an archive file is larger than"),
        ({"max_total_bytes": len(CONTENT) + 10}, f"the {len(CONTENT) + 10} bytes"),
    ],
)
async def test_an_archive_beyond_a_limit_is_refused(
    uploads: Uploads, maker: Any, limits: dict[str, int], says: str
) -> None:
    refused = await uploads.problem(archive_of(maker(STUDY)), limits=limited_to(**limits))
    assert refused.kind is ProblemType.ARCHIVE_TOO_LARGE
    assert says in refused.detail


@pytest.mark.parametrize("maker", [zipped, tar_gz])
async def test_an_archive_that_inflates_too_much_is_refused(
    uploads: Uploads, monkeypatch: pytest.MonkeyPatch, maker: Any
) -> None:
    monkeypatch.setattr(archive_limits, "FREE_BYTES", 1000)
    bomb = maker({"zeros": bytes(90_000)})
    refused = await uploads.problem(archive_of(bomb))
    assert refused.kind is ProblemType.ARCHIVE_TOO_LARGE
    assert "200 times" in refused.detail
    nested = zipped({"a.zip": zipped({"zeros": bytes(90_000)})})
    assert (await uploads.problem(archive_of(nested))).kind is ProblemType.ARCHIVE_TOO_LARGE


async def test_the_limits_are_of_all_archives_of_an_upload_together(uploads: Uploads) -> None:
    one = part(zipped({"a": CONTENT}))
    refused = await uploads.problem(form(one, one), limits=limited_to(max_entries=1))
    assert refused.kind is ProblemType.ARCHIVE_TOO_LARGE
    assert await uploads.receive(form(one), limits=limited_to(max_entries=1))


async def test_the_files_of_archives_count_as_files_of_the_upload(uploads: Uploads) -> None:
    refused = await uploads.problem(archive_of(zipped(STUDY)), limits=changed(max_files=1))
    assert refused.kind is ProblemType.TOO_MANY_FILES


def crc_of_another(archive: bytes) -> bytes:
    return patched(archive, 16, "<I", 1)


def overlapping() -> bytes:
    """Two entries in the directory that are one in the archive."""
    one = zipped({"a": bytes(range(256)) * 10}, zipfile.ZIP_STORED)
    directory = one.index(b"PK\x01\x02")
    end = one.index(b"PK\x05\x06")
    entry = one[directory:end]
    tail = bytearray(one[end:])
    tail[8:12] = b"\x02\0\x02\0"
    tail[12:16] = (2 * len(entry)).to_bytes(4, "little")
    return one[:end] + entry + bytes(tail)


def pax_header(records: bytes) -> bytes:
    size = b"%011o" % len(records)
    padded = records.ljust(-(-len(records) // 512) * 512, b"\0")
    return tar_header("pax", size, b"x") + padded


TAR = tarred(STUDY)
TAR_GZ_START = gzip.compress(TAR[:1024])
BROKEN = {
    "a truncated zip": zipped(STUDY)[:-30],
    "a zip without its beginning": b"PK\x03\x04" + zipped(STUDY)[700:],
    "another CRC": crc_of_another(zipped(STUDY)),
    "a damaged stream": zipped(STUDY).replace(zipped(STUDY)[60:70], b"\xff" * 10),
    "an entry that says it is longer": patched(zipped(STUDY), 24, "<I", 5000),
    "an entry that says it is shorter": patched(zipped(STUDY), 24, "<I", 5),
    "an entry elsewhere": patched(zipped(STUDY), 42, "<I", 2**31),
    "entries that overlap": overlapping(),
    "a truncated tar": TAR[: len(TAR) // 20],
    "a tar that ends in an entry": TAR[:1024],
    "a tar without an end": TAR[: 512 + 2560 + 512 + 512],
    "a damaged header": TAR[: 512 + 2560] + b"x" * 512 + TAR[512 + 2560 + 512 :],
    "more after the end": TAR + b"x",
    "a truncated tar.gz": tar_gz(STUDY)[:-9],
    "another CRC of a tar.gz": tar_gz(STUDY)[:-8] + bytes(4) + tar_gz(STUDY)[-4:],
    "a negative size": tar_header("a", b"\xff" * 12) + bytes(1024),
    "headers without end": tar_header("a", b"77777777777", b"L"),
    "a long name of a gigabyte": tar_header("a", b"10000000000", b"L") + bytes(1024),
    "pax records of a gigabyte": tar_header("a", b"10000000000", b"x") + bytes(1024),
    "empty members of a tar.gz": TAR_GZ_START
    + gzip.compress(b"") * 101
    + gzip.compress(TAR[1024:]),
    "long names without end": tar_header("a", b"00000000001", b"L").ljust(1024, b"\0") * 5000,
}


@pytest.mark.parametrize("name", BROKEN)
async def test_a_broken_archive_refuses_the_whole_upload(uploads: Uploads, name: str) -> None:
    refused = await uploads.problem(archive_of(BROKEN[name]))
    assert refused.kind is ProblemType.BROKEN_ARCHIVE


async def test_a_tar_gz_may_have_several_members_and_zeros_after_them(uploads: Uploads) -> None:
    archive = TAR_GZ_START + gzip.compress(b"") + gzip.compress(TAR[1024:]) + bytes(10_000)
    taken = await uploads.receive(archive_of(archive))
    assert [file.size_bytes for file in taken.files] == [len(CONTENT), len(OTHER)]


async def test_a_gzip_header_of_megabytes_is_passed_in_no_time(uploads: Uploads) -> None:
    """The library reads it byte by byte, in seconds for each ten megabytes."""
    member = gzip.compress(TAR[1024:])
    named = member[:3] + b"\x08" + member[4:10] + b"n" * 20_000_000 + b"\0" + member[10:]
    started = time.process_time()
    assert await uploads.receive(archive_of(TAR_GZ_START + named))
    assert time.process_time() - started < 3


async def test_zeros_after_the_end_are_read_up_to_a_limit(
    uploads: Uploads, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("archives.tar_file.MOST_PADDING_BYTES", 20_000)
    refused = await uploads.problem(archive_of(TAR + bytes(20_001)))
    assert refused.kind is ProblemType.BROKEN_ARCHIVE
    assert "goes on after its end" in refused.detail


async def test_pax_records_that_do_not_matter_are_skipped(uploads: Uploads) -> None:
    taken = await uploads.receive(
        archive_of(pax_header(b"30 mtime=1350244992.023960108\n") + TAR, "a")
    )
    assert [file.sent_as for file in taken.files] == ["a!/CT/IM0001", "a!/CT/IM0002"]


async def test_a_size_in_a_pax_record_counts(uploads: Uploads) -> None:
    """It has no room in the header when it is 8 GiB or more."""
    entry = tar_header("a", b"0").ljust(512, b"\0") + CONTENT.ljust(2560, b"\0") + bytes(1024)
    records = b"13 size=%d\n" % len(CONTENT)
    taken = await uploads.receive(archive_of(pax_header(records) + entry))
    assert [file.size_bytes for file in taken.files] == [len(CONTENT)]


async def test_what_has_bytes_is_a_file_even_if_it_is_called_a_folder(uploads: Uploads) -> None:
    archive = zip_of((zip_info("CT/", mode=stat.S_IFDIR | 0o755), CONTENT))
    taken = await uploads.receive(archive_of(archive))
    assert [file.size_bytes for file in taken.files] == [len(CONTENT)]


@pytest.mark.parametrize(
    "archive", [pax_header(b"23 GNU.sparse.offset=1\n") + TAR, tar_header("a", b"0", b"S")]
)
async def test_sparse_files_are_refused_by_name(uploads: Uploads, archive: bytes) -> None:
    refused = await uploads.problem(archive_of(archive))
    assert refused.kind is ProblemType.UNSUPPORTED_ARCHIVE
    assert "is a sparse file" in refused.detail


async def test_an_entry_of_an_unknown_kind_is_refused_by_name(uploads: Uploads) -> None:
    refused = await uploads.problem(archive_of(tar_header("a", b"0", b"M")))
    assert refused.kind is ProblemType.UNSUPPORTED_ARCHIVE
    assert "'a'" in refused.detail


async def test_names_that_fill_the_memory_are_refused(
    uploads: Uploads, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.uploads.receiver.MOST_NAME_CHARACTERS", 1500)
    names = {letter * 800: CONTENT for letter in "ab"}
    refused = await uploads.problem(archive_of(zipped(names)))
    assert refused.kind is ProblemType.TOO_MANY_FILES
    assert "1500 characters" in refused.detail


async def test_a_zip_directory_of_many_tiny_entries_is_not_read(uploads: Uploads) -> None:
    """It would become many objects before one could count them."""
    archive = zipped({str(number): b"" for number in range(30)})
    refused = await uploads.problem(archive_of(archive))
    assert refused.kind is ProblemType.ARCHIVE_TOO_LARGE
    assert "20 entries" in refused.detail


async def test_a_zip_directory_beyond_the_limit_is_not_read(
    uploads: Uploads, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("archives.zip_file.MOST_DIRECTORY_BYTES", 100)
    refused = await uploads.problem(archive_of(zipped(STUDY)))
    assert refused.kind is ProblemType.BROKEN_ARCHIVE
    assert "100 bytes" in refused.detail


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
async def test_other_methods_than_deflate_are_refused_by_name(
    uploads: Uploads, method: int
) -> None:
    refused = await uploads.problem(archive_of(zipped(STUDY, method)))
    assert refused.kind is ProblemType.UNSUPPORTED_ARCHIVE
    assert f"method {method}" in refused.detail
    assert "CT/IM0001" in refused.detail


@pytest.mark.parametrize("head", [b"7z\xbc\xaf\x27\x1c\0\x04", b"Rar!\x1a\x07\x01\0"])
async def test_archives_of_other_kinds_are_no_dicom(uploads: Uploads, head: bytes) -> None:
    refused = await uploads.problem(archive_of(head + bytes(range(256)) * 9))
    assert refused.kind is ProblemType.NOT_DICOM


async def test_memory_stays_flat_however_many_entries_a_tar_has(uploads: Uploads) -> None:
    """The library would keep the headers of all of them."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for number in range(1000):
            info = tarfile.TarInfo(f".hidden/{number}")
            info.pax_headers = {"comment": "x" * 20_000}
            archive.addfile(info)
        archive.addfile(tarfile.TarInfo("last"))
    limits = limited_to(max_entries=2000, max_total_bytes=1 << 30)
    body = archive_of(gzip.compress(file.getvalue(), 1))
    del file
    tracemalloc.start()
    try:
        with pytest.raises(Problem):
            await uploads.receive(body, limits=limits)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8 << 20


@pytest.mark.parametrize(
    "records",
    [
        b"2 " * 25_000 + b"=",
        b"1" * 50_000,
        b"=" * 1000,
        b"99 path=a\n",
        b"7 path\n",
        b"9 path=a",
        b"11 size=-1\n",
    ],
    ids=["overlapping", "digits", "no length", "too short", "no value", "no end", "a bad size"],
)
async def test_damaged_pax_records_take_neither_time_nor_memory(
    uploads: Uploads, records: bytes
) -> None:
    """The library alone would need a gigabyte for the first, and minutes for the second."""
    archive = pax_header(records) + tarred(STUDY)
    started = time.process_time()
    tracemalloc.start()
    try:
        refused = await uploads.problem(archive_of(archive))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert refused.kind is ProblemType.BROKEN_ARCHIVE
    assert peak < 4 << 20
    assert time.process_time() - started < 2


@pytest.mark.parametrize("form_of_tar", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
@pytest.mark.parametrize(
    "name", ["a folder with ümlauts/" * 20 + "a", "x" * 600, "Lg/" * 200 + "a"]
)
async def test_names_may_be_long(uploads: Uploads, form_of_tar: int, name: str) -> None:
    """Also such as look like a header in the midst."""
    taken = await uploads.receive(archive_of(tarred({name: CONTENT, "b": CONTENT}, form_of_tar)))
    assert [file.sent_as for file in taken.files] == [f"study.zip!/{name}", "study.zip!/b"]


SEEDS = [maker(STUDY) for maker in MAKERS.values()] + [
    zipped({"a.tar": tarred(STUDY)}),
    tar_of((tarfile.TarInfo("x" * 300), CONTENT), format=tarfile.GNU_FORMAT),
    tar_of((tarfile.TarInfo("ü" * 300), CONTENT)),
]
CHANGES = st.lists(
    st.tuples(st.integers(0, 1 << 16), st.binary(min_size=0, max_size=4), st.integers(0, 4)),
    min_size=1,
    max_size=6,
)


@settings(max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(SEEDS), CHANGES, st.integers(0, 100))
async def test_no_mutation_of_an_archive_does_harm(
    uploads: Uploads, seed: bytes, changes: list[tuple[int, bytes, int]], cut: int
) -> None:
    """It is taken in or refused; nothing else happens, and nothing is written elsewhere."""
    mutated = bytearray(seed)
    for position, replacement, removed in changes:
        at = position % len(mutated)
        mutated[at : at + removed] = replacement
    if cut > 90:
        del mutated[len(mutated) * (cut - 90) // 10 :]
    # The wrong magic would only make a file of it.
    mutated[: 4 if seed.startswith(b"PK") else 2] = seed[: 4 if seed.startswith(b"PK") else 2]
    before = set(uploads.volumes.uploads.glob("[!.]*"))
    try:
        taken = await uploads.receive(archive_of(bytes(mutated)))
    except Problem:
        assert set(uploads.volumes.uploads.glob("[!.]*")) == before
    else:
        new = set(uploads.volumes.uploads.glob("[!.]*")) - before
        assert new == {uploads.volumes.uploaded(taken.event.subject)}
        names = {file.name for file in taken.files} | {"intake.json"}
        assert {path.name for path in new.pop().iterdir()} == names
    assert not being_written(uploads.volumes.uploads)
    assert {path.name for path in uploads.volumes.uploads.parent.iterdir()} == {"uploads"}


def test_the_seeds_of_the_mutations_are_valid() -> None:
    assert all(archive_format(seed[:2048]) for seed in SEEDS)


async def test_a_skipped_entry_of_a_zip_is_not_even_inflated(uploads: Uploads) -> None:
    """Its bytes are not used, so they may be damaged; those of the files are checked."""
    archive = zipped({"DICOMDIR": b"x" * 2000, "b": CONTENT})
    taken = await uploads.receive(archive_of(patched(archive, 16, "<L", 0)))  # its CRC-32
    assert [file.sent_as for file in taken.skipped] == ["study.zip!/DICOMDIR"]
    assert [file.sent_as for file in taken.files] == ["study.zip!/b"]
