"""Keys that are bound to labels: their callers see and upload studies with these labels only."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest
import pytest_asyncio

from chassis.access.caller import EVERYTHING, Caller, Scope
from contracts.channels import DELETED
from contracts.events import StudyUploaded, StudyUploadedData
from contracts.status import HistoryEntry, State, StatusRecord
from gateway.browsing.models import StudyQuery
from gateway.browsing.studies import read_studies
from kit.events import archived
from kit.gateway import running
from kit.keys import Made, make_key
from kit.problems import assert_problem
from unit.gateway.quarantined import Gateway as WithQuarantine
from unit.gateway.studies_on_disk import UPLOADED

OURS, THEIRS = "trial-42", "trial-7"
ALL = (Scope.UPLOAD, Scope.READ, Scope.QUARANTINE, Scope.DELETE)
DICOM = bytes(128) + b"DICM" + bytes(20)


class Gateway(WithQuarantine):
    """A gateway whose status service knows a study of each label, and one without."""

    def __init__(self, root: Path) -> None:
        path = root / "keys.json"
        self.everything = make_key(path, *ALL)
        self.one = make_key(path, *ALL, labels=frozenset({OURS}))
        self.two = make_key(path, *ALL, labels=frozenset({OURS, "trial-43"}))
        super().__init__(root)
        self.labels: dict[UUID, str | None] = {}
        self.answer = self._status

    def study(self, label: str | None) -> UUID:
        study_id = uuid4()
        self.labels[study_id] = label
        return study_id

    def _status(self, request: httpx2.Request) -> httpx2.Response:
        if request.url.path == "/status":
            wanted = request.url.params.get_list("label")
            found = [s for s, label in self.labels.items() if not wanted or label in wanted]
            records = [self._record(study_id).model_dump(mode="json") for study_id in found]
            return httpx2.Response(200, json={"studies": records})
        study_id = UUID(request.url.path.rpartition("/")[2])
        if study_id not in self.labels:
            return httpx2.Response(404)
        return httpx2.Response(200, content=self._record(study_id).to_json())

    def _record(self, study_id: UUID) -> StatusRecord:
        entry = HistoryEntry(state=State.ARCHIVED, time=UPLOADED, service="gateway")
        return StatusRecord(
            study_id=study_id,
            status=State.ARCHIVED,
            updated_at=UPLOADED,
            history=(entry,),
            label=self.labels[study_id],
        )

    async def ask(
        self, key: Made, path: str, method: str = "GET", **options: Any
    ) -> httpx2.Response:
        return await self.client.request(method, path, headers=key.header, **options)

    async def upload(self, key: Made, **fields: str) -> httpx2.Response:
        return await self.ask(key, "/upload", "POST", files={"file": DICOM}, data=fields)


@pytest_asyncio.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[Gateway]:
    async with running(Gateway(tmp_path)) as made:
        yield made


@pytest.mark.parametrize("path", ["/status/{}", "/studies/{}", "/studies/{}/report"])
async def test_a_study_with_another_label_is_unknown(gateway: Gateway, path: str) -> None:
    for label in (THEIRS, None):
        there = path.format(gateway.study(label))
        nowhere = path.format(uuid4())
        hidden = await gateway.ask(gateway.one, there)
        assert_problem(hidden, 404, "unknown-study")
        missing = (await gateway.ask(gateway.one, nowhere)).json()
        # Nothing shows that one of them exists.
        assert {**hidden.json(), "detail": ""} == {**missing, "detail": ""}


async def test_a_study_with_an_own_label_is_shown(gateway: Gateway) -> None:
    response = await gateway.ask(gateway.one, f"/status/{gateway.study(OURS)}")
    assert response.json()["label"] == OURS


async def test_a_study_of_others_is_not_deleted(gateway: Gateway) -> None:
    study_id = gateway.study(THEIRS)
    response = await gateway.ask(gateway.one, f"/studies/{study_id}", "DELETE")
    assert_problem(response, 404, "unknown-study")
    assert not gateway.redis.events("study.deleted")


async def test_what_is_no_id_is_what_it_was_before(gateway: Gateway) -> None:
    assert_problem(await gateway.ask(gateway.one, "/status/CT^1"), 422, "invalid-request")


async def test_without_the_status_service_no_one_guesses(gateway: Gateway) -> None:
    gateway.answer = lambda _: httpx2.Response(500)
    response = await gateway.ask(gateway.one, f"/status/{gateway.study(OURS)}")
    assert_problem(response, 503, "status-unavailable")


@pytest.mark.parametrize(
    ("query", "labels"),
    [("", {OURS}), (f"?label={OURS}", {OURS}), (f"?label={THEIRS}", set())],
)
async def test_a_listing_has_own_studies_only(
    gateway: Gateway, query: str, labels: set[str]
) -> None:
    for label in (OURS, THEIRS, None):
        gateway.study(label)
    for key in (gateway.one, gateway.two):
        page = (await gateway.ask(key, f"/studies{query}")).json()
        assert {study.get("label") for study in page["studies"]} == labels
    page = (await gateway.ask(gateway.everything, "/studies")).json()
    assert len(page["studies"]) == 3


async def test_who_is_bound_to_no_label_at_all_is_shown_nothing(gateway: Gateway) -> None:
    """As a token is whose claim has no label."""
    gateway.study(OURS)
    async with httpx2.AsyncClient(
        transport=httpx2.MockTransport(gateway._status), base_url="http://status"
    ) as client:
        nothing = Caller("token of alice", EVERYTHING, labels=frozenset())
        page = await read_studies(StudyQuery(), nothing, client, gateway.volumes.studies)
    assert page.studies == ()


async def test_an_upload_gets_the_only_label_of_its_key(gateway: Gateway) -> None:
    assert (await gateway.upload(gateway.one)).status_code == 202
    assert [event.data.label for event in gateway.published] == [OURS]


async def test_a_key_with_several_labels_has_to_name_one(gateway: Gateway) -> None:
    assert_problem(await gateway.upload(gateway.two), 403, "label-not-allowed")
    assert gateway.is_empty
    assert (await gateway.upload(gateway.two, label="trial-43")).status_code == 202
    assert [event.data.label for event in gateway.published] == ["trial-43"]


async def test_an_upload_with_a_label_of_others_leaves_nothing(gateway: Gateway) -> None:
    response = await gateway.upload(gateway.one, label=THEIRS)
    assert_problem(response, 403, "label-not-allowed")
    assert gateway.is_empty
    assert not gateway.published


async def test_stow_has_no_field_for_a_label(gateway: Gateway) -> None:
    headers = {"Content-Type": "application/dicom"}
    for key, status in ((gateway.two, 403), (gateway.one, None)):
        sending = gateway.client.post(
            "/dicom-web/studies", content=DICOM, headers={**key.header, **headers}
        )
        if status:
            assert_problem(await sending, status, "label-not-allowed")
            continue
        waiting = asyncio.create_task(sending)
        while not gateway.published:
            await asyncio.wait([waiting], timeout=0.01)
        assert [event.data.label for event in gateway.published] == [OURS]
        waiting.cancel()


async def test_the_same_idempotency_key_of_others_is_another(gateway: Gateway) -> None:
    ids = []
    for key in (gateway.one, gateway.everything):
        response = await gateway.client.post(
            "/upload",
            files={"file": DICOM},
            data={"label": OURS},
            headers={**key.header, "Idempotency-Key": '"same"'},
        )
        ids.append(response.json()["study_id"])
    assert ids[0] != ids[1]


async def test_the_quarantine_shows_and_purges_own_studies_only(gateway: Gateway) -> None:
    ids = {}
    for label in (OURS, THEIRS, None):
        ids[label] = gateway.quarantine((b"x", "file.not-dicom"), age_seconds=9, label=label)
        gateway.labels[ids[label]] = label
    listed = (await gateway.ask(gateway.one, "/quarantine")).json()["studies"]
    assert [study["study_id"] for study in listed] == [str(ids[OURS])]
    for path in ("", "/files/000001.dcm"):
        assert (await gateway.ask(gateway.one, f"/quarantine/{ids[OURS]}{path}")).is_success
        for method in ("GET", "DELETE"):
            hidden = await gateway.ask(gateway.one, f"/quarantine/{ids[THEIRS]}{path}", method)
            assert hidden.status_code == 404
    purged = await gateway.ask(
        gateway.one, "/quarantine/purge", "POST", json={"older_than_days": 0}
    )
    assert [study["study_id"] for study in purged.json()["studies"]] == [str(ids[OURS])]
    assert purged.json()["remaining"] == 0
    assert gateway.files(ids[THEIRS])
    assert gateway.files(ids[None])


def uploaded(study_id: UUID, label: str | None) -> StudyUploaded:
    data = StudyUploadedData(
        directory=f"uploads/{study_id}", file_count=1, size_bytes=7, label=label
    )
    return StudyUploaded.new(source="gateway", subject=study_id, data=data)


async def test_events_of_others_are_left_out(gateway: Gateway) -> None:
    for label in (THEIRS, OURS, None):
        study_id = gateway.study(label)
        gateway.redis.send(uploaded(study_id, label))
        # Such an event has no label: it is looked up.
        gateway.redis.send(archived(study_id))
    gateway.redis.send(archived(uuid4()))
    page = (await gateway.ask(gateway.one, "/events")).json()
    [own] = [str(study_id) for study_id, label in gateway.labels.items() if label == OURS]
    assert [entry["event"]["subject"] for entry in page["events"]] == [own, own]
    # The cursor is after all of them.
    rest = await gateway.ask(gateway.one, f"/events?cursor={page['next_cursor']}")
    assert rest.json()["events"] == []
    assert len((await gateway.ask(gateway.everything, "/events")).json()["events"]) == 7
    assert not gateway.redis.events(DELETED.address)
