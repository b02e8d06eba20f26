"""The page about the facts says what they are."""

import re

from engine.standard import facts
from tools.standard import documentation
from tools.standard.handwritten import load

PAGE = documentation.PAGE.read_text(encoding="utf-8")


def test_the_numbers_are_those_of_the_facts() -> None:
    """Fails if the page was not committed with the facts that `make standard` wrote."""
    written = PAGE.partition(documentation.START)[2].partition(documentation.END)[0]
    assert written.strip() == documentation.table(facts.load().statistics).strip()


def test_what_is_said_to_be_written_by_hand_is() -> None:
    paragraph = PAGE.partition("By hand: ")[2].partition("\n\n")[0]
    keywords = [word for word in re.findall(r"\w+", paragraph) if facts.tag_of(word)]
    assert len(keywords) >= 60
    assert set(keywords) <= load().of_attribute.keys()


def test_every_package_is_named_with_its_version() -> None:
    for package, version in facts.load().sources.items():
        assert package in PAGE
        assert package == "pyparsing" or f"{package} {version}" in PAGE


def test_the_edition_is_that_of_the_facts() -> None:
    assert f"edition {facts.load().edition}" in PAGE
