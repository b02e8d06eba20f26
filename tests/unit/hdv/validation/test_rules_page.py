"""The page of rules: complete, current, and what `make docs` writes."""

import re
from pathlib import Path

import pytest

from engine.profile_files.loading import BUILT_IN, load_profile
from engine.profiles.profile import Profile
from engine.rule import Rule
from engine.rules.catalogue import LAYERS, RULES
from hdv.validation.rules_page import PAGE, main, page


def current() -> str:
    return page([load_profile(name) for name in BUILT_IN])


def test_the_committed_page_is_the_one_that_the_code_gives() -> None:
    assert PAGE.read_text(encoding="utf-8") == current(), "run `make docs`"


def test_make_docs_writes_the_page(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    target = tmp_path / "rules.md"
    monkeypatch.setattr("hdv.validation.rules_page.PAGE", target)
    assert main() == 0
    assert target.read_text(encoding="utf-8") == current()


def test_every_rule_is_on_the_page_in_its_layer() -> None:
    expected = []
    for layer in LAYERS:
        expected.append(layer.title)
        expected += [f"`{code}`" for code in sorted(rule.code for rule in layer.rules)]
    assert re.findall(r"^##+ (.+)$", current(), re.MULTILINE) == expected


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_every_rule_explains_itself(rule: Rule) -> None:
    assert re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+", rule.code)
    assert rule.message.endswith(".")
    assert ". " not in rule.message
    assert rule.section.startswith("PS3.") or rule.layer == "site"
    for text in (rule.why, rule.fix):
        assert text.endswith((".", "?"))
        assert text == " ".join(text.split())


def test_the_page_shows_the_severities_of_the_profiles_it_is_made_for() -> None:
    muting = Profile.model_validate(
        {"name": "quiet", "severities": [{"code": "file.*", "severity": "mute"}]}
    )
    entry = page([Profile(), muting]).partition("### `file.empty`")[2].partition("###")[0]
    assert "default **error**, quiet **mute** · PS3.10 7" in entry
