"""`hdv events`: the event bus on the command line."""

import asyncio
from typing import Any

import orjson
import pytest
from typer.testing import CliRunner

from chassis.messaging.cursor import Cursor
from contracts.channels import CHANNELS, DEAD_LETTER
from contracts.events import StudyValidationFailed, ValidationData
from contracts.report import FileCounts, FindingSummary, Severity
from hdv.admin import events, redis_client
from hdv.cli import app
from kit.events import archived, uploaded
from kit.redis import MemoryRedis


@pytest.fixture
def streams(monkeypatch: pytest.MonkeyPatch, bare_environment: pytest.MonkeyPatch) -> MemoryRedis:
    """The Redis that the command finds, whatever its address."""
    del bare_environment
    found = MemoryRedis()
    monkeypatch.setattr(redis_client, "connect", lambda _: found)
    return found


def hdv(*arguments: str) -> tuple[int, list[str], str]:
    """Run `hdv events …`: its exit code, the lines on stdout, and stderr."""
    result = CliRunner().invoke(app, ["events", *arguments])
    return result.exit_code, result.stdout.splitlines(), result.stderr


def tail(streams: MemoryRedis, *arguments: str) -> list[str]:
    """The lines of `hdv events tail` until it has seen all that is there."""

    async def stopped(*_: object, **__: object) -> list[Any]:
        raise asyncio.CancelledError

    streams.xread = stopped  # type: ignore[method-assign]  # where it would wait for more
    code, lines, _ = hdv("tail", *arguments)
    assert code == 0
    return lines


# tail


def test_a_line_has_time_type_study_and_data(streams: MemoryRedis) -> None:
    event = streams.send(archived())
    [line] = tail(streams, "--from", "0")
    time, event_type, subject, *details = line.split()
    assert (event_type, subject) == ("study.archived", str(event.subject))
    assert time == event.time.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert details == [f"directory=archive/{subject}", "instance_count=1", "size_bytes=7"]


def test_a_line_has_the_codes_of_findings(streams: MemoryRedis) -> None:
    finding = FindingSummary(
        code="file.not-dicom", severity=Severity.ERROR, message="It is no DICOM file.", count=1
    )
    study = archived().subject
    data = ValidationData(
        directory=f"quarantine/{study}",
        files=FileCounts(accepted=0, rejected=1),
        findings=(finding,),
    )
    streams.send(StudyValidationFailed.new(source="validator", subject=study, data=data))
    [line] = tail(streams, "--from", "0")
    assert line.endswith('files={"accepted":0,"rejected":1} findings=file.not-dicom')


def test_ndjson_has_the_event_and_the_cursor_after_it(streams: MemoryRedis) -> None:
    sent = [streams.send(uploaded()), streams.send(archived())]
    lines = [orjson.loads(line) for line in tail(streams, "--from", "0", "--format", "ndjson")]
    assert [line["event"] for line in lines] == [orjson.loads(event.to_json()) for event in sent]
    [last] = tail(streams, "--from", lines[0]["cursor"], "--format", "ndjson")
    assert orjson.loads(last)["event"]["id"] == str(sent[1].id)


def test_without_a_place_only_new_events_are_shown(streams: MemoryRedis) -> None:
    streams.send(uploaded())
    assert tail(streams) == []


def test_tail_begins_at_an_entry_of_redis(streams: MemoryRedis) -> None:
    streams.append("uploads", uploaded().to_json(), (5, 0))
    later = uploaded()
    streams.append("uploads", later.to_json(), (6, 0))
    [line] = tail(streams, "--from", "5-0")
    assert str(later.subject) in line


def test_tail_shows_some_types_only(streams: MemoryRedis) -> None:
    streams.send(uploaded())
    event = streams.send(archived())
    [line] = tail(streams, "--from", "0", "--type", "study.archived")
    assert str(event.subject) in line


