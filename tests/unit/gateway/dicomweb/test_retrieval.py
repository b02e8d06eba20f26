"""WADO-RS over HTTP: archived instances and metadata by their UIDs."""

import hashlib
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import pytest
import pytest_asyncio
from multipart import MultipartSegment, PushMultipartParser
from pydicom import Dataset
from redis.exceptions import ConnectionError as RedisConnectionError

from gateway.dicomweb.metadata import without_bulk_data
from gateway.http.paths import DICOMWEB
from kit.gateway import MemoryGateway
from kit.problems import assert_problem
from storage.layout import METADATA
from storage.uid_index import COMPLETE, INSTANCES, STUDIES

STUDY, SERIES, OTHER_SERIES = "1.2.3", "1.2.3.1", "1.2.3.2"
EXPLICIT, JPEG = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.4.50"
RELATED = 'multipart/related; type="application/dicom"'
PIXELS = {"vr": "OW", "BulkDataURI": "original.dcm#7FE00010"}
NOW = datetime(2026, 3, 1, tzinfo=UTC)


class Gateway(MemoryGateway):
    """A gateway in memory with an archive and its index."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.redis.hashes[INSTANCES][COMPLETE] = b"1"

    def archive(self, *instances: dict[str, Any], study: str = STUDY, days: int = 0) -> Path:
        """File instances as one study: each its UID, series, bytes, transfer syntax, data set."""
        study_id = uuid4()
        directory = self.volumes.archived(study_id)
        (directory / "original").mkdir(parents=True)
        entries = []
        for number, instance in enumerate(instances):
            content = instance.get("content", b"DICM" + instance["uid"].encode())
            file = f"original/{number}.dcm"
            (directory / file).write_bytes(content)
            entries.append(
                {
                    "file": file,
                    "sha256": hashlib.sha256(content).hexdigest(),
                    "size_bytes": len(content),
                    "sent_as": "DOE^JANE.dcm",
                    "SOPInstanceUID": instance["uid"],
                    "StudyInstanceUID": study,
                    "SeriesInstanceUID": instance.get("series", SERIES),
                    "transfer_syntax_uid": instance.get("syntax", EXPLICIT),
                }
            )
        write_metadata(directory, entries, instances, NOW + timedelta(days=days))
        self.redis.sets[STUDIES + study].add(str(study_id))
        return directory

    async def get(self, path: str, accept: str | None = None) -> httpx2.Response:
        headers = {"Accept": accept} if accept else {}
        return await self.client.get(f"{DICOMWEB}/studies/{path}", headers=headers)


def write_metadata(
    directory: Path, entries: list[Any], instances: tuple[Any, ...], archived_at: datetime
) -> None:
    """As the descriptor does it: indented, but each data set in one line."""
    files = {"received": 1, "accepted": 1, "rejected": 0}
    document: dict[str, Any] = {
        "study": {},
        "series": [],
        "instances": [{**entry, "dataset": f"@{number}@"} for number, entry in enumerate(entries)],
        "validation": {
            "study_id": directory.name,
            "profile": "default",
            "validator_version": "1",
            "validated_at": archived_at.isoformat(),
            "duration_seconds": 1,
            "outcome": "accepted",
            "files": files,
            "instances": [],
        },
        "provenance": {
            "uploaded_at": archived_at.isoformat(),
            "archived_at": archived_at.isoformat(),
            "files": [],
        },
    }
    text = json.dumps(document, indent=2)
    for number, instance in enumerate(instances):
        dataset = instance.get("dataset", {"00080018": {"vr": "UI", "Value": [instance["uid"]]}})
        text = text.replace(f'"@{number}@"', json.dumps(dataset))
    (directory / METADATA).write_text(text)


def parts_of(response: httpx2.Response) -> list[tuple[dict[str, str], bytes]]:
    """The headers and the bytes of each part."""
    media_type, _, boundary = response.headers["content-type"].partition("; boundary=")
    assert media_type == RELATED

    class Parser(PushMultipartParser):
        def _create_segment(self, headerlist: list[tuple[str, str]]) -> MultipartSegment:
            return MultipartSegment(headerlist)

    found: list[tuple[dict[str, str], bytes]] = []
    with Parser(boundary, strict=True) as parser:
        for event in parser.parse(response.content):
            if isinstance(event, MultipartSegment):
                found.append((dict(event.headerlist), b""))
            elif event:
                found[-1] = (found[-1][0], found[-1][1] + event)
    return found


@pytest_asyncio.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[Gateway]:
    made = Gateway(tmp_path)
    async with made.client:
        yield made


async def test_a_study_is_sent_as_parts_byte_for_byte(gateway: Gateway) -> None:
    contents = [bytes(range(256)) * 5000, b"\r\n--almost a boundary\r\n"]
    gateway.archive(
        {"uid": "1.1", "content": contents[0]},
        {"uid": "1.2", "content": contents[1], "series": OTHER_SERIES, "syntax": JPEG},
    )
    response = await gateway.get(STUDY)
    assert response.status_code == 200
    assert parts_of(response) == [
        (
            {
                "Content-Type": f"application/dicom; transfer-syntax={EXPLICIT}",
                "Content-Location": f"{DICOMWEB}/studies/{STUDY}/series/{SERIES}/instances/1.1",
            },
            contents[0],
        ),
        (
            {
                "Content-Type": f"application/dicom; transfer-syntax={JPEG}",
                "Content-Location": (
                    f"{DICOMWEB}/studies/{STUDY}/series/{OTHER_SERIES}/instances/1.2"
                ),
            },
            contents[1],
        ),
    ]
    assert int(response.headers["content-length"]) == len(response.content)
    assert response.headers["cache-control"] == "private, no-cache"


@pytest.mark.parametrize(
    ("path", "uids"),
    [
        (STUDY, ["1.1", "1.2", "1.3"]),
        (f"{STUDY}/series/{SERIES}", ["1.1", "1.3"]),
        (f"{STUDY}/series/{SERIES}/instances/1.3", ["1.3"]),
    ],
)
async def test_a_resource_has_its_instances_and_no_others(
    gateway: Gateway, path: str, uids: list[str]
) -> None:
    gateway.archive({"uid": "1.1"}, {"uid": "1.2", "series": OTHER_SERIES}, {"uid": "1.3"})
    gateway.archive({"uid": "1.4"}, study="1.2.4")
    sent = parts_of(await gateway.get(path))
    assert [content for _, content in sent] == [b"DICM" + uid.encode() for uid in uids]
    metadata = (await gateway.get(f"{path}/metadata")).json()
    assert [dataset["00080018"]["Value"] for dataset in metadata] == [[uid] for uid in uids]


async def test_a_study_that_came_in_pieces_is_given_as_one_and_each_instance_once(
    gateway: Gateway,
) -> None:
    gateway.archive({"uid": "1.2"}, {"uid": "1.3"}, days=1)
    gateway.archive({"uid": "1.1"}, {"uid": "1.2"}, days=0)
    sent = parts_of(await gateway.get(STUDY))
    assert [content for _, content in sent] == [b"DICM1.1", b"DICM1.2", b"DICM1.3"]
    metadata = (await gateway.get(f"{STUDY}/metadata")).json()
    assert [dataset["00080018"]["Value"] for dataset in metadata] == [["1.1"], ["1.2"], ["1.3"]]


async def test_a_single_instance_is_sent_by_itself_on_request(
    gateway: Gateway,
) -> None:
    gateway.archive({"uid": "1.1", "syntax": JPEG}, {"uid": "1.2"})
    path = f"{STUDY}/series/{SERIES}/instances/1.1"
    response = await gateway.get(path, "application/dicom; transfer-syntax=*")
    assert response.content == b"DICM1.1"
    assert response.headers["content-type"] == f"application/dicom; transfer-syntax={JPEG}"


async def test_an_instance_by_itself_has_a_version_and_ranges(gateway: Gateway) -> None:
    gateway.archive({"uid": "1.1"})
    url = f"{DICOMWEB}/studies/{STUDY}/series/{SERIES}/instances/1.1"
    accept = {"Accept": "application/dicom"}
    response = await gateway.client.get(url, headers=accept)
    assert response.headers["etag"] == f'"{hashlib.sha256(b"DICM1.1").hexdigest()}"'
    assert response.headers["vary"] == "Accept"
    assert "last-modified" in response.headers

    known = {**accept, "If-None-Match": response.headers["etag"]}
    again = await gateway.client.get(url, headers=known)
    assert (again.status_code, again.headers["vary"]) == (304, "Accept")

    part = await gateway.client.get(url, headers={**accept, "Range": "bytes=4-6"})
    assert (part.status_code, part.content) == (206, b"1.1")


@pytest.mark.parametrize("accept", [None, "*/*", "application/dicom, multipart/related"])
async def test_ranges_are_those_of_the_file_unless_it_must_be_a_part(
    gateway: Gateway, accept: str | None
) -> None:
    gateway.archive({"uid": "1.1"})
    url = f"{DICOMWEB}/studies/{STUDY}/series/{SERIES}/instances/1.1"
    headers = {"Range": "bytes=4-6", **({"Accept": accept} if accept else {})}
    part = await gateway.client.get(url, headers=headers)
    assert (part.status_code, part.content) == (206, b"1.1")

    whole = await gateway.client.get(url, headers={**headers, "Accept": RELATED})
    assert (whole.status_code, whole.headers["accept-ranges"]) == (200, "none")
    assert b"DICM1.1" in whole.content


async def test_only_the_stored_transfer_syntax_is_available(
    gateway: Gateway,
) -> None:
    gateway.archive({"uid": "1.1", "syntax": JPEG}, {"uid": "1.2"})
    response = await gateway.get(STUDY, f"{RELATED}; transfer-syntax={EXPLICIT}")
    assert_problem(response, 406, "not-acceptable")
    assert f"{EXPLICIT}, {JPEG}" in response.json()["detail"]


@pytest.mark.parametrize(
    "path", [f"{STUDY}/metadata", f"{STUDY}/series/{SERIES}/instances/1.1/metadata"]
)
async def test_metadata_is_json_and_nothing_else(gateway: Gateway, path: str) -> None:
    gateway.archive({"uid": "1.1"})
    response = await gateway.get(path, "application/dicom+json, application/json;q=0.5")
    assert response.headers["content-type"] == "application/dicom+json"
    refused = await gateway.get(path, 'multipart/related; type="application/dicom+xml"')
    assert_problem(refused, 406, "not-acceptable")


@pytest.mark.parametrize(
    ("path", "accept"),
    [
        (STUDY, RELATED),
        (f"{STUDY}/metadata", "application/json"),
        (f"{STUDY}/series/{SERIES}", RELATED),
        (f"{STUDY}/series/{SERIES}/instances/1.1", "application/dicom"),
    ],
)
async def test_the_head_of_an_answer_is_had_without_the_rest(
    gateway: Gateway, path: str, accept: str
) -> None:
    gateway.archive({"uid": "1.1"})
    head = await gateway.client.head(f"{DICOMWEB}/studies/{path}", headers={"Accept": accept})
    body = await gateway.get(path, accept)
    assert head.status_code == 200
    assert head.content == b""
    assert head.headers.get("content-length") == body.headers.get("content-length")


async def test_the_query_may_say_what_is_accepted(gateway: Gateway) -> None:
    gateway.archive({"uid": "1.1"})
    response = await gateway.get(f"{STUDY}/metadata?accept=application/json", "text/html")
    assert response.headers["content-type"] == "application/json"


async def test_metadata_leaves_bulk_data_out_at_every_level(gateway: Gateway) -> None:
    inner = {"00420011": {"vr": "OB", "BulkDataURI": "x"}, "00080060": {"vr": "CS"}}
    dataset = {
        "00080060": {"vr": "CS", "Value": ["CT"]},
        "0040A730": {"vr": "SQ", "Value": [inner, {}]},
        "00082112": {"vr": "SQ"},
        "7FE00010": PIXELS,
    }
    gateway.archive({"uid": "1.1", "dataset": dataset})
    [found] = (await gateway.get(f"{STUDY}/metadata")).json()
    assert found == {
        "00080060": {"vr": "CS", "Value": ["CT"]},
        "0040A730": {"vr": "SQ", "Value": [{"00080060": {"vr": "CS"}}, {}]},
        "00082112": {"vr": "SQ"},
    }
    assert Dataset.from_json(found).Modality == "CT"


def test_a_data_set_without_bulk_data_is_not_touched() -> None:
    assert without_bulk_data(b'{"00080060": {"vr": "CS"}}') == b'{"00080060": {"vr": "CS"}}'


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("1.2.9", "unknown-study"),
        (f"1.2.9/series/{SERIES}", "unknown-series"),
        (f"{STUDY}/series/9.9", "unknown-series"),
        (f"{STUDY}/series/{SERIES}/instances/9.9", "unknown-instance"),
        (f"{STUDY}/series/{OTHER_SERIES}/instances/1.1", "unknown-instance"),
    ],
)
async def test_what_is_not_there_is_not_found(gateway: Gateway, path: str, kind: str) -> None:
    gateway.archive({"uid": "1.1"}, {"uid": "1.2", "series": OTHER_SERIES})
    for resource in (path, f"{path}/metadata"):
        assert_problem(await gateway.get(resource), 404, kind)


@pytest.mark.parametrize("uid", ["1", "a.b", "1.2.", "1..2", "1." * 32 + "1"])
async def test_what_is_no_uid_is_refused(gateway: Gateway, uid: str) -> None:
    response = await gateway.get(f"{STUDY}/series/{uid}")
    assert_problem(response, 422, "invalid-request")


async def test_a_study_is_not_denied_while_the_index_is_made(gateway: Gateway) -> None:
    del gateway.redis.hashes[INSTANCES][COMPLETE]
    assert_problem(await gateway.get(STUDY), 503, "index-incomplete")
    gateway.archive({"uid": "1.1"})
    assert (await gateway.get(STUDY)).status_code == 200


async def test_an_unavailable_index_is_reported_without_its_address(gateway: Gateway) -> None:
    gateway.redis.leave(RedisConnectionError("redis://:secret@redis refused"))
    response = await gateway.get(STUDY)
    assert_problem(response, 503, "index-unavailable")
    assert "secret" not in response.text


async def test_a_place_that_the_index_knows_and_the_archive_not_is_skipped(
    gateway: Gateway,
) -> None:
    gateway.redis.sets[STUDIES + STUDY] = {str(uuid4())}
    assert_problem(await gateway.get(STUDY), 404, "unknown-study")
    gateway.archive({"uid": "1.1"})
    assert len(parts_of(await gateway.get(STUDY))) == 1


async def test_untrusted_text_in_place_of_a_uid_gets_into_no_header(
    gateway: Gateway,
) -> None:
    gateway.archive({"uid": "1\r\nSet-Cookie: x", "syntax": "\r\n\r\n"})
    [(headers, _)] = parts_of(await gateway.get(STUDY))
    assert headers == {"Content-Type": "application/dicom"}
