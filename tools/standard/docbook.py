"""The tables of the standard out of its DocBook XML: `--source part03.xml part06.xml ...`.

NEMA publishes each part as DocBook 5. Read are the tables of IODs, modules, macros and functional
groups of part 3, the SOP classes of part 4, the data dictionary and UIDs of part 6. What a part
does not have stays as the packages of PyPI have it.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from html import escape
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree as ET

from tools.standard.sources import Attribute, SourceError, Sources, Text, Texts, Usage
from tools.standard.vocabulary import TagPath

_NAMESPACE = "{http://docbook.org/ns/docbook}"
_ID = "{http://www.w3.org/XML/1998/namespace}id"
_EDITION = re.compile(r"PS3\.(\d+) (\d{4}[a-z])")
_TAG = re.compile(r"\(([0-9A-Fa-fx]{4}),([0-9A-Fa-fx]{4})\)")
_TYPE = re.compile(r"1C?|2C?|3")
_INCLUDE = re.compile(r"^(>*)\s*include\b", re.IGNORECASE)
_UID = re.compile(r"[0-2](?:\.(?:0|[1-9]\d*))+")
_ATTRIBUTES = re.compile(r"^(?P<name>.*?) (?P<kind>Module|Macro)(?: Table)? Attributes$")
_MODULES = re.compile(r"^(?P<name>.*?) IOD Modules$")
_GROUPS = re.compile(r"^(?P<name>.*?) Functional Group Macros$")
_SHARED, _PER_FRAME = 0x52009229, 0x52009230
_GROUPS_MODULE = "multi-frame-functional-groups"
_DEEPEST = 32

Node = ET.Element


class _Row(NamedTuple):
    """An attribute in a table, or the inclusion of another table."""

    depth: int
    tag: int | None
    type: str
    text: Text
    included: str
    """The id of the table; empty for an attribute."""


class Books:
    """The parts of the standard that were given.

    Args:
        paths: of the XML files, in any order.

    Raises:
        SourceError: a file is no part of the standard, or they are of several editions.
    """

    def __init__(self, paths: Iterable[Path]) -> None:
        self._parts: dict[int, Node] = {}
        editions = set()
        for path in paths:
            root = _parse(path)
            number, edition = _part(root, path)
            self._parts[number] = root
            editions.add(edition)
        if len(editions) != 1:
            raise SourceError(f"the parts are of several editions: {', '.join(sorted(editions))}")
        [self.edition] = editions
        part = self._parts.get(3)
        self._tables = {} if part is None else {_id(table): table for table in _all(part, "table")}
        self._sections = (
            {} if part is None else {_id(section): section for section in _all(part, "section")}
        )

    @property
    def parts(self) -> list[int]:
        """The numbers of the parts."""
        return sorted(self._parts)

    def applied_to(self, sources: Sources) -> Sources:
        """The sources with what the parts say in place of what the packages say."""
        versions = {**sources.versions, **{f"PS3.{part}": self.edition for part in self.parts}}
        sources = sources._replace(edition=self.edition, versions=versions)
        if 4 in self._parts:
            sources = sources._replace(sop_classes={**sources.sop_classes, **self._sop_classes()})
        return self._with_part_3(sources) if 3 in self._parts else sources

    def dictionary(self) -> dict[str, tuple[str, str, str, int]]:
        """Keyword, VR, VM and whether retired, by tag (PS3.6 6 to 9)."""
        entries = {}
        for cells in self._rows_of_part_6():
            match = _TAG.fullmatch(cells[0]) if len(cells) >= 5 else None
            if match and cells[2]:
                tag = f"{match[1]}{match[2]}".upper().replace("X", "x")
                retired = int("RET" in " ".join(cells[5:]))
                entries[tag] = (cells[2], cells[3], cells[4], retired)
        return entries

    def names(self) -> dict[str, str]:
        """The names of attributes, by tag, as `dictionary` has it."""
        return {
            "".join(match.groups()).upper().replace("X", "x"): cells[1]
            for cells in self._rows_of_part_6()
            if len(cells) >= 5 and (match := _TAG.fullmatch(cells[0]))
        }

    def uids(self) -> dict[str, tuple[str, str, int]]:
        """Name, type and whether retired, by UID (PS3.6 A)."""
        entries = {}
        for cells in self._rows_of_part_6():
            if len(cells) >= 4 and _UID.fullmatch(cells[0]):
                # The table has had a column of keywords since 2016.
                kind = cells[3] if len(cells) >= 5 else cells[2]
                name = cells[1].removesuffix(" (Retired)")
                entries[cells[0]] = (name, kind, int(name != cells[1]))
        return entries

    def _rows_of_part_6(self) -> Iterator[list[str]]:
        part = self._parts.get(6)
        for table in () if part is None else _all(part, "table"):
            for row in _rows(table):
                yield [_words(cell) for cell in row]

    def _sop_classes(self) -> dict[str, str]:
        """The IOD of each storage SOP class (PS3.4 B.5): its section of part 3 has the modules."""
        found = {}
        for table in _all(self._parts[4], "table"):
            for row in _rows(table):
                uid = _words(row[1]) if len(row) >= 3 else ""
                links = [link.get("targetptr", "") for cell in row[2:] for link in _links(cell)]
                iods = [iod for link in links if (iod := self._iod_of_section(link))]
                if _UID.fullmatch(uid) and iods:
                    found[uid] = iods[0]
        return found

    def _iod_of_section(self, identity: str) -> str | None:
        section = self._sections.get(identity)
        for table in () if section is None else _all(section, "table"):
            if match := _MODULES.match(_caption(table)):
                return _slug(match["name"])
        return None

    def _with_part_3(self, sources: Sources) -> Sources:
        iods = dict(sources.iods)
        modules = dict(sources.modules)
        names = dict(sources.module_names)
        texts: dict[str, Mapping[TagPath, list[Text]]] = {}
        macros: dict[str, Mapping[TagPath, list[Text]]] = {}
        for key, title, kind, rows in self._attribute_tables():
            found = _texts(rows)
            if kind == "Macro":
                macros[key] = found
                continue
            texts[key], names[key] = found, title
            modules[key] = [Attribute(path, type_) for path, type_ in _types(rows).items()]
        usages = self._usages(_MODULES)
        groups = self._usages(_GROUPS)
        for iod, usage in usages.items():
            iods[iod] = [(module, used.usage) for module, used in usage.items()]
        for iod, used in groups.items():
            modules[f"{iod}-{_GROUPS_MODULE}"] = self._groups(used, modules)
            iods[iod] = [
                (f"{iod}-{_GROUPS_MODULE}" if module == _GROUPS_MODULE else module, usage)
                for module, usage in iods.get(iod, [])
            ]
        old = sources.texts
        new = Texts(
            modules={**old.modules, **texts},
            macros={**old.macros, **macros},
            iod_modules={**old.iod_modules, **usages},
            iod_groups={**old.iod_groups, **groups},
            sections={**old.sections, **self._texts_of_sections()},
        )
        return sources._replace(iods=iods, modules=modules, module_names=names, texts=new)

    def _groups(
        self, used: Mapping[str, Usage], modules: Mapping[str, Iterable[Attribute]]
    ) -> list[Attribute]:
        """The functional groups of an IOD, shared and for each frame."""
        found = list(modules.get(_GROUPS_MODULE, ()))
        for key, _, kind, rows in self._attribute_tables():
            if kind == "Macro" and key in used:
                for sequence in (_SHARED, _PER_FRAME):
                    for path, type_ in _types(rows).items():
                        found.append(Attribute((sequence, *path), type_))
        return list(dict.fromkeys(found))

    def _attribute_tables(self) -> Iterator[tuple[str, tuple[str, str], str, list[_Row]]]:
        """Key, name and section, kind, and rows of each module and macro."""
        for identity, section in self._sections.items():
            for table in section.findall(f"{_NAMESPACE}table"):
                match = _ATTRIBUTES.match(_caption(table))
                if match:
                    title = (match["name"], identity.removeprefix("sect_"))
                    rows = list(self._expanded(_id(table), 0, ()))
                    yield _slug(match["name"]), title, match["kind"], rows

    def _expanded(self, table: str, depth: int, above: tuple[str, ...]) -> Iterator[_Row]:
        """The attributes of a table, those of the macros that it includes in their place."""
        if table in above or len(above) > _DEEPEST or table not in self._tables:
            return
        for row in map(_row, _rows(self._tables[table])):
            if row is None:
                continue
            if row.included:
                yield from self._expanded(row.included, depth + row.depth, (*above, table))
            else:
                yield row._replace(depth=depth + row.depth)

    def _usages(self, caption: re.Pattern[str]) -> dict[str, dict[str, Usage]]:
        """The modules or functional groups of each IOD, with their usage."""
        found: dict[str, dict[str, Usage]] = {}
        for table in self._tables.values():
            match = caption.match(_caption(table))
            if not match:
                continue
            parts = found.setdefault(_slug(match["name"]), {})
            for row in _rows(table):
                # The first column of IODs, the entity, has cells of several rows.
                *_, name, _, usage = [""] * 3 + [_words(cell) for cell in row]
                letter, _, condition = usage.partition("-")
                if letter.strip() in {"M", "C", "U"}:
                    parts[_slug(name)] = Usage(letter.strip(), condition.strip())
        return found

    def _texts_of_sections(self) -> dict[str, str]:
        return {
            identity: _html(section, with_title=True)
            for identity, section in self._sections.items()
            if section.find(f"{_NAMESPACE}variablelist") is not None
        }


def _parse(path: Path) -> Node:
    try:
        return ET.parse(path).getroot()  # noqa: S314 -- a file of one's own
    except (OSError, ET.ParseError) as error:
        raise SourceError(f"{path.name} cannot be read as XML: {error}") from error


def _part(root: Node, path: Path) -> tuple[int, str]:
    """The number of a part and its edition."""
    for kind in ("subtitle", "title"):
        for node in root.iter(f"{_NAMESPACE}{kind}"):
            if match := _EDITION.search(_words(node)):
                return int(match[1]), match[2]
    raise SourceError(f"{path.name} does not say which part of DICOM it is, and of which edition")


def _all(root: Node, kind: str) -> Iterator[Node]:
    return root.iter(f"{_NAMESPACE}{kind}")


def _id(node: Node) -> str:
    return node.get(_ID, "")


def _links(node: Node) -> Iterator[Node]:
    """The references to other parts."""
    return node.iter(f"{_NAMESPACE}olink")


def _caption(table: Node) -> str:
    caption = table.find(f"{_NAMESPACE}caption")
    return "" if caption is None else _words(caption)


def _rows(table: Node) -> Iterator[list[Node]]:
    body = table.find(f"{_NAMESPACE}tbody")
    for row in () if body is None else body.findall(f"{_NAMESPACE}tr"):
        yield row.findall(f"{_NAMESPACE}td")


def _words(node: Node) -> str:
    return " ".join("".join(node.itertext()).replace("\u200b", "").split())


def _slug(name: str) -> str:
    """A name as highdicom writes it as a key: `ct-image`."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower().replace("'", "")).strip("-")


