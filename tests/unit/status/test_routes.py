"""The internal HTTP API of the status service."""

import hashlib
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

import httpx2
import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from chassis.web import health, problem
from chassis.web.guard import TokenGuard, install
from contracts.status import State, StatusRecord, StatusUpdate
from kit.problems import assert_problem
from status.record import advance
from status.routes import add_routes
from status.store import Page, StudyUpdates, Wanted

STUDY = UUID("0b1c9c5e-3f0f-4b7f-8f5e-2f3a9d1b6c11")
OTHER = UUID("1b1c9c5e-3f0f-4b7f-8f5e-2f3a9d1b6c11")
TOKEN = SecretStr("open sesame")


class MemoryStore:
    """Status records in a dictionary, pages cut by position."""

    def __init__(self) -> None:
        self.records: dict[UUID, StatusRecord] = {}
        self.applied: list[set[UUID]] = []

    async def get(self, study_id: UUID) -> StatusRecord | None:
        return self.records.get(study_id)

    async def apply(self, study_id: UUID, updates: Sequence[StatusUpdate]) -> StatusRecord:
        for update in updates:
            self.records[study_id] = advance(self.records.get(study_id), study_id, update)
        return self.records[study_id]

    async def apply_all(self, updates: Sequence[StudyUpdates]) -> list[StatusRecord | Exception]:
        self.applied.append({study_id for study_id, _ in updates})
        return [await self.apply(study_id, further) for study_id, further in updates]

    async def page(self, wanted: Wanted, cursor: str | None, limit: int) -> Page:
        newest_first = list(self.records.values())[::-1]
        found = [record for record in newest_first if wanted.fits(record)]
        start = int(cursor or "0")
        more = len(found) > start + limit
        return Page(tuple(found[start : start + limit]), str(start + limit) if more else None)


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


Caller = Callable[..., httpx2.AsyncClient]


@pytest.fixture
def service(store: MemoryStore) -> Caller:
    def client(token: SecretStr | None = None, **headers: str) -> httpx2.AsyncClient:
        app = FastAPI()
        problem.install(app)
        install(app, TokenGuard(token, health.OPEN))
        add_routes(app, store)
        transport = httpx2.ASGITransport(app)
        return httpx2.AsyncClient(transport=transport, base_url="http://status", headers=headers)

    return client


def mark(state: str, second: int = 0) -> dict[str, str]:
    return {"status": state, "service": "validator", "time": f"2024-01-01T00:00:{second:02}Z"}


async def test_a_mark_is_answered_with_the_record_as_it_is_now(service: Caller) -> None:
    response = await service().post(f"/status/{STUDY}", json=mark("validating"))
    assert response.status_code == 200
    assert response.json() == {
        "study_id": str(STUDY),
        "status": "validating",
        "updated_at": "2024-01-01T00:00:00Z",
        "history": [
            {"state": "validating", "time": "2024-01-01T00:00:00Z", "service": "validator"}
        ],
        "findings": [],
    }


async def test_a_mark_that_arrives_late_does_not_move_the_study_back(service: Caller) -> None:
    await service().post(f"/status/{STUDY}", json=mark("archived", 9))
    response = await service().post(f"/status/{STUDY}", json=mark("validating", 1))
    assert response.json()["status"] == "archived"
    assert [entry["state"] for entry in response.json()["history"]] == ["validating", "archived"]


async def test_the_record_of_a_study_can_be_asked_for(service: Caller) -> None:
    posted = await service().post(f"/status/{STUDY}", json=mark("validating"))
    shown = await service().get(f"/status/{STUDY}")
    assert shown.status_code == 200
    assert shown.json() == posted.json()


async def test_an_unknown_study_is_not_found(service: Caller) -> None:
    assert_problem(await service().get(f"/status/{STUDY}"), 404, "unknown-study")


async def test_many_marks_are_taken_and_written_at_once(
    service: Caller, store: MemoryStore
) -> None:
    updates = [
        {"study_id": str(STUDY), **mark("validating")},
        {"study_id": str(OTHER), **mark("archiving")},
        {"study_id": str(STUDY), **mark("validated", 1)},
    ]
    response = await service().post("/status", json={"updates": updates})
    assert response.json() == {"studies": 2}
    assert store.applied == [{STUDY, OTHER}]
    assert store.records[STUDY].status is State.VALIDATED
    assert store.records[OTHER].status is State.ARCHIVING


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/status/CT^1", mark("validating")),
        (f"/status/{STUDY}", {"status": "lost"}),
        (f"/status/{STUDY}", {}),
        ("/status", {"updates": []}),
        ("/status", {"updates": [mark("validating")]}),
        ("/status", {"updates": [{"study_id": str(STUDY), **mark("archived")}] * 1001}),
    ],
    ids=["no UUID", "no state", "nothing", "no updates", "no study", "too many"],
)
async def test_an_update_of_the_wrong_shape_is_refused_and_nothing_written(
    service: Caller, store: MemoryStore, path: str, body: dict[str, Any]
) -> None:
    assert_problem(await service().post(path, json=body), 422, "invalid-request")
    assert not store.records


