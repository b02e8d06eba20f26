"""GET /studies/{id}/instances, /metadata, /archive.zip, /preview.png: files, whole and in parts."""

import asyncio
import hashlib
import io
import zipfile
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from pathlib import Path

import httpx2
import pytest
from starlette.types import Message

from contracts.places import Place
from contracts.report import Outcome
from contracts.status import State
from gateway.http import zip_stream
from gateway.http.download import StreamDownload
from kit.gateway import status_unavailable
from kit.problems import assert_problem
from storage.file_store import FileStore
from storage.stored_file import CHUNK_BYTES
from storage.study_folder import StudyFolder
from unit.gateway.browsing_kit import Gateway, knows, knows_nothing
from unit.gateway.studies_on_disk import ARCHIVED, STUDY, Sent

CONTENT = bytes(range(256)) * 40
ONE = Sent(CONTENT, uid="1.2.3.1.1")
TWO = Sent(b"two" * 1000, uid="1.2.3.1.2")
INSTANCE = f"/studies/{STUDY}/instances/1.2.3.1.1"
METADATA = f"/studies/{STUDY}/metadata"
ZIP = f"/studies/{STUDY}/archive.zip"
PREVIEW = f"/studies/{STUDY}/preview.png"
FILES = (INSTANCE, METADATA, ZIP, PREVIEW)


@pytest.fixture
def gateway(tmp_path: Path) -> Gateway:
    """Two archived instances; the status service is unavailable, and not needed for these files."""
    gateway = Gateway(tmp_path)
    gateway.disk.archive(ONE, TWO)
    return gateway


@pytest.fixture
def empty(tmp_path: Path) -> Gateway:
    return Gateway(tmp_path)


async def test_an_instance_is_the_file_that_arrived_and_its_digest_is_its_version(
    gateway: Gateway,
) -> None:
    response = await gateway.get(INSTANCE)
    assert response.status_code == 200
    assert response.content == CONTENT
    assert response.headers["content-type"] == "application/dicom"
    assert response.headers["etag"] == f'"{hashlib.sha256(CONTENT).hexdigest()}"'
    assert response.headers["accept-ranges"] == "bytes"
    assert response.headers["cache-control"] == "private, no-cache"
    assert "1.2.3.1.1.dcm" in response.headers["content-disposition"]
    assert not gateway.asked


async def test_a_study_of_one_instance_has_it_under_its_uid_too(empty: Gateway) -> None:
    empty.disk.archive(ONE)
    assert (await empty.get(INSTANCE)).content == CONTENT


async def test_the_head_of_a_file_is_its_get_without_the_bytes(gateway: Gateway) -> None:
    same = {"X-Request-ID": "1"}
    head = await gateway.get(INSTANCE, {"Range": "bytes=0-1", **same}, method="HEAD")
    whole = await gateway.get(INSTANCE, same)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(CONTENT))
    assert dict(head.headers) == dict(whole.headers)


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("bytes=0-99", 0, 99),
        ("bytes=10200-", 10200, 10239),
        ("bytes=-5", 10235, 10239),
        ("bytes=10000-999999", 10000, 10239),
        ("bytes=-999999", 0, 10239),
        ("BYTES=0-0", 0, 0),
        ("bytes=5-5,99999-", 5, 5),
    ],
)
async def test_a_range_is_given(gateway: Gateway, asked: str, first: int, last: int) -> None:
    response = await gateway.get(INSTANCE, {"Range": asked})
    assert response.status_code == 206
    assert response.content == CONTENT[first : last + 1]
    assert response.headers["content-range"] == f"bytes {first}-{last}/10240"
    assert response.headers["etag"] == f'"{ONE.sha256}"'


async def test_several_ranges_are_given_in_one_answer(gateway: Gateway) -> None:
    response = await gateway.get(INSTANCE, {"Range": "bytes=0-1, 300-302"})
    assert response.status_code == 206
    assert response.headers["content-type"].startswith("multipart/byteranges; boundary=")
    assert int(response.headers["content-length"]) == len(response.content)
    for first, last in ((0, 1), (300, 302)):
        part = b"Content-Range: bytes %d-%d/10240\r\n\r\n%b" % (
            first,
            last,
            CONTENT[first : last + 1],
        )
        assert part in response.content


@pytest.mark.parametrize(
    "asked",
    [
        "items=0-1", "bytes", "bytes=", "bytes=-", "bytes=5-4", "bytes=a-b", "bytes=0-1,x",
        "bytes=+1-2", "bytes=1_0-20", "bytes=" + ",".join(f"{n}-{n}" for n in range(101)),
    ],
)  # fmt: skip
async def test_a_range_that_is_not_understood_is_ignored(gateway: Gateway, asked: str) -> None:
    response = await gateway.get(INSTANCE, {"Range": asked})
    assert (response.status_code, response.content) == (200, CONTENT)