def _row(cells: list[Node]) -> _Row | None:
    """A row of a table of attributes; None if it is a heading."""
    if not cells:
        return None
    name = _words(cells[0])
    if match := _INCLUDE.match(name):
        link = next(cells[0].iter(f"{_NAMESPACE}xref"), None)
        target = "" if link is None else link.get("linkend", "")
        return _Row(len(match[1]), None, "", Text(""), target) if target else None
    tag = _TAG.fullmatch(_words(cells[1])) if len(cells) > 1 else None
    if tag is None:
        return None
    depth = len(name) - len(name.lstrip(">"))
    number = int((tag[1] + tag[2]).lower().replace("x", "0"), 16)
    type_ = _words(cells[2]) if len(cells) > 3 else "3"
    links = (link.get("linkend", "") for link in cells[-1].iter(f"{_NAMESPACE}xref"))
    sections = tuple(link for link in links if link.startswith("sect_"))
    text = Text(_html(cells[-1]), sections)
    return _Row(depth, number, type_ if _TYPE.fullmatch(type_) else "3", text, "")


def _paths(rows: Iterable[_Row]) -> Iterator[tuple[TagPath, _Row]]:
    path: TagPath = ()
    for row in rows:
        if row.tag is not None:
            path = (*path[: row.depth], row.tag)
            yield path, row