async def test_a_bulk_update_with_one_wrong_entry_is_refused_whole(
    service: Caller, store: MemoryStore
) -> None:
    updates = [
        {"study_id": str(STUDY), **mark("validating")},
        {"study_id": str(OTHER), **mark("lost")},
    ]
    response = await service().post("/status", json={"updates": updates})
    assert_problem(response, 422, "invalid-request")
    assert not store.records


async def test_the_list_is_read_page_by_page_to_its_end(service: Caller) -> None:
    ids = [str(UUID(int=number)) for number in range(5)]
    for study_id in ids:
        await service().post(f"/status/{study_id}", json=mark("validating"))
    seen, parameters = [], {"limit": "2"}
    while parameters.get("cursor", "") is not None:
        page = (await service().get("/status", params=parameters)).json()
        seen += [record["study_id"] for record in page["studies"]]
        parameters["cursor"] = page.get("next_cursor")
    assert seen == ids[::-1]


async def test_the_list_can_be_of_one_state(service: Caller) -> None:
    await service().post(f"/status/{STUDY}", json=mark("failed"))
    await service().post(f"/status/{OTHER}", json=mark("archived"))
    page = (await service().get("/status", params={"status": "failed"})).json()
    assert [record["study_id"] for record in page["studies"]] == [str(STUDY)]
    assert "next_cursor" not in page


async def test_what_is_not_known_of_a_study_in_the_list_is_absent_not_null(service: Caller) -> None:
    counts = {"accepted": 1, "rejected": 0}
    body = {**mark("archived"), "files": counts}
    record = await service().post(f"/status/{STUDY}", json=body)
    page = (await service().get("/status")).json()
    assert page == {"studies": [record.json()]}


@pytest.mark.parametrize(
    "parameters", [{"status": "lost"}, {"limit": 0}, {"limit": 501}, {"cursor": "x"}], ids=str
)
async def test_a_listing_with_impossible_parameters_is_refused(
    service: Caller, parameters: dict[str, Any]
) -> None:
    response = await service().get("/status", params=parameters)
    assert_problem(response, 422, "invalid-request")


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", f"/status/{STUDY}"), ("POST", f"/status/{STUDY}"), ("GET", "/status")],
)
@pytest.mark.parametrize(
    "authorization",
    ["", "Bearer", "Bearer open sesam", "Bearer open sesame!", "Basic open sesame", "open sesame"],
)
async def test_without_the_token_no_request_is_admitted(
    service: Caller, store: MemoryStore, method: str, path: str, authorization: str
) -> None:
    headers = {"Authorization": authorization} if authorization else {}
    response = await service(TOKEN, **headers).request(method, path, json=mark("validating"))
    assert_problem(response, 401, "unauthorized")
    assert response.headers["www-authenticate"].startswith("Bearer realm=")
    assert "sesame" not in response.text
    assert not store.records


async def test_a_token_of_bytes_that_are_no_text_is_wrong_not_an_accident(service: Caller) -> None:
    client = service(TOKEN)
    response = await client.get("/status", headers={b"Authorization": b"Bearer \xff\xfe"})
    assert_problem(response, 401, "unauthorized")


async def test_with_the_token_one_gets_in(service: Caller) -> None:
    client = service(TOKEN, Authorization="Bearer open sesame")
    response = await client.post(f"/status/{STUDY}", json=mark("validating"))
    assert response.status_code == 200


async def test_the_tokens_are_compared_in_constant_time(
    service: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[tuple[bytes, bytes]] = []

    def compare(one: bytes, other: bytes) -> bool:
        compared.append((one, other))
        return True

    monkeypatch.setattr("chassis.web.guard.hmac.compare_digest", compare)
    response = await service(TOKEN, Authorization="Bearer x").get("/status")
    assert response.status_code == 200
    digests = [hashlib.sha256(text).digest() for text in (b"x", b"open sesame")]
    assert compared == [tuple(digests)]
