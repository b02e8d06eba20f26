"""Finds what the edition of 2020 says of an attribute that the current edition has."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from tools.standard.corrections import MISPLACED
from tools.standard.sources import Text, Texts
from tools.standard.vocabulary import TagPath, keyword_tag

GROUP_SEQUENCES: Final = frozenset({0x52009229, 0x52009230})
"""Shared and Per-Frame Functional Groups Sequence, below which the macros stand."""
_GROUPS_MODULE = "-multi-frame-functional-groups"


class Precedents:
    """The texts, found by module and path, or by the surroundings of the attribute."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts
        self._by_surroundings: dict[TagPath, list[Text]] = defaultdict(list)
        for owners in (texts.modules, texts.macros):
            for descriptions in owners.values():
                for path, found in descriptions.items():
                    self._by_surroundings[path[-2:]] += found
        self._group_macros: dict[int, list[str]] = defaultdict(list)
        for macro in sorted({macro for macros in texts.iod_groups.values() for macro in macros}):
            for sequence in (path[0] for path in texts.macros.get(macro, {}) if len(path) == 1):
                self._group_macros[sequence].append(macro)

    def exact(self, module: str, path: TagPath) -> Sequence[Text]:
        """The texts for that very place; several where alternative macros share it."""
        if path[0] in GROUP_SEQUENCES and len(path) > 1:
            return [
                text for macro in self._macros(module, path[1]) for text in macro.get(path[1:], ())
            ]
        # highdicom has this module once for each IOD.
        is_groups = module.endswith(_GROUPS_MODULE)
        texts = self._texts.modules.get(_GROUPS_MODULE[1:] if is_groups else module, {})
        return texts.get(path) or texts.get(_misplaced(module, path), ())

    def elsewhere(self, path: TagPath) -> Sequence[Text]:
        """The texts for the attribute in the same sequence, wherever that is."""
        return self._by_surroundings.get(path[-2:], ())

    def group_macros(self, sequence: int) -> Sequence[str]:
        """The functional group macros that consist of this sequence."""
        return self._group_macros.get(sequence, ())

    def _macros(self, module: str, sequence: int) -> Iterator[Mapping[TagPath, Sequence[Text]]]:
        """The macros behind a sequence, the IOD's own if they are known."""
        macros = self.group_macros(sequence)
        own = self._texts.iod_groups.get(module.removesuffix(_GROUPS_MODULE), {})
        for macro in [macro for macro in macros if macro in own] or macros:
            yield self._texts.macros[macro]


def _misplaced(module: str, path: TagPath) -> TagPath:
    """The path of an attribute in the tables of 2020, if they have it under a wrong sequence."""
    if module not in MISPLACED:
        return path
    right, wrong = map(keyword_tag, MISPLACED[module])
    return (wrong, *path[1:]) if path[0] == right else path
