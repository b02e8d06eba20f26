"""YAML (and so JSON) of texts, lists and mappings, with the line and column of everything.

Scalars stay as they are written: `NO` is the text NO and no boolean, `1.10` no number that loses
its zero. What they mean is up to the reader, who knows what is expected in each place.
"""

import re
from collections.abc import Sequence
from typing import Any

import yaml

from engine.profile_files.errors import Mistake

_DEEPEST = 16
_NULL = re.compile(r"~|null|Null|NULL|")


class Document:
    """A YAML document.

    Attributes:
        content: what it holds: texts, lists and dictionaries; None if it can't be read at all.
        mistakes: what is wrong with it as YAML.
    """

    def __init__(self, encoded: bytes) -> None:
        self.mistakes: list[Mistake] = []
        self.content: Any = None
        self._root: yaml.Node | None = None
        try:
            self._root = _Loader(encoded.decode()).get_single_node()
        except UnicodeDecodeError as error:
            line = encoded.count(b"\n", 0, error.start) + 1
            self.mistakes.append(Mistake(line, 1, "this is not UTF-8 text"))
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            self._note(mark, ", ".join(filter(None, (error.context, error.problem))))
        except yaml.YAMLError as error:
            self.mistakes.append(Mistake(0, 0, f"this is not YAML: {str(error).splitlines()[0]}"))
        else:
            self.content = {} if self._root is None else self._value(self._root)

    def place_of(self, path: Sequence[str | int], *, key: bool = False) -> tuple[int, int]:
        """Line and column of the value at a path of keys and indices, or of the nearest one.

        Args:
            path: from the top.
            key: whether the last key itself is meant, not its value.
        """
        node, mark = self._root, self._root and self._root.start_mark
        for number, step in enumerate(path, start=1):
            if isinstance(node, yaml.MappingNode):
                if found := _entry(node, step):
                    name, node = found
                    is_key_meant = key and number == len(path)
                    is_on_line = isinstance(node, yaml.ScalarNode) and not is_key_meant
                    mark = node.start_mark if is_on_line else name.start_mark
            elif isinstance(node, yaml.SequenceNode) and isinstance(step, int):
                node = node.value[step]
                mark = node.start_mark
        return (mark.line + 1, mark.column + 1) if mark else (1, 1)

    def _value(self, node: yaml.Node) -> Any:  # noqa: ANN401 -- whatever the file holds
        if isinstance(node, yaml.SequenceNode):
            return [self._value(item) for item in node.value]
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node)
        if isinstance(node, yaml.ScalarNode) and not node.style and _NULL.fullmatch(node.value):
            self._note(node.start_mark, "a value is missing here")
        return node.value

    def _mapping(self, node: yaml.MappingNode) -> dict[str, Any]:
        content: dict[str, Any] = {}
        lines: dict[str, int] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                self._note(key.start_mark, "a key must be a plain text")
            elif key.value in content:
                text = f"'{key.value}' is here twice; the first is in line {lines[key.value]}"
                self._note(key.start_mark, text)
            else:
                content[key.value] = self._value(value)
                lines[key.value] = key.start_mark.line + 1
        return content

    def _note(self, mark: yaml.Mark | None, text: str) -> None:
        line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        self.mistakes.append(Mistake(line, column, text))


class _Loader(yaml.SafeLoader):
    """Refuses what small files do without and large ones can be made of."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event: yaml.Event = self.peek_event()  # type: ignore[no-untyped-call]
        problem = None
        if isinstance(event, yaml.AliasEvent):
            problem = "aliases are not supported"
        elif self._depth >= _DEEPEST:
            problem = "this is nested too deep"
        if problem:
            mark = event.start_mark
            raise yaml.MarkedYAMLError(
                problem=problem, problem_mark=mark if isinstance(mark, yaml.Mark) else None
            )
        self._depth += 1
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node


def _entry(node: yaml.MappingNode, key: str | int) -> tuple[yaml.Node, yaml.Node] | None:
    """The nodes of a key and its value; None if the mapping has no such key."""
    return next((entry for entry in node.value if entry[0].value == key), None)