def _types(rows: Iterable[_Row]) -> dict[TagPath, str]:
    """The type of each attribute; of one that is there twice, as in alternatives, the first."""
    types: dict[TagPath, str] = {}
    for path, row in _paths(rows):
        types.setdefault(path, row.type)
    return types


def _texts(rows: Iterable[_Row]) -> dict[TagPath, list[Text]]:
    texts: dict[TagPath, list[Text]] = {}
    for path, row in _paths(rows):
        texts.setdefault(path, []).append(row.text)
    return texts


def _title(node: Node) -> str:
    title = node.find(f"{_NAMESPACE}title")
    return "" if title is None else _words(title)


_HTML = {
    "para": "p",
    "listitem": "li",
    "term": "dt",
    "note": "div",
    "table": "table",
    "tr": "tr",
    "th": "th",
    "td": "td",
}


def _html(node: Node, *, with_title: bool = False) -> str:
    """The content of a cell or section in the HTML that descriptions are read from."""
    parts = []
    if with_title:
        label = node.get("label", _id(node).removeprefix("sect_"))
        parts.append(f"<h4>{escape(f'{label} {_title(node)}')}</h4>")
    parts += [escape(node.text or ""), *map(_html_of_child, node)]
    return "".join(parts)


def _html_of_child(node: Node) -> str:
    kind = node.tag.removeprefix(_NAMESPACE)
    after = escape(node.tail or "")
    if kind in {"section", "caption"}:  # a section of its own; the title of a table
        return after
    if kind == "title":  # its owner has it
        return after
    if kind == "xref":
        return f"{escape(node.get('linkend', '').removeprefix('sect_'))}{after}"
    tag, content = _HTML.get(kind, ""), _html(node)
    if kind == "variablelist":
        return f"<strong>{escape(_title(node))}</strong><dl>{content}</dl>{after}"
    if kind == "note":
        content = f"<h3>Note</h3>{content}"
    return f"<{tag}>{content}</{tag}>{after}" if tag else content + after
