"""What goes wrong in the field: dead workers, poison messages, unavailable services."""

import json
import shutil
import subprocess
import sys
from typing import Any

import httpx2

from kit.pipeline import ROOT, Pipeline, RedisServer, until
from kit.volumes import being_written

QUICK = {
    f"HDV_{service}__DELIVERY__CLAIM_IDLE_SECONDS": "0.6" for service in ("VALIDATOR", "DESCRIPTOR")
}


def events(server: RedisServer, address: str) -> list[dict[str, Any]]:
    return [json.loads(fields["__data__"]) for _, fields in server.client.xrange(address)]


def test_two_validators_share_the_work_and_each_study_is_done_once(
    pipeline: Pipeline, redis_server: RedisServer, ct: bytes
) -> None:
    pipeline.start("status", "validator", "validator-2", "descriptor", "gateway")

    studies = [pipeline.upload(ct) for _ in range(40)]
    for study_id in studies:
        pipeline.wait_for(study_id, "archived")

    subjects = [event["subject"] for event in events(redis_server, "study.validated")]
    assert sorted(subjects) == sorted(studies)
    done = r'hdv_messages_total\{event="uploads",outcome="done"'
    shares = [pipeline.metric(name, done) for name in ("validator", "validator-2")]
    assert sum(shares) == len(studies)
    assert min(shares) > 0


def test_a_validator_killed_in_the_middle_of_a_study_loses_nothing(
    pipeline: Pipeline, redis_server: RedisServer, ct: bytes
) -> None:
    pipeline.start_all(**QUICK)
    pipeline.pause("validator")  # it holds its read: the next message is handed to it
    study_id = pipeline.upload(ct)
    until(lambda: redis_server.client.xpending("uploads", "validator")["pending"], "the delivery")
    pipeline.kill("validator")

    pipeline.start("validator-2", **QUICK)

    pipeline.wait_for(study_id, "archived")
    assert (pipeline.archive / study_id / "original.dcm").read_bytes() == ct
    assert len(events(redis_server, "study.validated")) == 1


def test_a_message_that_always_fails_is_dead_lettered_and_its_study_ends_in_error(
    pipeline: Pipeline, redis_server: RedisServer, ct: bytes
) -> None:
    pipeline.start("status", "descriptor", "gateway")
    study_id = pipeline.upload(ct)
    (pipeline.uploads / study_id / "intake.json").write_text("broken")

    pipeline.start("validator", HDV_VALIDATOR__DELIVERY__MAX_DELIVERIES="3", **QUICK)

    record = pipeline.wait_for(study_id, "error")
    assert record["reason"]["code"] == "delivery.failed"
    [(_, letter)] = redis_server.client.xrange("dead-letter")
    assert letter["deliveries"] == "3"
    assert (letter["stream"], letter["group"]) == ("uploads", "validator")
    assert json.loads(letter["__data__"])["subject"] == study_id
    assert redis_server.client.xpending("uploads", "validator")["pending"] == 0
    [failed] = events(redis_server, "study.processing.failed")
    assert failed["subject"] == study_id
    assert "broken" not in pipeline.log("validator")
    # A failed study keeps its files.
    assert (pipeline.uploads / study_id / "000001.dcm").read_bytes() == ct


def test_a_study_in_error_is_retried_by_a_replay(
    pipeline: Pipeline, redis_server: RedisServer, ct: bytes
) -> None:
    pipeline.start("status", "descriptor", "gateway")
    study_id = pipeline.upload(ct)
    intake = pipeline.uploads / study_id / "intake.json"
    known = intake.read_bytes()
    intake.write_text("broken")
    pipeline.start("validator", HDV_VALIDATOR__DELIVERY__MAX_DELIVERIES="2", **QUICK)
    pipeline.wait_for(study_id, "error")
    [sent] = events(redis_server, "uploads")

    intake.write_bytes(known)
    [letter] = pipeline.http.get("/dead-letters", params={"study_id": study_id}).json()[
        "dead_letters"
    ]
    replayed = pipeline.http.post("/dead-letters/replay", json={"study_id": study_id}).json()

    assert replayed == {"replayed": [letter["id"]]}
    record = pipeline.wait_for(study_id, "archived")
    assert "reason" not in record
    assert events(redis_server, "uploads") == [sent]
    assert len(events(redis_server, "study.archived")) == 1
    assert redis_server.client.xlen("dead-letter") == 0
    assert redis_server.client.xpending("uploads", "validator")["pending"] == 0


