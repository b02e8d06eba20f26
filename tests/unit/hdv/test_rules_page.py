"""The page of rules: complete, current, and what `make docs` writes."""

import re
from pathlib import Path

import pytest

from engine.profile_files.loading import BUILT_IN, load_profile
from engine.profiles.profile import Profile
from engine.rule import RULES, Rule
from hdv.rules_page import LAYERS, PAGE, by_layer, main, page


def current() -> str:
    return page([load_profile(name) for name in BUILT_IN])


def test_the_committed_page_is_the_one_that_the_code_gives() -> None:
    assert PAGE.read_text(encoding="utf-8") == current(), "run `make docs`"


def test_make_docs_writes_the_page(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    target = tmp_path / "rules.md"
    monkeypatch.setattr("hdv.rules_page.PAGE", target)
    assert main() == 0
    assert target.read_text(encoding="utf-8") == current()


def test_every_rule_is_on_the_page_in_its_layer() -> None:
    text = current()
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == list(LAYERS.values())
    assert re.findall(r"^### `(.+)`$", text, re.MULTILINE) == sorted(
        RULES, key=lambda code: (list(LAYERS).index(RULES[code].layer), code)
    )


def test_a_layer_without_a_title_comes_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(LAYERS, "file")
    title, rules = list(by_layer())[-1]
    assert title == "file"
    assert {rule.layer for rule in rules} == {"file"}


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