def test_entries_that_are_not_events_are_ignored(streams: MemoryRedis) -> None:
    streams.append("uploads", b"not json")
    event = streams.send(uploaded())
    [line] = tail(streams, "--from", "0")
    assert str(event.subject) in line


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--from", "somewhere"], "'somewhere' is neither a cursor, the id of an entry, nor 0"),
        (["--type", "study.lost"], "there is no event type 'study.lost'; there are study.uploaded"),
        (["--redis-url", "localhost"], "gateway: setting 'redis_url': "),
    ],
)
def test_an_error_is_one_line(streams: MemoryRedis, arguments: list[str], complaint: str) -> None:
    del streams
    code, lines, complaints = hdv("tail", *arguments)
    assert (code, lines) == (2, [])
    [line] = complaints.splitlines()
    assert line.startswith(f"hdv events tail: {complaint}")


def test_a_place_older_than_the_oldest_event_is_an_error(streams: MemoryRedis) -> None:
    streams.trim("uploads", (9, 0))
    code, _, complaint = hdv("tail", "--from", "8-0")
    assert code == 2
    assert "no longer kept" in complaint


@pytest.mark.parametrize("command", ["tail", "verify"])
def test_without_redis_one_line_says_so_without_the_password(
    streams: MemoryRedis, command: str
) -> None:
    streams.leave()
    code, lines, complaint = hdv(command, "--redis-url", "redis://me:secret@here:6379/0")
    assert (code, lines) == (3, [])
    assert complaint == f"hdv events {command}: cannot use Redis at here:6379: gone\n"


async def test_who_stops_learns_where_to_go_on(
    streams: MemoryRedis, capsys: pytest.CaptureFixture[str]
) -> None:
    streams.append("uploads", uploaded().to_json(), (5, 0))
    client: Any = streams
    task = asyncio.create_task(events._tail(events.Feed(client), "0", [], json=False))
    for _ in range(50):
        await asyncio.sleep(0)
    assert streams.waiting.is_set()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    place = capsys.readouterr().err.strip().removeprefix("Continue with --from ")
    assert Cursor.parse(place).positions["uploads"] == (5, 0)


# verify


def test_valid_messages_are_only_counted(streams: MemoryRedis) -> None:
    streams.send(uploaded())
    streams.send(archived())
    assert hdv("verify") == (
        0,
        ["2 stream entries and 0 live messages checked; violations of the document: 0."],
        "",
    )


def test_a_violation_is_shown_with_the_id_of_the_entry(streams: MemoryRedis) -> None:
    event = orjson.loads(uploaded().to_json())
    del event["data"]["file_count"]
    streams.append("uploads", orjson.dumps(event), (5, 0))
    code, lines, _ = hdv("verify")
    assert code == 1
    assert lines[0] == "5-0: study.uploaded at uploads: $.data.file_count is required and absent."
    assert lines[-1].endswith("violations of the document: 1.")


def test_every_documented_stream_is_checked(streams: MemoryRedis) -> None:
    addresses = [*(channel.address for channel in CHANNELS), DEAD_LETTER]
    for address in addresses:
        streams.append(address, b"nothing")
    code, lines, _ = hdv("verify")
    assert code == 1
    for address in addresses:
        assert any(f" at {address}: " in line for line in lines)


def test_many_entries_are_checked_to_the_last(streams: MemoryRedis) -> None:
    for _ in range(1200):
        streams.send(uploaded())
    streams.append("uploads", b"not json")
    code, lines, _ = hdv("verify")
    assert code == 1
    assert "is not JSON" in lines[0]
    assert lines[-1].startswith("1201 stream entries")


def test_an_undocumented_stream_is_reported_once(streams: MemoryRedis) -> None:
    for _ in range(3):
        streams.append("study.lost", b"{}")
    code, lines, _ = hdv("verify")
    assert code == 1
    [line, _] = lines
    assert line == "A message at study.lost: $ was sent on a stream that is not documented."
