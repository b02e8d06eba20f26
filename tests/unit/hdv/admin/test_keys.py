"""`hdv keys`: what is shown once, and what is kept."""

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from chassis.access.api_key import PATTERN
from chassis.access.caller import Scope
from chassis.access.key_file import read_keys
from chassis.access.key_ring import KeyRing
from hdv.cli import app
from hdv.cli.keys import KeyScope


@pytest.fixture(autouse=True)
def _no_other_file(bare_environment: pytest.MonkeyPatch) -> None:
    """Keys are stored below --data."""


def keys(tmp_path: Path, *arguments: str, **environment: str) -> Result:
    return CliRunner().invoke(app, ["keys", *arguments, "-d", str(tmp_path)], env=environment)


def test_a_key_is_shown_once_and_works(tmp_path: Path) -> None:
    result = keys(tmp_path, "create", "PACS", "-s", "upload", "-s", "read")
    assert result.exit_code == 0, result.stderr
    assert re.fullmatch(PATTERN + "\n", result.stdout)
    caller = KeyRing(tmp_path / "keys.json").find(result.stdout.strip())
    assert caller
    assert caller.scopes == {Scope.UPLOAD, Scope.READ}
    assert caller.labels is None
    assert "shown once" in result.stderr
    assert result.stdout.strip() not in keys(tmp_path, "list").stdout


def test_a_key_may_be_for_labels_and_some_days(tmp_path: Path) -> None:
    arguments = ["create", "a", "-s", "read", "-l", "trial-42", "--days", "30", "-f", "json"]
    made = json.loads(keys(tmp_path, *arguments).stdout)
    [record] = read_keys(tmp_path / "keys.json")
    assert record.expires_at
    assert (record.expires_at - record.created_at).days == 30
    assert (made["labels"], made["scopes"], made["state"]) == (["trial-42"], ["read"], "valid")
    assert made["key"].startswith(f"hdv_{record.id}_")
    assert "digest" not in made


def test_the_list_has_all_keys_and_no_digest(tmp_path: Path) -> None:
    assert "no keys" in keys(tmp_path, "list").stdout
    for name in ("one", "two"):
        keys(tmp_path, "create", name, "-s", "read")
    [one, two] = read_keys(tmp_path / "keys.json")
    assert keys(tmp_path, "revoke", one.id).stdout == f"revoked: {one.id} one\n"
    assert keys(tmp_path, "revoke", one.id).stdout == "they were revoked before\n"
    lines = keys(tmp_path, "list").stdout.splitlines()
    assert [line.split()[:4] for line in lines[1:]] == [
        [one.id, "one", "revoked", "read"],
        [two.id, "two", "valid", "read"],
    ]
    listed = json.loads(keys(tmp_path, "list", "-f", "json").stdout)["keys"]
    assert [key["state"] for key in listed] == ["revoked", "valid"]
    assert one.digest not in str(listed)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["create", "a", "-s", "admin", "-l", "x"], "cannot be bound to labels"),
        (["create", "a\n", "-s", "read"], "name: "),
        (["create", "a", "-s", "read", "-l", "A B"], "labels: "),
        (["create", "a", "-s", "read", *(f"-lx{n}" for n in range(101))], "labels: "),
        (["create", "a", "-s", "read", "--days", "1e9"], "beyond the calendar"),
        (["create", "a", "-s", "everything"], "everything"),
        (["create", "a"], "--scope"),
        (["revoke", "0badc0de"], "there is no key 0badc0de"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_stored(
    tmp_path: Path, arguments: list[str], reason: str
) -> None:
    result = keys(tmp_path, *arguments)
    assert result.exit_code == 2
    assert reason in result.stderr
    assert read_keys(tmp_path / "keys.json") == ()


def test_the_environment_names_the_file(tmp_path: Path) -> None:
    file = tmp_path / "volume" / "k.json"
    assert keys(tmp_path, "create", "a", "-s", "read", HDV_KEYS_FILE=str(file)).exit_code == 0
    assert read_keys(file)
    assert not (tmp_path / "keys.json").exists()


def test_the_options_have_the_scopes_that_there_are() -> None:
    assert [scope.value for scope in KeyScope] == [scope.value for scope in Scope]
