"""Patterns of site rules: as `re` understands them, in linear time, or a reason why not."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.profiles.pattern import Pattern, PatternError, compiled

PIECES = st.sampled_from(["a", "b", "[ab]", ".", r"\d", "[^a]", r"\.", "()"])
PATTERNS = st.recursive(
    PIECES,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(inner, inner).map(lambda two: f"({two[0]}|{two[1]})"),
        st.tuples(
            inner, st.sampled_from(["*", "+", "?", "{2}", "{1,2}", "{0,1}", "{2,}", "{0}"])
        ).map(lambda two: f"(?:{two[0]}){two[1]}"),
    ),
    max_leaves=8,
)


@given(PATTERNS, st.text("ab1.", max_size=8))
def test_a_pattern_matches_what_it_matches_in_python(pattern: str, text: str) -> None:
    assert Pattern(pattern).matches(text) is (re.fullmatch(pattern, text) is not None)


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        (r"ABC-\d{3}", "ABC-042", True),
        (r"ABC-\d{3}", "ABC-42", False),
        (r"^ABC-\d{3}$", "ABC-042", True),
        (r"ABC", "xABCx", False),
        (r"[A-Z]{2,4}(_\d+)?", "HEAD_1", True),
        (r"Schädel", "Schädel", True),
        (r"\d", "٣", False),
        ("", "", True),
    ],
)
def test_a_pattern_is_about_the_whole_text(pattern: str, text: str, matches: bool) -> None:
    assert Pattern(pattern).matches(text) is matches


@pytest.mark.parametrize("pattern", [r"(a+)+b", r"(a|a)*b", r"(a?){255}b", r"a*a*a*a*a*a*b"])
def test_a_pattern_that_would_hang_python_does_not_hang_us(pattern: str) -> None:
    started = time.perf_counter()
    assert not Pattern(pattern).matches("a" * 1024)
    assert time.perf_counter() - started < 1


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("(", "a parenthesis is not closed"),
        ("a)", "a parenthesis is closed that was not opened"),
        ("*a", "there is nothing that * could repeat"),
        ("a**", "there is nothing that * could repeat"),
        ("[a", "[ is unexpected at character 1"),
        ("[[a]", "[ is unexpected at character 1"),
        ("[z-a]", "bad character range"),
        ("[a&&b]", r"[a&&b]: write \& for &&"),
        (r"\y", r"\y: bad escape"),
        ("a{3,2}", "{3,2} repeats more often than is allowed"),
        ("a{256}", "repeats more than 255 times"),
        ("(a{255}){255}", "it repeats too much"),
        ("(" * 21 + ")" * 21, "nested too deep"),
        ("a" * 201, "longer than 200 characters"),
        (r"(a)\1", r"\1 is not supported"),
        (r"(?=a)", "(? is not supported"),
        (r"(?i)a", "(? is not supported"),
        (r"\bword", r"\b is not supported"),
        ("a^b", "^ is unexpected at character 2"),
    ],
)
def test_what_is_no_pattern_is_refused_with_a_reason(pattern: str, reason: str) -> None:
    with pytest.raises(PatternError, match=re.escape(reason)):
        Pattern(pattern)


def test_a_pattern_is_compiled_once() -> None:
    assert compiled("a+") is compiled("a+")
