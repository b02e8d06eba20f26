"""docs/settings.md and every config.json say what the settings models say."""

import json
from pathlib import Path

import pytest

from chassis.runtime.settings import ServiceSettings, is_secret
from tools.settings_files import PAGE, ROOT, SERVICES, config, main, page

STALE = "run `make docs` and commit what it writes"


def test_the_committed_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), STALE


@pytest.mark.parametrize("kind", SERVICES, ids=lambda kind: kind.service)
def test_every_config_json_has_every_setting_but_the_secrets_with_its_default(
    kind: type[ServiceSettings],
) -> None:
    written = json.loads((ROOT / kind.service / "config.json").read_bytes())
    assert written == config(kind), STALE
    secrets = {name for name, field in kind.model_fields.items() if is_secret(field)}
    assert written.keys() == kind.model_fields.keys() - secrets


@pytest.mark.parametrize("kind", SERVICES, ids=lambda kind: kind.service)
def test_every_setting_has_a_default_and_a_description_on_the_page(
    kind: type[ServiceSettings],
) -> None:
    text = page()
    for name, field in kind.model_fields.items():
        assert not field.is_required()
        assert f"**`{name}`**" in text or f"**`{name}." in text
    for entry in text.split("\n- **`")[1:]:
        assert len(entry.partition("): ")[2]) > 10, entry


def test_the_files_are_written_where_they_are_committed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for kind in SERVICES:
        (tmp_path / kind.service).mkdir()
    monkeypatch.setattr("tools.settings_files.ROOT", tmp_path)
    monkeypatch.setattr("tools.settings_files.PAGE", tmp_path / "settings.md")
    assert main() == 0
    assert (tmp_path / "settings.md").read_text(encoding="utf-8") == page()
    for kind in SERVICES:
        written = (tmp_path / kind.service / "config.json").read_bytes()
        assert written == (ROOT / kind.service / "config.json").read_bytes()
