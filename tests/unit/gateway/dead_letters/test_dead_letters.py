"""/dead-letters: listed, shown, replayed and dropped."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from contracts.channels import DEAD_LETTER
from contracts.events import StudyUploaded, StudyUploadedData
from kit.gateway import MemoryGateway
from kit.problems import assert_problem

STUDY = UUID("0b1c9c5e-3f0f-4b7f-8f5e-2f3a9d1b6c11")


def event(study_id: UUID = STUDY) -> StudyUploaded:
    data = StudyUploadedData(directory=f"uploads/{study_id}", file_count=1, size_bytes=1)
    return StudyUploaded.new(source="gateway", subject=study_id, data=data)


class Gateway(MemoryGateway):
    """A gateway with dead letters."""

    def add(self, body: bytes, code: str = "study.missing") -> str:
        """Add a dead letter; returns its id."""
        milliseconds, sequence = self.redis.append(DEAD_LETTER, body)
        fields = self.redis.entries[DEAD_LETTER][-1][1]
        fields |= {
            b"stream": b"uploads", b"group": b"validator", b"entry_id": b"17-0",
            b"deliveries": b"8", b"service": b"validator", b"code": code.encode(),
            b"message": b"The study's files are gone.", b"time": b"2026-03-01T09:30:00+00:00",
        }  # fmt: skip
        return f"{milliseconds}-{sequence}"

    def remaining(self) -> list[str]:
        """The ids of the dead letters."""
        return [f"{one}-{other}" for (one, other), _ in self.redis.entries[DEAD_LETTER]]


@pytest.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[Gateway]:
    gateway = Gateway(tmp_path)
    async with gateway.client:
        yield gateway


async def test_dead_letters_are_listed_with_cause_deliveries_and_time_the_latest_first(
    gateway: Gateway,
) -> None:
    first, second = gateway.add(event().to_json()), gateway.add(b"DOE^JANE", "event.invalid")

    answer = (await gateway.client.get("/dead-letters")).json()

    assert answer == {
        "dead_letters": [
            {
                "id": second, "time": "2026-03-01T09:30:00Z", "service": "validator",
                "stream": "uploads", "code": "event.invalid",
                "message": "The study's files are gone.", "deliveries": 8,
                "href": f"/dead-letters/{second}",
            },
            {
                "id": first, "time": "2026-03-01T09:30:00Z", "service": "validator",
                "stream": "uploads", "code": "study.missing",
                "message": "The study's files are gone.", "deliveries": 8,
                "study_id": str(STUDY), "href": f"/dead-letters/{first}",
            },
        ]
    }  # fmt: skip


async def test_the_listing_pages_and_filters(gateway: Gateway) -> None:
    wanted = [gateway.add(event().to_json(), "delivery.failed") for _ in range(3)]
    gateway.add(event(uuid4()).to_json(), "delivery.failed")
    gateway.add(event().to_json(), "study.missing")
    query: dict[str, str | int] = {
        "study_id": str(STUDY), "code": "delivery.failed", "limit": 2,
    }  # fmt: skip

    first = (await gateway.client.get("/dead-letters", params=query)).json()
    query["cursor"] = first["next_cursor"]
    second = (await gateway.client.get("/dead-letters", params=query)).json()

    found = [letter["id"] for page in (first, second) for letter in page["dead_letters"]]
    assert found == wanted[::-1]
    assert "next_cursor" not in second


async def test_a_dead_letter_is_shown_with_its_event(gateway: Gateway) -> None:
    sent = event()
    letter_id = gateway.add(sent.to_json())
    shown = (await gateway.client.get(f"/dead-letters/{letter_id}")).json()
    assert shown["entry_id"] == "17-0"
    assert (shown["event"]["id"], shown["event"]["type"]) == (str(sent.id), "study.uploaded")


async def test_a_message_that_is_no_event_is_never_shown(gateway: Gateway) -> None:
    letter_id = gateway.add(b'{"name": "DOE^JANE"}')
    answer = await gateway.client.get(f"/dead-letters/{letter_id}")
    assert answer.status_code == 200
    assert "DOE" not in answer.text


async def test_what_another_program_has_appended_is_left_out(gateway: Gateway) -> None:
    letter_id = gateway.add(event().to_json())
    milliseconds, sequence = gateway.redis.append(DEAD_LETTER, b"foreign")
    page = (await gateway.client.get("/dead-letters")).json()
    assert [letter["id"] for letter in page["dead_letters"]] == [letter_id]
    answer = await gateway.client.get(f"/dead-letters/{milliseconds}-{sequence}")
    assert_problem(answer, 404, "unknown-dead-letter")


async def test_a_dead_letter_is_replayed_once(gateway: Gateway) -> None:
    letter_id = gateway.add(event().to_json())
    other = gateway.add(event().to_json())

    path = f"/dead-letters/{letter_id}/replay"
    assert (await gateway.client.post(path)).status_code == 204
    assert gateway.redis.claimed == [("uploads", "validator", "17-0")]
    assert gateway.remaining() == [other]
    assert_problem(await gateway.client.post(path), 404, "unknown-dead-letter")


async def test_all_dead_letters_of_a_study_are_replayed_oldest_first(gateway: Gateway) -> None:
    own = [gateway.add(event().to_json()) for _ in range(2)]
    other = gateway.add(event(uuid4()).to_json())

    answer = await gateway.client.post("/dead-letters/replay", json={"study_id": str(STUDY)})

    assert answer.json() == {"replayed": own}
    assert gateway.remaining() == [other]
    everything = await gateway.client.post("/dead-letters/replay", json={})
    assert everything.json() == {"replayed": [other]}


async def test_a_dead_letter_is_dropped(gateway: Gateway) -> None:
    letter_id = gateway.add(event().to_json())
    path = f"/dead-letters/{letter_id}"
    assert (await gateway.client.delete(path)).status_code == 204
    assert gateway.remaining() == []
    assert_problem(await gateway.client.delete(path), 404, "unknown-dead-letter")
    assert_problem(await gateway.client.get(path), 404, "unknown-dead-letter")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/dead-letters"),
        ("GET", "/dead-letters/1-0"),
        ("POST", "/dead-letters/1-0/replay"),
        ("DELETE", "/dead-letters/1-0"),
    ],
)
async def test_an_unavailable_redis_is_reported(gateway: Gateway, method: str, path: str) -> None:
    gateway.redis.leave()
    answer = await gateway.client.request(method, path)
    assert_problem(answer, 503, "event-bus-unavailable")
    assert answer.headers["retry-after"]


async def test_a_page_reads_a_bounded_number_of_entries(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chassis.messaging.dead_letter_stream.MOST_SCANNED", 2)
    wanted = gateway.add(event().to_json(), "study.missing")
    for _ in range(3):
        gateway.add(event().to_json(), "delivery.failed")

    page = (await gateway.client.get("/dead-letters?code=study.missing")).json()
    assert page["dead_letters"] == []
    rest = await gateway.client.get(
        "/dead-letters", params={"code": "study.missing", "cursor": page["next_cursor"]}
    )
    assert [letter["id"] for letter in rest.json()["dead_letters"]] == [wanted]
