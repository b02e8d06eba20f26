"""`hdv doctor` without a server: volumes that are not as they should be, services that answer."""

import os
import re
import shutil
from collections.abc import Callable
from email.utils import formatdate
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx2
import pytest

from hdv.admin.doctor.diagnosis import Diagnosis, Level, size
from hdv.admin.doctor.services import examine_services
from hdv.admin.doctor.volumes import examine_volumes
from kit.gateway import gateway_settings

ROOT = Path(__file__).parents[4]


@pytest.fixture
def volumes(tmp_path: Path) -> Path:
    for name in ("uploads", "archive", "quarantine", "audit"):
        (tmp_path / name).mkdir(mode=0o750)
    return tmp_path


def faults(volumes: Path, subject: str, **changes: Any) -> list[Diagnosis]:
    found = list(examine_volumes(gateway_settings(volumes, **changes)))
    return [one for one in found if one.subject == subject and one.level is not Level.OK]


def test_volumes_with_room_are_well(volumes: Path) -> None:
    well = [one.subject for one in examine_volumes(gateway_settings(volumes))]
    assert well == ["volume uploads", "volume archive", "volume quarantine", "audit log"]


def test_a_volume_that_is_not_mounted_is_an_error(volumes: Path) -> None:
    (volumes / "archive").rmdir()
    [found] = faults(volumes, "volume archive")
    assert (found.level, "does not exist" in found.found) == (Level.ERROR, True)


def test_a_volume_that_others_may_read_is_a_warning(volumes: Path) -> None:
    (volumes / "archive").chmod(0o755)
    [found] = faults(volumes, "volume archive")
    assert found.level is Level.WARNING
    assert found.advice == f"chmod o-rwx {volumes / 'archive'}"


def test_a_read_only_volume_is_an_error(volumes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read_only = SimpleNamespace(f_flag=os.ST_RDONLY, f_frsize=1, f_bavail=9, f_bfree=9, f_blocks=9)
    monkeypatch.setattr(os, "statvfs", lambda _: read_only)
    [found] = faults(volumes, "volume archive", min_free_bytes=1)
    assert (found.level, "read-only" in found.found) == (Level.ERROR, True)


@pytest.mark.parametrize(
    ("free", "level"), [(1_999, Level.ERROR), (9_000, Level.WARNING), (20_000, None)]
)
def test_a_full_volume_is_found_before_uploads_are_refused(
    volumes: Path, monkeypatch: pytest.MonkeyPatch, free: int, level: Level | None
) -> None:
    usage = SimpleNamespace(total=100_000, used=100_000 - free, free=free)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    found = faults(volumes, "volume archive", min_free_bytes=1000)
    assert [one.level for one in found] == ([level] if level else [])


Answer = Callable[[httpx2.Request], httpx2.Response]


async def examined(answer: Answer) -> list[Diagnosis]:
    transport = httpx2.MockTransport(answer)
    found = examine_services({"gateway": "http://gateway"}, "1.0", transport=transport)
    return [one async for one in found]


def service(
    status: int = 200, ready: Any = None, version: str = "1.0", date: str | None = None
) -> Answer:
    def answer(request: httpx2.Request) -> httpx2.Response:
        if request.url.path == "/metrics":
            text = f'hdv_build_info{{service="gateway",version="{version}"}} 1.0\n'
            return httpx2.Response(200, text=text)
        headers = {"Date": date or formatdate(usegmt=True)}
        return httpx2.Response(status, json=ready or {"checks": {"redis": "ok"}}, headers=headers)

    return answer


async def test_a_service_that_is_ready_is_well() -> None:
    assert [one.level for one in await examined(service())] == [Level.OK] * 3


@pytest.mark.parametrize(
    ("answer", "level", "text"),
    [
        (
            service(503, {"checks": {"volume": "failed: OSError", "redis": "ok"}}),
            Level.ERROR,
            "not ready: volume: failed: OSError",
        ),
        (
            service(ready={"checks": {}, "limited": {"uploads": "insufficient-storage"}}),
            Level.WARNING,
            "uploads are limited: insufficient-storage",
        ),
        (service(version="0.9"), Level.WARNING, "0.9; here it is 1.0"),
        (service(date=formatdate(1e9, usegmt=True)), Level.WARNING, "behind that of this machine"),
        (lambda _: httpx2.Response(200, text="<html>"), Level.ERROR, "does not answer as"),
    ],
    ids=["not ready", "limited", "version", "clock", "another server"],
)
async def test_a_service_with_a_fault_is_found(answer: Answer, level: Level, text: str) -> None:
    [found] = [one for one in await examined(answer) if one.level is not Level.OK]
    assert found.level is level
    assert text in found.found
    assert found.advice


async def test_a_service_that_does_not_answer_is_an_error() -> None:
    def refuse(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError(f"{request.url} refused")

    [found] = await examined(refuse)
    assert found.level is Level.ERROR


def test_sizes_are_for_people() -> None:
    assert [size(n) for n in (999, 1500, 2.5e9, 3e12)] == ["999 bytes", "1.5 kB", "2.5 GB", "3 TB"]


def test_pages_that_it_refers_to_exist() -> None:
    sources = (ROOT / "hdv" / "admin" / "doctor").glob("*.py")
    pages = {p for file in sources for p in re.findall(r"docs/[\w/]+\.md", file.read_text())}
    assert len(pages) > 5
    assert [page for page in pages if not (ROOT / page).exists()] == []
