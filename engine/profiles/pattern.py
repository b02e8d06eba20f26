"""Regular expressions that take linear time: whatever a file's value is, they can't hang.

Python's `re` tries one way after the other, and `(a+)+b` has more ways than a lifetime has seconds.
Here all ways are followed at once, a step for each character. It costs backreferences and
lookarounds; `re` itself is used for single characters only.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple, TypeAlias

_LONGEST_PATTERN = 200
_MOST_STATES = 2000
_MOST_REPETITIONS = 255
_DEEPEST = 20

_TOKEN = re.compile(
    r"(?P<special>\(\?(?!:)|\\[0-9bBAZ])"
    r"|(?P<repeat>[*+?]|\{\d{1,3}(?:,\d{0,3})?\})"
    r"|(?P<mark>\((?:\?:)?|[)|])"
    r"|(?P<character>\\.|\[\^?\]?(?:\\.|[^\[\]\\])*\]|[^\[\]\\{}^$])",
    re.DOTALL,
)
_DOUBLED = re.compile(r"--|&&|\|\||~~")


class PatternError(ValueError):
    """A pattern cannot be used; the text says why."""


class Pattern:
    """A compiled pattern; `compiled` gives one.

    An automaton: a character of the state's kind leads on from it, or nothing at all if the state
    has none.
    """

    def __init__(self, text: str) -> None:
        self._kinds: list[re.Pattern[str] | None] = []
        self._next: list[list[int]] = []
        self._start = self._state()
        self._end = self._append(self._start, _Parser(text).parse())

    def matches(self, text: str) -> bool:
        """Whether the whole text is what the pattern describes."""
        states = self._reachable({self._start})
        for character in text:
            following: set[int] = set()
            for state in states:
                kind = self._kinds[state]
                if kind is not None and kind.fullmatch(character):
                    following.update(self._next[state])
            if not following:
                return False
            states = self._reachable(following)
        return self._end in states

    def _reachable(self, states: set[int]) -> set[int]:
        """These states and those that they lead to without a character."""
        waiting = list(states)
        while waiting:
            state = waiting.pop()
            if self._kinds[state] is None:
                new = [following for following in self._next[state] if following not in states]
                states.update(new)
                waiting.extend(new)
        return states

    def _state(self, kind: re.Pattern[str] | None = None) -> int:
        if len(self._kinds) >= _MOST_STATES:
            raise PatternError("it repeats too much")
        self._kinds.append(kind)
        self._next.append([])
        return len(self._kinds) - 1

    def _append(self, state: int, tree: "_Tree") -> int:
        """Lead on from a state as the tree describes; returns the state where that ends."""
        if isinstance(tree, _Sequence):
            for part in tree.parts:
                state = self._append(state, part)
            return state
        if isinstance(tree, _Repeat):
            return self._append_repeat(state, tree)
        end = self._state()
        if isinstance(tree, _Choice):
            for option in tree.options:
                self._next[self._append(self._branch(state), option)].append(end)
        else:
            single = self._state(tree)
            self._next[state].append(single)
            self._next[single].append(end)
        return end

    def _append_repeat(self, state: int, tree: "_Repeat") -> int:
        for _ in range(tree.least):
            state = self._append(state, tree.part)
        end = self._branch(state)
        if tree.most is None:
            self._next[self._append(self._branch(end), tree.part)].append(end)
            return end
        for _ in range(tree.most - tree.least):
            state = self._append(state, tree.part)
            self._next[state].append(end)
        return end

    def _branch(self, state: int) -> int:
        """A new state that the given one leads to freely."""
        branch = self._state()
        self._next[state].append(branch)
        return branch


@lru_cache(maxsize=1024)
def compiled(text: str) -> Pattern:
    """Compile a pattern.

    Raises:
        PatternError: it is not one, too large, or has a construct that is not supported.
    """
    return Pattern(text)


class _Sequence(NamedTuple):
    parts: list["_Tree"]


class _Choice(NamedTuple):
    options: list["_Tree"]


class _Repeat(NamedTuple):
    part: "_Tree"
    least: int
    most: int | None


_Tree: TypeAlias = "re.Pattern[str] | _Sequence | _Choice | _Repeat"
"""The parts of a pattern; a pattern of `re` matches a single character."""


class _Parser:
    """Turns the text of a pattern into a tree."""

    def __init__(self, text: str) -> None:
        self._tokens = list(_tokens(text))
        self._position = 0
        self._depth = 0

    def parse(self) -> _Tree:
        tree = self._choice()
        if self._position < len(self._tokens):
            raise PatternError("a parenthesis is closed that was not opened")
        return tree

    def _choice(self) -> _Tree:
        options = [self._sequence()]
        while self._take("|"):
            options.append(self._sequence())
        return _Choice(options) if len(options) > 1 else options[0]

    def _sequence(self) -> _Tree:
        parts: list[_Tree] = []
        while self._position < len(self._tokens):
            kind, token = self._tokens[self._position]
            if token in {"|", ")"}:
                break
            self._position += 1
            if kind == "character":
                parts.append(_character(token))
            elif kind == "mark":
                parts.append(self._group())
            elif parts and not isinstance(parts[-1], _Repeat):
                parts[-1] = _Repeat(parts[-1], *_bounds(token))
            else:
                raise PatternError(f"there is nothing that {token} could repeat")
        return _Sequence(parts)

    def _group(self) -> _Tree:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise PatternError("its parentheses are nested too deep")
        tree = self._choice()
        if not self._take(")"):
            raise PatternError("a parenthesis is not closed")
        self._depth -= 1
        return tree

    def _take(self, mark: str) -> bool:
        taken = self._tokens[self._position : self._position + 1] == [("mark", mark)]
        self._position += taken
        return taken


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    """The pattern in pieces; `^` at the start and `$` at the end go without saying."""
    if len(text) > _LONGEST_PATTERN:
        raise PatternError(f"it is longer than {_LONGEST_PATTERN} characters")
    end = len(text)
    if text.endswith("$") and not text.endswith("\\$"):
        end -= 1
    position = int(text.startswith("^"))
    while position < end:
        token = _TOKEN.match(text, position, end)
        if token is None:
            raise PatternError(f"{text[position]} is unexpected at character {position + 1}")
        if token["special"]:
            raise PatternError(f"{token['special']} is not supported")
        yield str(token.lastgroup), token[0]
        position = token.end()


def _character(token: str) -> re.Pattern[str]:
    # `re` warns of these: they may come to mean differences of sets and the like.
    if token[0] == "[" and (doubled := _DOUBLED.search(token)):
        raise PatternError(f"{token}: write \\{doubled[0][0]} for {doubled[0]}")
    try:
        return re.compile(token, re.ASCII | re.DOTALL)
    except re.error as error:
        raise PatternError(f"{token}: {error}") from None


def _bounds(token: str) -> tuple[int, int | None]:
    if token[0] != "{":
        return {"*": (0, None), "+": (1, None), "?": (0, 1)}[token]
    least, comma, most = token[1:-1].partition(",")
    bounds = int(least), (int(most) if most else None) if comma else int(least)
    if max(bounds[0], bounds[1] or 0) > _MOST_REPETITIONS:
        raise PatternError(f"{token} repeats more than {_MOST_REPETITIONS} times")
    if bounds[1] is not None and bounds[1] < bounds[0]:
        raise PatternError(f"{token} repeats more often than is allowed")
    return bounds
