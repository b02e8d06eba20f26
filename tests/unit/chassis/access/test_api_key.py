"""API keys as text, in their file, and as a gateway knows them."""

import asyncio
import json
import re
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError
from structlog.testing import capture_logs

from chassis.access import key_ring
from chassis.access.api_key import PATTERN, ApiKey
from chassis.access.caller import Scope
from chassis.access.key_file import (
    KeyFileError,
    KeyRecord,
    create_key,
    read_keys,
    revoke_keys,
)
from chassis.access.key_ring import KeyRing

NOW = datetime.now(UTC)
READ = frozenset({Scope.READ})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys" / "keys.json"


def made(
    path: Path, name: str = "PACS", expires_at: datetime | None = None
) -> tuple[ApiKey, KeyRecord]:
    return create_key(path, name, READ, labels=None, now=NOW, expires_at=expires_at)


def test_a_key_has_a_known_form_and_256_random_bits() -> None:
    one, other = ApiKey.new(), ApiKey.new()
    assert re.fullmatch(PATTERN, one.text)
    assert one.text.startswith(f"hdv_{one.id}_")
    assert len(bytes.fromhex(one.text[13:-8])) == 32
    assert one.text != other.text
    assert ApiKey.parse(one.text) == one


def test_a_mistyped_key_is_no_key() -> None:
    text = ApiKey.new().text
    swapped = text.translate(str.maketrans("01", "10"))
    for wrong in ("", text[:-1], text + "0", text.upper(), f" {text}", swapped, "hdv_x"):
        assert ApiKey.parse(wrong) is None


def test_the_file_has_digests_and_no_key(path: Path) -> None:
    key, record = made(path)
    text = path.read_text()
    assert key.text not in text
    assert key.text[13:] not in text
    assert json.loads(text)["keys"][0]["digest"] == key.digest
    assert read_keys(path) == (record,)


def test_others_can_neither_read_nor_write_the_file(path: Path) -> None:
    made(path)
    assert stat.S_IMODE(path.stat().st_mode) & 0o027 == 0
    assert stat.S_IMODE(path.parent.stat().st_mode) & 0o027 == 0


def test_keys_are_added_and_revoked_and_none_is_forgotten(path: Path) -> None:
    first, _ = made(path, "first")
    second, _ = made(path, "second")
    revoked = revoke_keys(path, frozenset({first.id}), now=NOW)
    assert [record.name for record in revoked] == ["first"]
    assert revoke_keys(path, frozenset({first.id}), now=NOW) == ()
    assert [(key.id, key.state(NOW)) for key in read_keys(path)] == [
        (first.id, "revoked"),
        (second.id, "valid"),
    ]
    assert [file.name for file in path.parent.iterdir() if file.suffix != ".lock"] == ["keys.json"]


def test_an_unknown_id_revokes_nothing(path: Path) -> None:
    key, _ = made(path)
    before = path.read_bytes()
    with pytest.raises(KeyFileError, match="there is no key 00000000"):
        revoke_keys(path, frozenset({key.id, "00000000"}), now=NOW)
    assert path.read_bytes() == before


@pytest.mark.parametrize("name", ["", "a\nb", "x" * 65, "/etc", "a\x00"])
def test_names_are_plain(path: Path, name: str) -> None:
    with pytest.raises(ValidationError):
        made(path, name)
    assert not path.exists()


@pytest.mark.parametrize("content", [b"", b"{}x", b'{"version": 2}', b'{"keys": [{}]}'])
def test_a_broken_file_is_an_error_and_is_not_overwritten(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    for use in (lambda: KeyRing(path), lambda: made(path)):
        with pytest.raises(KeyFileError, match="is not a file of API keys"):
            use()
    assert path.read_bytes() == content


def test_a_ring_knows_valid_keys_only(path: Path) -> None:
    valid, record = made(path)
    expired, _ = made(path, expires_at=NOW - timedelta(seconds=1))
    later, _ = made(path, expires_at=NOW + timedelta(hours=1))
    revoked, _ = made(path)
    revoke_keys(path, frozenset({revoked.id}), now=NOW)
    ring = KeyRing(path)
    assert ring.find(valid.text) == record.caller
    assert ring.find(later.text)
    assert [ring.is_valid(key.id) for key in (valid, later, expired, revoked)] == [
        True, True, False, False,
    ]  # fmt: skip
    for other in (expired.text, revoked.text, ApiKey.new().text, "", "hdv_"):
        assert ring.find(other) is None


def test_the_secret_counts_and_not_the_id(path: Path) -> None:
    key, _ = made(path)
    other = ApiKey.new().text
    forged = f"hdv_{key.id}_{other[13:-8]}"
    from zlib import crc32  # noqa: PLC0415 -- what an attacker can do as well

    forged += f"{crc32(forged.encode()):08x}"
    assert ApiKey.parse(forged)
    assert KeyRing(path).find(forged) is None


def test_an_empty_ring_is_not_in_use(path: Path) -> None:
    ring = KeyRing(path)
    assert not ring.in_use
    made(path)
    ring._read()
    assert ring.in_use


def test_a_file_that_is_lost_admits_no_one_and_does_not_open_the_gateway(path: Path) -> None:
    key, _ = made(path)
    ring = KeyRing(path)
    path.unlink()
    ring._read()
    assert ring.find(key.text) is None
    assert ring.in_use


def test_a_restored_file_with_an_older_time_is_read(path: Path, tmp_path: Path) -> None:
    key, _ = made(path)
    backup = tmp_path / "backup"
    backup.write_bytes(path.read_bytes())
    revoke_keys(path, frozenset({key.id}), now=NOW)
    ring = KeyRing(path)
    assert ring.find(key.text) is None
    backup.replace(path)
    ring._read()
    assert ring.find(key.text)


class Rounds:
    """Runs a ring that looks at its file all the time, and counts how often it has."""

    def __init__(self, ring: KeyRing) -> None:
        self._read = ring._read
        self._loop = asyncio.get_running_loop()
        self._looked = asyncio.Semaphore(0)
        ring._read = self._noted  # type: ignore[method-assign]
        self.task = asyncio.create_task(ring.follow_continually())

    def _noted(self) -> None:
        try:
            self._read()
        finally:
            self._loop.call_soon_threadsafe(self._looked.release)

    async def pass_by(self, count: int) -> None:
        for _ in range(count):
            await self._looked.acquire()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_ring, "PERIOD_SECONDS", 0.001)


@pytest.mark.usefixtures("impatient")
async def test_a_running_gateway_follows_the_file(path: Path) -> None:
    key, _ = made(path)
    ring = KeyRing(path)
    rounds = Rounds(ring)
    revoke_keys(path, frozenset({key.id}), now=NOW)
    await rounds.pass_by(2)
    assert ring.find(key.text) is None
    rounds.task.cancel()


@pytest.mark.usefixtures("impatient")
async def test_what_was_read_before_stays_valid_while_the_file_is_broken(path: Path) -> None:
    key, _ = made(path)
    ring = KeyRing(path)
    path.write_bytes(b"{")
    with capture_logs() as logs:
        rounds = Rounds(ring)
        await rounds.pass_by(3)
        rounds.task.cancel()
    assert ring.find(key.text)
    assert [line["event"] for line in logs] == ["keys.unreadable"]