def test_a_message_that_kills_workers_is_dead_lettered(
    pipeline: Pipeline, redis_server: RedisServer, ct: bytes
) -> None:
    pipeline.start("status", "descriptor", "gateway")
    study_id = pipeline.upload(ct)
    client = redis_server.client
    client.xgroup_create("uploads", "validator", id="0", mkstream=True)
    [[_, [(entry_id, _fields)]]] = client.xreadgroup("validator", "dead", {"uploads": ">"})
    client.xclaim("uploads", "validator", "dead", 0, [entry_id], retrycount=9)

    pipeline.start("validator", **QUICK)

    record = pipeline.wait_for(study_id, "error")
    assert record["reason"]["code"] == "delivery.exhausted"


def test_an_archive_that_is_unavailable_for_long_is_waited_out(
    pipeline: Pipeline, redis_server: RedisServer, ct: bytes
) -> None:
    pipeline.start("status", "validator", "gateway")
    pipeline.start("descriptor", HDV_DESCRIPTOR__DELIVERY__MAX_DELIVERIES="3", **QUICK)
    incoming = pipeline.archive / ".incoming"
    shutil.rmtree(incoming)
    incoming.touch()

    studies = [pipeline.upload(ct) for _ in range(3)]

    waited = r'hdv_messages_total\{event="study.validated",outcome="wait"'
    until(lambda: pipeline.metric("descriptor", waited) > 9, "more tries than are allowed")
    assert pipeline.metric("descriptor", r"hdv_outage\{") == 1
    ready = httpx2.get(f"http://127.0.0.1:{pipeline.ports['descriptor']}/health/ready")
    assert ready.status_code == 503
    assert ready.json()["checks"]["outage"] == "failed: EnvironmentFault"
    pending = redis_server.client.xpending_range("study.validated", "descriptor", "-", "+", 10)
    assert max(entry["times_delivered"] for entry in pending) <= 1

    incoming.unlink()
    incoming.mkdir()
    for study_id in studies:
        pipeline.wait_for(study_id, "archived")
    assert redis_server.client.xlen("dead-letter") == 0
    assert pipeline.metric("descriptor", r"hdv_outage\{") == 0


def test_a_message_that_is_not_an_event_is_dead_lettered_at_once(
    pipeline: Pipeline, redis_server: RedisServer, ct: bytes
) -> None:
    pipeline.start_all()
    client = redis_server.client
    client.xadd("uploads", {"__data__": "not json"})
    client.xadd("uploads", {"__data__": '{"type": "study.uploaded"}'})
    client.xadd("uploads", {"foreign": "fields"})

    study_id = pipeline.upload(ct)

    pipeline.wait_for(study_id, "archived")
    # Two groups read the address, the validator's and the status service's.
    until(lambda: client.xlen("dead-letter") == 6, "six dead letters")
    codes = {letter["code"] for _, letter in client.xrange("dead-letter")}
    assert codes == {"event.invalid"}


def test_all_states_are_right_after_the_status_service_was_down(
    pipeline: Pipeline, redis_server: RedisServer, ct: bytes
) -> None:
    pipeline.start_all()
    assert pipeline.stop("status") == 0

    valid = [pipeline.upload(ct) for _ in range(5)]
    invalid = pipeline.upload(b"no image " * 100)
    until(lambda: redis_server.client.xlen("study.archived") == 5, "the archive")
    until(lambda: redis_server.client.xlen("study.validation.failed") == 1, "the failure")
    away = pipeline.http.get(f"/status/{valid[0]}")
    assert away.status_code == 503
    assert int(away.headers["retry-after"]) > 0

    pipeline.start("status")

    for study_id in valid:
        pipeline.wait_for(study_id, "archived")
    pipeline.wait_for(invalid, "failed")

    def complete() -> bool:
        states = [entry["state"] for entry in pipeline.status(valid[0])["history"]]
        return states == ["uploaded", "validating", "validated", "archiving", "archived"]

    until(complete, "the progress marks that waited")


