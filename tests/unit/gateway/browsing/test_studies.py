"""GET /studies and /studies/{id}: which studies there are, and what is known of one."""

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx2
import orjson
import pytest

from contracts.report import Outcome
from contracts.status import State
from kit.gateway import StatusService, status_unavailable
from kit.problems import assert_problem
from unit.gateway.browsing_kit import (
    Gateway,
    knows,
    knows_nothing,
    record,
)
from unit.gateway.studies_on_disk import OTHER, SHORT, STUDY, Sent

PATH = f"/studies/{STUDY}"
CURSOR = f"1772357400250_{OTHER}"
ONE = Sent(b"one", uid="1.2.3.1.1")
TWO = Sent(b"two!", uid="1.2.3.1.2")
MR = Sent(b"three", uid="1.2.3.2.1", series="1.2.3.2", modality="MR")


@pytest.fixture
def gateway(tmp_path: Path) -> Gateway:
    return Gateway(tmp_path)


def page(*states: State, next_cursor: str | None = None) -> httpx2.Response:
    studies = [record(state).model_dump(mode="json", exclude_none=True) for state in states]
    return httpx2.Response(
        200, content=orjson.dumps({"studies": studies, "next_cursor": next_cursor})
    )


async def test_the_listing_is_the_status_services_with_links(gateway: Gateway) -> None:
    gateway.disk.archive(ONE)
    gateway.answer = lambda _: page(State.ARCHIVED)
    response = await gateway.get("/studies")
    assert response.status_code == 200
    [study] = response.json()["studies"]
    assert (study["study_id"], study["status"]) == (str(STUDY), "archived")
    assert study["links"] == {
        "self": PATH,
        "status": f"/status/{STUDY}",
        "study": PATH,
        "report": f"{PATH}/report",
        "metadata": f"{PATH}/metadata",
        "archive": f"{PATH}/archive.zip",
    }
    assert "next_cursor" not in response.json()
    assert "link" not in response.headers


async def test_every_filter_is_the_status_services(gateway: Gateway) -> None:
    gateway.answer = lambda _: page()
    wanted = {
        "status": "failed",
        "since": "2026-03-01T00:00:00Z",
        "until": "2026-03-02T00:00:00+02:00",
        "modality": "CT",
        "label": "trial-42",
        "patient_id_hash": "9f" * 32,
        "duplicate": "false",
        "cursor": CURSOR,
        "limit": "7",
    }
    response = await gateway.get(f"/studies?{httpx2.QueryParams(wanted)}")
    assert response.status_code == 200
    [asked] = gateway.asked
    assert asked.url.path == "/status"
    assert dict(asked.url.params) == wanted


@pytest.mark.parametrize(
    "query",
    [
        "status=done", "since=yesterday", "since=2026-03-01", "until=2026-03-01T00:00:00",
        "modality=ct", "label=a%20b", "patient_id_hash=12", "limit=0", "limit=501", "limit=x",
        "cursor=x", f"cursor={CURSOR}0", "state=archived",
    ],
)  # fmt: skip
async def test_an_unknown_filter_is_refused_without_asking_the_status_service(
    gateway: Gateway, query: str
) -> None:
    response = await gateway.get(f"/studies?{query}")
    assert_problem(response, 422, "invalid-request")
    assert f"query.{query.partition('=')[0]}" in response.json()["detail"]
    assert not gateway.asked


async def test_the_next_page_is_linked_with_the_same_filters(gateway: Gateway) -> None:
    gateway.answer = lambda _: page(State.FAILED, next_cursor=CURSOR)
    response = await gateway.get("/studies?status=failed&limit=1&since=2026-03-01T00:00:00Z")
    assert response.json()["next_cursor"] == CURSOR
    following = urlsplit(response.links["next"]["url"])
    assert following.path == "/studies"
    assert parse_qs(following.query) == {
        "status": ["failed"],
        "limit": ["1"],
        "since": ["2026-03-01T00:00:00Z"],
        "cursor": [CURSOR],
    }
    gateway.answer = lambda _: page()
    assert (await gateway.get(response.links["next"]["url"])).status_code == 200


@pytest.mark.parametrize("answer", [status_unavailable, lambda _: httpx2.Response(500)])
@pytest.mark.parametrize("path", ["/studies", PATH])
async def test_while_the_status_service_is_unavailable_the_client_gets_retry_after(
    gateway: Gateway, answer: StatusService, path: str
) -> None:
    gateway.answer = answer
    response = await gateway.get(path)
    assert_problem(response, 503, "status-unavailable")
    assert int(response.headers["retry-after"]) > 0