@pytest.mark.parametrize("asked", ["bytes=10240-", "bytes=99999-100000,20000-", "bytes=-0"])
async def test_a_range_beyond_the_end_is_refused_with_the_length(
    gateway: Gateway, asked: str
) -> None:
    response = await gateway.get(INSTANCE, {"Range": asked})
    assert_problem(response, 416, "range-not-satisfiable")
    assert response.headers["content-range"] == "bytes */10240"


async def test_a_range_of_another_version_gives_the_whole_file(gateway: Gateway) -> None:
    version = (await gateway.get(INSTANCE)).headers
    for same in (version["etag"], version["last-modified"]):
        answer = await gateway.get(INSTANCE, {"Range": "bytes=0-1", "If-Range": same})
        assert (answer.status_code, answer.content) == (206, CONTENT[:2])
    for other in ('"other"', f"W/{version['etag']}", "Sat, 01 Jan 2000 00:00:00 GMT"):
        answer = await gateway.get(INSTANCE, {"Range": "bytes=99999-", "If-Range": other})
        assert (answer.status_code, answer.content) == (200, CONTENT)


@pytest.mark.parametrize("path", [INSTANCE, METADATA])
async def test_who_has_this_version_is_not_sent_it_again(gateway: Gateway, path: str) -> None:
    version = (await gateway.get(path)).headers
    for condition in (
        {"If-None-Match": version["etag"]},
        {"If-None-Match": f'"other", W/{version["etag"]}'},
        {"If-None-Match": "*"},
        {"If-Modified-Since": version["last-modified"]},
    ):
        response = await gateway.get(path, condition)
        assert (response.status_code, response.content) == (304, b""), condition
        assert response.headers["etag"] == version["etag"]


@pytest.mark.parametrize(
    "condition",
    [
        {"If-None-Match": '"other"'},
        {"If-None-Match": '"other"', "If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT"},
        {"If-Modified-Since": "Sat, 01 Jan 2000 00:00:00 GMT"},
        {"If-Modified-Since": "yesterday"},
        {"If-Unmodified-Since": "Fri, 01 Jan 2100 00:00:00 GMT"},
        {"If-Match": "*"},
    ],
)
async def test_under_other_conditions_the_file_is_sent(
    gateway: Gateway, condition: dict[str, str]
) -> None:
    assert (await gateway.get(INSTANCE, condition)).status_code == 200


@pytest.mark.parametrize(
    "condition",
    [
        {"If-Match": '"other"'},
        {"If-Match": f'W/"{ONE.sha256}"'},
        {"If-Unmodified-Since": "Sat, 01 Jan 2000 00:00:00 GMT"},
    ],
)
async def test_another_version_than_the_one_that_must_be_is_refused(
    gateway: Gateway, condition: dict[str, str]
) -> None:
    assert_problem(await gateway.get(INSTANCE, condition), 412, "precondition-failed")


async def test_an_instance_that_the_study_does_not_have_is_not_found(gateway: Gateway) -> None:
    response = await gateway.get(f"/studies/{STUDY}/instances/1.2.3.9")
    assert_problem(response, 404, "unknown-instance")


@pytest.mark.parametrize("uid", ["..", "original", "1.2.3.1.1.dcm", "metadata.json", "1" * 65, "1"])
async def test_what_is_no_uid_is_never_looked_for(gateway: Gateway, uid: str) -> None:
    response = await gateway.get(f"/studies/{STUDY}/instances/{uid.replace('.', '%2E')}")
    assert response.status_code in {404, 422}
    assert response.json()["type"] != "urn:hdv:problem:unknown-instance"


async def test_the_metadata_are_given_as_they_are(gateway: Gateway) -> None:
    response = await gateway.get(METADATA)
    path = gateway.disk.volumes.archived(STUDY) / "metadata.json"
    assert response.content == path.read_bytes()
    assert response.headers["content-type"] == "application/json"
    changed = parsedate_to_datetime(response.headers["last-modified"]).timestamp()
    assert changed == int(path.stat().st_mtime)


async def test_a_picture_is_given_once_there_is_one(gateway: Gateway) -> None:
    assert_problem(await gateway.get(PREVIEW), 404, "no-preview")
    gateway.disk.preview(b"\x89PNG")
    response = await gateway.get(PREVIEW)
    assert response.content == b"\x89PNG"
    assert response.headers["content-type"] == "image/png"
    assert response.headers["etag"]
    assert "private" in response.headers["cache-control"]


@pytest.mark.parametrize("path", FILES)
async def test_what_is_only_there_once_archived_says_how_far_the_study_is(
    empty: Gateway, path: str
) -> None:
    empty.answer = knows(State.VALIDATING)
    response = await empty.get(path)
    assert_problem(response, 404, "not-archived")
    assert "'validating'" in response.json()["detail"]


@pytest.mark.parametrize("path", [*FILES, f"/studies/{STUDY}/report"])
async def test_an_unknown_study_has_no_files(empty: Gateway, path: str) -> None:
    empty.answer = knows_nothing
    assert_problem(await empty.get(path), 404, "unknown-study")


