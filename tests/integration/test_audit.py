"""The audit log of running services: files of each gateway, `hdv audit`, and syslog over TLS."""

import asyncio
import json
import ssl
import subprocess
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import fromstring

import pytest
from typer.testing import CliRunner

from chassis.observability.metrics import Metrics
from gateway.audit.record import AuditRecord, Kind, Outcome
from gateway.audit.syslog import Syslog
from gateway.settings import AuditSettings
from hdv.cli import app
from kit.pipeline import Pipeline, until


def audit(pipeline: Pipeline, *options: str) -> list[dict[str, Any]]:
    """What `hdv audit` shows."""
    directory = str(pipeline.directory / "audit")
    arguments = ["audit", "--data", str(pipeline.directory), "--dir", directory]
    result = CliRunner().invoke(app, [*arguments, "--format", "ndjson", *options])
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


@pytest.mark.usefixtures("redis_server")
def test_what_was_done_to_a_study_can_be_shown(
    pipeline: Pipeline, ct: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HDV_AUDIT_DIR", raising=False)
    pipeline.start_all()
    study_id = pipeline.upload(ct)
    pipeline.wait_for(study_id, "archived")
    assert pipeline.http.get(f"/studies/{study_id}/report").status_code == 200
    assert pipeline.http.get(f"/studies/{study_id}/archive.zip").status_code == 200
    assert pipeline.http.delete(f"/studies/{study_id}").status_code == 204

    def recorded() -> list[str]:
        return [record["kind"] for record in audit(pipeline, "--study", study_id)]

    until(lambda: "delete" in recorded(), "the records on the disk")
    pipeline.kill("gateway")
    assert recorded()[:3] == ["upload", "read", "export"]
    pipeline.start("gateway")
    assert [r["kind"] for r in audit(pipeline, "--caller", "gateway")] == ["start", "start"]
    assert all(r["outcome"] == "success" for r in audit(pipeline, "--study", study_id))
    assert audit(pipeline, "--since", "2999-01-01") == []


def certificate(directory: Path) -> Path:
    """A certificate for `localhost` with its key, made by OpenSSL."""
    file, key = directory / "server.pem", directory / "key.pem"
    subprocess.run(
        [
            "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
            "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
            "-keyout", key, "-out", file,
        ],
        check=True, capture_output=True,
    )  # fmt: skip
    file.write_bytes(file.read_bytes() + key.read_bytes())
    return file


def record(number: int) -> AuditRecord:
    return AuditRecord(
        kind=Kind.EXPORT,
        outcome=Outcome.SUCCESS,
        caller=f"key {number}",
        address="10.0.0.7",
        study_ids=("1.2.3",),
    )


async def test_records_go_to_a_syslog_server_in_their_order_also_after_it_was_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.audit.syslog.RETRY_SECONDS", (0.01, 0.01))
    pem = certificate(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pem)
    received: asyncio.Queue[bytes] = asyncio.Queue()

    async def receive(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                length = await reader.readuntil(b" ")
                await received.put(await reader.readexactly(int(length)))
        except asyncio.IncompleteReadError:
            writer.close()

    server = await asyncio.start_server(receive, "localhost", 0, ssl=context)
    port = server.sockets[0].getsockname()[1]
    metrics = Metrics("gateway")
    settings = AuditSettings(syslog_host="localhost", syslog_port=port, syslog_ca=pem)
    syslog = Syslog(settings, metrics)
    sending = asyncio.create_task(syslog.send_continually())
    syslog.add([record(1), record(2)])
    callers = []
    for _ in range(2):
        message = await asyncio.wait_for(received.get(), 20)
        xml: Any = fromstring(message.partition(b"\xef\xbb\xbf")[2])  # noqa: S314 -- our own
        callers.append(xml.find("ActiveParticipant").attrib["UserID"])
    assert callers == ["key 1", "key 2"]
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)
    server.close()

    # A server whose certificate is not of the authority gets nothing.
    (tmp_path / "other").mkdir()
    strict = AuditSettings(
        syslog_host="localhost", syslog_port=port, syslog_ca=certificate(tmp_path / "other")
    )
    server = await asyncio.start_server(receive, "localhost", port, ssl=context)
    delayed = asyncio.Event()
    monkeypatch.setattr(metrics, "error", lambda _: delayed.set())
    distrusting = Syslog(strict, metrics)
    sending = asyncio.create_task(distrusting.send_continually())
    distrusting.add([record(3)])
    await asyncio.wait_for(delayed.wait(), 20)
    assert received.empty()
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)
    server.close()