async def test_an_archived_study_says_what_is_archived(gateway: Gateway) -> None:
    gateway.disk.archive(ONE, TWO, MR)
    gateway.disk.preview(b"\x89PNG")
    gateway.answer = knows(
        State.ARCHIVED, label="trial-42", modalities=("CT", "MR"), upload_id=str(OTHER)
    )
    response = await gateway.get(PATH)
    study = response.json()
    assert (study["status"], study["label"]) == ("archived", "trial-42")
    assert study["study_instance_uids"] == ["1.2.3"]
    assert study["series"] == [
        {"series_instance_uid": "1.2.3.1", "modality": "CT", "instance_count": 2},
        {"series_instance_uid": "1.2.3.2", "modality": "MR", "instance_count": 1},
    ]
    assert (study["instance_count"], study["size_bytes"]) == (3, 3 + 4 + 5)
    assert study["links"]["preview"] == f"{PATH}/preview.png"
    assert study["links"]["upload"] == f"/studies/{OTHER}"
    assert "DOE" not in response.text
    assert "Chest" not in response.text


async def test_every_link_to_what_is_archived_leads_somewhere(gateway: Gateway) -> None:
    gateway.disk.archive(ONE)
    gateway.disk.preview(b"\x89PNG")
    gateway.answer = knows(State.ARCHIVED)
    links = (await gateway.get(PATH)).json()["links"]
    for name in ("self", "study", "report", "metadata", "archive", "preview"):
        assert (await gateway.get(links[name])).status_code == 200


async def test_a_study_that_failed_says_what_is_in_quarantine(gateway: Gateway) -> None:
    gateway.disk.quarantine(
        Sent(b"bad", "IM1", Outcome.REJECTED, "1.2.3.1.1", findings=(SHORT,)),
        Sent(b"text", "IM2", Outcome.REJECTED, "", "DOE^JANE", "DOE^JANE"),
    )
    gateway.answer = knows(State.FAILED)
    response = await gateway.get(PATH)
    study = response.json()
    assert study["study_instance_uids"] == ["1.2.3"]
    assert [series["series_instance_uid"] for series in study["series"]] == ["1.2.3.1"]
    assert (study["instance_count"], study["size_bytes"]) == (2, 7)
    assert study["links"]["quarantine"] == f"/quarantine/{STUDY}"
    assert not {"metadata", "archive", "preview"} & study["links"].keys()
    assert "DOE" not in response.text


async def test_what_was_deleted_from_quarantine_is_not_said_to_be_there(gateway: Gateway) -> None:
    rejected = (Sent(bytes(size), outcome=Outcome.REJECTED, uid=f"1.2.{size}") for size in (3, 4))
    directory = gateway.disk.quarantine(*rejected)
    (directory / "000001.dcm").unlink()
    gateway.answer = knows(State.FAILED)
    study = (await gateway.get(PATH)).json()
    assert (study["instance_count"], study["size_bytes"]) == (1, 4)


async def test_a_study_on_its_way_has_its_record_and_no_links_to_what_is_not_there(
    gateway: Gateway,
) -> None:
    gateway.disk.upload(ONE, validated=False)
    gateway.answer = knows_nothing
    study = (await gateway.get(PATH)).json()
    assert study["status"] == "uploaded"
    assert study["links"].keys() == {"self", "status", "study"}
    assert "instance_count" not in study
    gateway.disk.archive(ONE)
    assert (await gateway.get(PATH)).json()["instance_count"] == 1


async def test_an_unknown_study_is_not_found(gateway: Gateway) -> None:
    gateway.answer = knows_nothing
    assert_problem(await gateway.get(PATH), 404, "unknown-study")


async def test_the_metadata_of_a_study_are_read_once_for_many_requests(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway.disk.archive(ONE, TWO)
    assert (await gateway.get(f"{PATH}/instances/{ONE.uid}")).status_code == 200
    monkeypatch.setattr("storage.study_folder.read_metadata", None)
    assert (await gateway.get(f"{PATH}/instances/{TWO.uid}")).content == TWO.content


@pytest.mark.parametrize("path", ["/studies", PATH, f"{PATH}/report"])
async def test_what_has_a_get_has_a_head(gateway: Gateway, path: str) -> None:
    gateway.disk.archive(ONE)
    gateway.answer = lambda request: (
        page() if request.url.path == "/status" else knows(State.ARCHIVED)(request)
    )
    assert (await gateway.get(path, method="HEAD")).status_code == 200