@pytest.mark.parametrize("path", [*FILES, f"/studies/{STUDY}/report"])
async def test_while_the_status_service_is_unavailable_a_study_is_not_reported_as_unknown(
    empty: Gateway, path: str
) -> None:
    empty.answer = status_unavailable
    assert_problem(await empty.get(path), 503, "status-unavailable")


# The zip file


def opened(response: httpx2.Response) -> zipfile.ZipFile:
    assert response.status_code == 200
    return zipfile.ZipFile(io.BytesIO(response.content))


async def test_the_zip_file_has_the_instances_and_the_metadata(gateway: Gateway) -> None:
    response = await gateway.get(ZIP)
    assert response.headers["content-type"] == "application/zip"
    assert response.headers["content-disposition"] == f'attachment; filename="{STUDY}.zip"'
    with opened(response) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == [
            "metadata.json",
            "original/1.2.3.1.1.dcm",
            "original/1.2.3.1.2.dcm",
        ]
        assert archive.read("original/1.2.3.1.1.dcm") == CONTENT
        for entry in archive.infolist():
            assert entry.compress_type == zipfile.ZIP_STORED
            assert entry.date_time == ARCHIVED.timetuple()[:6]
            assert entry.external_attr >> 16 == 0o644


async def test_the_same_study_gives_the_same_zip_file(gateway: Gateway) -> None:
    assert (await gateway.get(ZIP)).content == (await gateway.get(ZIP)).content


async def test_the_head_of_the_zip_file_reads_no_instance(gateway: Gateway) -> None:
    for file in (gateway.disk.volumes.archived(STUDY) / "original").iterdir():
        file.unlink()
    response = await gateway.get(ZIP, method="HEAD")
    assert (response.status_code, response.content) == (200, b"")
    assert response.headers["content-type"] == "application/zip"
    assert "content-length" not in response.headers


def study_folder(directory: Path) -> StudyFolder:
    """An archived study without files."""
    (directory / str(STUDY)).mkdir()
    return StudyFolder(FileStore(directory, directory, directory), Place.ARCHIVE, STUDY)


def test_no_piece_of_a_zip_file_is_larger_than_a_chunk_of_a_file_and_its_headers(
    tmp_path: Path,
) -> None:
    folder = study_folder(tmp_path)
    for name in "abc":
        (tmp_path / str(STUDY) / name).write_bytes(bytes(5 * CHUNK_BYTES + 1))
    pieces = [len(piece) for piece in zip_stream.zip_pieces(folder, "abc", ARCHIVED)]
    assert len(pieces) == 3 * 6 + 1
    assert max(pieces) < CHUNK_BYTES + 1000


def test_a_zip_file_becomes_zip64_where_lengths_need_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 5000)
    folder = study_folder(tmp_path)
    (tmp_path / str(STUDY) / "large").write_bytes(CONTENT)
    content = b"".join(zip_stream.zip_pieces(folder, ["large"], ARCHIVED))
    assert content[4:6] == (45).to_bytes(2, "little")  # the version that is needed to read it
    assert b"PK\x06\x06" in content[-200:]  # its end of central directory
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.read("large") == CONTENT


async def test_a_client_that_disconnects_ends_the_creation_of_a_zip_file(tmp_path: Path) -> None:
    folder = study_folder(tmp_path)
    (tmp_path / str(STUDY) / "file").write_bytes(bytes(CHUNK_BYTES))
    made = 0

    def counted() -> Iterator[bytes]:
        nonlocal made
        for piece in zip_stream.zip_pieces(folder, ["file"] * 1000, ARCHIVED):
            made += 1
            yield piece

    sent = asyncio.Event()

    async def receive() -> Message:
        await sent.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        if message.get("body"):
            sent.set()

    answer = StreamDownload(counted(), idle_seconds=5, headers={}, media_type="application/zip")
    await answer({"type": "http", "method": "GET"}, receive, send)
    assert 0 < made < 1000


async def test_a_client_that_reads_nothing_loses_its_connection() -> None:
    aborted = asyncio.Event()

    async def receive() -> Message:
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: Message) -> None:
        if message.get("body"):
            await asyncio.Event().wait()

    answer = StreamDownload(iter([b"x"]), idle_seconds=0.01, headers={}, media_type="text/plain")
    extensions = {"hdv.abort": {"call": aborted.set}}
    await answer({"type": "http", "method": "GET", "extensions": extensions}, receive, send)
    assert aborted.is_set()


async def test_a_rejected_instance_is_not_given_out(empty: Gateway) -> None:
    empty.disk.archive(ONE, Sent(b"bad", uid="1.2.3.1.9", outcome=Outcome.REJECTED))
    response = await empty.get(f"/studies/{STUDY}/instances/1.2.3.1.9")
    assert_problem(response, 404, "unknown-instance")
