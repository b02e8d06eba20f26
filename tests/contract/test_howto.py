"""docs/howto says where a change is made; here it is held against the code.

A file that names every event has to be touched for a new one. So has, for a status field, a file
that names every status field. If such a file is added, its page has to list it.
"""

import re
from collections.abc import Collection
from pathlib import Path

import pytest

from contracts.channels import CHANNELS
from contracts.status import StudyFacts
from gateway.settings import GatewaySettings

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "docs" / "howto"
CODE = ("contracts", "chassis", "storage", "engine", "gateway", "validator", "descriptor", "status")
TOOLS = ("hdv", "asyncapi", "tools")


def listed(page: str) -> list[str]:
    """The paths in the numbered list of a page."""
    text = (PAGES / page).read_text(encoding="utf-8")
    steps = re.findall(r"^(\d+\. .*(?:\n {3}.*)*)", text, re.MULTILINE)
    return [path for step in steps for path in re.findall(r"`([\w./-]+/[\w.-]+\.py)`", step)]


def files_that_name(names: Collection[str]) -> set[str]:
    """The modules outside tests in which all the names occur."""
    modules = [path for package in (*CODE, *TOOLS) for path in (ROOT / package).rglob("*.py")]
    texts = {path: path.read_text(encoding="utf-8") for path in modules}
    return {
        str(path.relative_to(ROOT))
        for path, text in texts.items()
        if all(re.search(rf"\b{name}\b", text) for name in names)
    }


@pytest.mark.parametrize(
    ("page", "steps"),
    [
        ("add-an-event.md", 8),
        ("add-a-route.md", 4),
        ("add-a-rule.md", 3),
        ("add-a-setting.md", 3),
        ("add-a-status-field.md", 3),
        ("add-a-storage-backend.md", 2),
    ],
)
def test_a_change_has_few_steps_and_its_page_names_files_that_exist(page: str, steps: int) -> None:
    text = (PAGES / page).read_text(encoding="utf-8")
    assert len(re.findall(r"^\d+\. ", text, re.MULTILINE)) <= steps
    assert listed(page)
    for path in re.findall(r"`((?:[\w-]+/)+[\w.-]+\.\w+)`", text):
        assert (ROOT / path).is_file(), path


def test_every_file_that_names_all_events_is_on_the_page() -> None:
    found = files_that_name({channel.event.__name__ for channel in CHANNELS})
    assert found == {"contracts/events.py", "contracts/channels.py"} | found
    assert found <= set(listed("add-an-event.md"))


def test_every_file_that_names_all_status_fields_is_on_the_page() -> None:
    found = files_that_name(StudyFacts.model_fields)
    assert "contracts/status.py" in found
    assert found <= set(listed("add-a-status-field.md"))


def test_every_file_that_names_all_settings_of_a_service_is_on_the_page() -> None:
    found = files_that_name(GatewaySettings.__annotations__)
    assert "gateway/settings.py" in found
    assert found <= set(listed("add-a-setting.md"))


def test_every_file_that_names_a_storage_backend_is_on_the_page() -> None:
    found = files_that_name(["storage.file_store"])
    assert found == {"chassis/runtime/settings.py"}
    assert found <= set(listed("add-a-storage-backend.md"))
