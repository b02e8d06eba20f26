"""Reads formulas: text in, statement out.

    statement  ::=  and ("or" and)*
    and        ::=  not ("and" not)*
    not        ::=  "not" not | "(" statement ")" | sum COMPARISON sum
                 |  PRESENCE "(" path ")" | "exists" "(" path ")" | ORDER "(" sum ")"
    sum        ::=  product (("+" | "-") product)*
    product    ::=  atom (("*" | "/") atom)*
    atom       ::=  constant | "(" constant ("," constant)* ")" | path
                 |  ("items" | "values" | "characters") "(" path ")"
                 |  "tag" "(" path ("," path)* ")"
                 |  "matching" "(" path "," path ")" | AGGREGATE "(" sum ")"
    constant   ::=  ["-"] NUMBER | "'" TEXT "'"
    path       ::=  ["dataset." | "meta." | ("outer.")+] KEYWORD ("." KEYWORD)* ["[" NUMBER "]"]

The names are those in `engine.formulas.terms` and `engine.formulas.statements`.
"""

import re
from functools import lru_cache

from engine.encoding.values import Value
from engine.formulas.statements import (
    COMPARISONS,
    ORDERS,
    PRESENCE,
    Combination,
    Comparison,
    Existence,
    Negation,
    Order,
    Presence,
    Statement,
)
from engine.formulas.terms import (
    AGGREGATES,
    Aggregated,
    Calculated,
    Constant,
    Counted,
    Matching,
    Path,
    Tags,
    Term,
)
from engine.standard.facts import tag_of

_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d+)?)|'(?P<text>[^'\\]*)'|(?P<name>[A-Za-z][\w.]*)"
    r"|(?P<sign>==|!=|<=|>=|[<>()\[\],*/+-]))"
)
_STARTS = ("dataset", "outer", "meta")
_LONGEST = 1000
"""The longest formula in characters, which also bounds how deeply its parts are nested."""
_DEEPEST = 20


class FormulaError(ValueError):
    """A text that is no formula."""


@lru_cache(1024)
def parsed(text: str) -> Statement:
    """The statement that a formula makes.

    Raises:
        FormulaError: it is none; the text says what is wrong.
    """
    if len(text) > _LONGEST:
        raise FormulaError(f"a formula has at most {_LONGEST} characters")
    parser = _Parser(text)
    statement = parser.statement()
    parser.finish()
    return statement


class _Parser:
    """Goes through the tokens of one text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._position = 0
        self._depth = 0
        self._kind: str = ""
        self._token: str = ""
        self._advance()

    def statement(self) -> Statement:
        """A whole statement."""
        self._depth += 1
        if self._depth > _DEEPEST:
            raise FormulaError(f"more than {_DEEPEST} brackets in one another")
        parts = [self._conjunction()]
        while self._take("or"):
            parts.append(self._conjunction())
        self._depth -= 1
        return parts[0] if len(parts) == 1 else Combination("or", tuple(parts))

    def finish(self) -> None:
        """Nothing may follow."""
        if self._kind:
            raise self._error("'and', 'or' or the end")

    def _conjunction(self) -> Statement:
        parts = [self._single()]
        while self._take("and"):
            parts.append(self._single())
        return parts[0] if len(parts) == 1 else Combination("and", tuple(parts))

    def _single(self) -> Statement:
        if self._take("not"):
            return Negation(self._single())
        if self._take("("):
            statement = self.statement()
            self._demand(")")
            return statement
        if self._kind == "name" and self._token in PRESENCE:
            return Presence(self._advance(), self._bracketed_path())
        if self._take("exists"):
            return Existence(self._bracketed_path())
        if self._kind == "name" and self._token in ORDERS:
            return Order(self._advance(), self._bracketed_sum())
        left = self._sum()
        return Comparison(left, self._comparison(), self._sum())

    def _comparison(self) -> str:
        if self._take("not"):
            self._demand("in")
            return "not in"
        if self._kind in {"sign", "name"} and self._token in COMPARISONS:
            return self._advance()
        raise self._error("a comparison")

    def _sum(self) -> Term:
        term = self._product()
        while self._kind == "sign" and self._token in {"+", "-"}:
            term = Calculated(term, self._advance(), self._product())
        return term

    def _product(self) -> Term:
        term = self._atom()
        while self._kind == "sign" and self._token in {"*", "/"}:
            term = Calculated(term, self._advance(), self._atom())
        return term

    def _atom(self) -> Term:
        if self._kind != "name":
            return Constant(self._constants())
        if self._token in {"items", "values", "characters"}:
            return Counted(self._advance(), self._bracketed_path())
        if self._take("tag"):
            return self._tags()
        if self._take("matching"):
            return self._matching()
        if self._token in AGGREGATES:
            return Aggregated(self._advance(), self._bracketed_sum())
        return self._path()

    def _constants(self) -> tuple[Value, ...]:
        if not self._take("("):
            return (self._constant(),)
        constants = [self._constant()]
        while self._take(","):
            constants.append(self._constant())
        self._demand(")")
        return tuple(constants)

    def _constant(self) -> Value:
        sign = -1 if self._take("-") else 1
        if self._kind == "number":
            token = self._advance()
            return sign * (float(token) if "." in token else int(token))
        if self._kind == "text" and sign == 1:
            return self._advance()
        raise self._error("an attribute, a number or a text")

    def _tags(self) -> Term:
        self._demand("(")
        paths = [self._path()]
        while self._take(","):
            paths.append(self._path())
        self._demand(")")
        return Tags(tuple(paths))

    def _matching(self) -> Term:
        self._demand("(")
        path = self._path()
        self._demand(",")
        key = self._path()
        self._demand(")")
        return Matching(path, key)

    def _bracketed_path(self) -> Path:
        self._demand("(")
        path = self._path()
        self._demand(")")
        return path

    def _bracketed_sum(self) -> Term:
        self._demand("(")
        term = self._sum()
        self._demand(")")
        return term

    def _path(self) -> Path:
        if self._kind != "name":
            raise self._error("an attribute")
        names = self._advance().split(".")
        starts = [names.pop(0)] if names[0] in _STARTS else []
        while starts[:1] == ["outer"] and names[:1] == ["outer"]:
            starts.append(names.pop(0))
        start = ".".join(starts)
        tags = []
        for name in names:
            if (tag := tag_of(name)) is None:
                raise FormulaError(f"unknown element '{name}'")
            tags.append(tag)
        if not tags:
            raise FormulaError(f"an attribute is missing after '{start}'")
        position = None
        if self._take("["):
            if not self._token.isdigit() or int(self._token) < 1:
                raise self._error("the number of a value, from 1")
            position = int(self._advance())
            self._demand("]")
        return Path(start, tuple(tags), position)

    def _take(self, token: str) -> bool:
        if self._kind in {"sign", "name"} and self._token == token:
            self._advance()
            return True
        return False

    def _demand(self, token: str) -> None:
        if not self._take(token):
            raise self._error(f"'{token}'")

    def _advance(self) -> str:
        """Go on to the next token; returns the one that was current."""
        before = self._token
        if not self._text[self._position :].strip():
            self._kind = self._token = ""
            return before
        match = _TOKEN.match(self._text, self._position)
        if match is None:
            rest = self._text[self._position :].strip()
            raise FormulaError(f"'{rest[:20]}' is not understood")
        self._position = match.end()
        self._kind = match.lastgroup or ""
        self._token = match[self._kind]
        return before

    def _error(self, expected: str) -> FormulaError:
        found = f"'{self._token}'" if self._kind else "the end"
        return FormulaError(f"expected {expected}, found {found}")