def test_without_redis_an_upload_is_refused_and_leaves_nothing_behind(
    pipeline: Pipeline, redis_server: RedisServer, ct: bytes
) -> None:
    pipeline.start_all()
    redis_server.stop()

    answer = pipeline.http.post("/upload", files={"file": ct})

    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0
    assert [path.name for path in pipeline.uploads.iterdir()] == [".incoming"]
    assert not being_written(pipeline.uploads)
    assert pipeline.http.get("/health/ready").status_code == 503
    assert pipeline.http.get("/health/live").status_code == 200

    redis_server.start()
    study_id = pipeline.upload(ct)
    pipeline.wait_for(study_id, "archived")


def test_what_was_sent_before_a_service_first_started_is_not_skipped(
    pipeline: Pipeline, ct: bytes
) -> None:
    pipeline.start("gateway")
    study_id = pipeline.upload(ct)

    pipeline.start("validator", "descriptor", "status")

    pipeline.wait_for(study_id, "archived")


def test_a_worker_without_its_consumer_group_ends_to_be_restarted(
    pipeline: Pipeline, redis_server: RedisServer, ct: bytes
) -> None:
    pipeline.start_all()
    process = pipeline.processes["validator"]

    redis_server.client.flushall()

    assert process.wait(timeout=20) == 1
    pipeline.start("validator")
    for name in ("status", "descriptor"):
        if pipeline.processes[name].wait(timeout=20):
            pipeline.start(name)
    pipeline.wait_for(pipeline.upload(ct), "archived")


def test_a_stopped_worker_exits_with_zero(pipeline: Pipeline) -> None:
    pipeline.start_all()
    for name in ("gateway", "validator", "descriptor", "status"):
        assert pipeline.stop(name) == 0, pipeline.log(name)
        assert "Traceback" not in pipeline.log(name)


def test_the_same_event_again_changes_nothing(
    pipeline: Pipeline, redis_server: RedisServer, ct: bytes
) -> None:
    pipeline.start_all()
    study_id = pipeline.upload(ct)
    pipeline.wait_for(study_id, "archived")
    metadata = (pipeline.archive / study_id / "metadata.json").read_bytes()
    client = redis_server.client

    for address in ("uploads", "study.validated"):
        [(_, fields)] = client.xrange(address)
        client.xadd(address, fields)
    until(lambda: client.xlen("study.archived") == 2, "the repeated announcement")

    first, second = events(redis_server, "study.archived")
    assert first["id"] == second["id"]
    assert (pipeline.archive / study_id / "metadata.json").read_bytes() == metadata
    assert pipeline.status(study_id)["status"] == "archived"
    assert client.xlen("study.validated") == 2  # ours; the validator adds none


def test_a_wrong_configuration_is_one_clear_line(pipeline: Pipeline) -> None:
    for name, value, said in (
        ("HDV_VALIDATOR__PROT", "1", "unknown setting 'prot'"),
        ("HDV_VALIDATOR__PORT", "http", "setting 'port'"),
    ):
        result = subprocess.run(
            [sys.executable, "-m", "validator"],
            cwd=ROOT,
            env={**pipeline.environment, name: value},
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        assert result.returncode == 2
        assert result.stdout == ""
        assert len(result.stderr.splitlines()) == 1
        assert result.stderr.startswith("validator: ")
        assert said in result.stderr


def test_a_wrong_internal_token_is_refused(pipeline: Pipeline) -> None:
    pipeline.start("status")
    base = f"http://127.0.0.1:{pipeline.ports['status']}"
    assert httpx2.get(f"{base}/status").status_code == 401
    wrong = {"Authorization": "Bearer nonsense"}
    assert httpx2.get(f"{base}/status", headers=wrong).status_code == 401
    right = {"Authorization": "Bearer integration-token"}
    assert httpx2.get(f"{base}/status", headers=right).status_code == 200
