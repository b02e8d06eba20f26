"""Writes docs/errors.md: what is an error by default, why, and what Orthanc and pydicom do with it.

`python -m benchmarks.errors [FOLDER ...]`: the real files are those of the packages that are
installed for the tests, and those below the folders, packages unpacked for example. Of each code
one seeded defect is tried too, so that every row says something.
"""

import hashlib
import sys
import tempfile
import textwrap
import urllib.error
import urllib.request
import warnings
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from importlib.metadata import version
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import pydicom

from benchmarks import orthanc
from benchmarks.files import real_files
from contracts.report import Severity
from engine.examination import examine
from engine.profiles.profile import Profile
from engine.rule import Rule
from engine.rules.catalogue import RULES

PAGE = Path(__file__).parents[1] / "docs" / "errors.md"
_TESTS = Path(__file__).parents[1] / "tests"
_LARGEST = 1 << 28
"""Files beyond are left out, in bytes."""
_HEAD = """\
# What is an error, and what others do with it

Of every rule that is an error in the default profile one question was asked: **would a hospital be
right to refuse this file?** The answer is in the rule. What breaks the standard and leaves the file
as useful as before is a warning. A [site profile](site-profiles.md) can answer otherwise.

`python -m benchmarks.errors FOLDER ...` makes this page: it examines FILES real files (those that
come with pydicom, pydicom-data and pynetdicom, and those of the packages named below, unpacked into
the folders), and has Orthanc ORTHANC store and pydicom PYDICOM read and decode each file with an
error, and a small file made for the tests that has nothing but this wrong. *Stored*, *read* and
*decoded* are of how many; a file that is no image counts as decoded when it is read. A reader that
takes a file may still show something else than was sent: that is what most answers are about.

PACKAGES

| code | why a hospital may refuse it | real files | stored | read | decoded | the made file |
|---|---|---|---|---|---|---|
"""
_TAIL = """
Without a made file are errors that only several files or a site's own rules show.
"""


class Tried(NamedTuple):
    """What the others do with a file."""

    stored: bool | None
    """None if Orthanc crashes."""
    read: bool
    decoded: bool


class _Archive(ExitStack):
    """An Orthanc that is started again when it has crashed."""

    def __init__(self, program: str, directory: Path) -> None:
        super().__init__()
        self._program, self._directory, self._starts = program, directory, 0
        self._start()

    def _start(self) -> None:
        self._starts += 1
        directory = self._directory / str(self._starts)
        self._peer = self.enter_context(orthanc.Orthanc(self._program, directory))

    def store(self, content: bytes) -> bool | None:
        """Whether it takes a file; None if it crashes."""
        url = f"{self._peer.url}/instances"
        request = urllib.request.Request(url, content, method="POST")  # noqa: S310 -- our own
        try:
            with urllib.request.urlopen(request) as answer:  # noqa: S310 -- likewise
                return bool(answer.read())
        except urllib.error.HTTPError:
            return False
        except ConnectionError:
            self.close()
            self._start()
            return None


def error_rules() -> list[Rule]:
    """The rules that are errors by default, in the order of the catalogue; without a site's own."""
    return [
        rule for rule in RULES.values() if rule.severity is Severity.ERROR and rule.layer != "site"
    ]


def main(folders: Sequence[str]) -> int:
    """Examine, try, write the page."""
    program = orthanc.find()
    if program is None:
        sys.stderr.write("Orthanc is not installed.\n")
        return 1
    examined = 0
    of_code: defaultdict[str, list[bytes]] = defaultdict(list)
    for content in contents(folders):
        examined += 1
        for code in _errors(content, Profile()):
            of_code[code].append(content)
    with tempfile.TemporaryDirectory() as name, _Archive(program, Path(name)) as archive:
        real = {code: [_try(one, archive) for one in files] for code, files in of_code.items()}
        made = {code: _try(content, archive) for code, content in _made().items()}
    head = _HEAD.replace("FILES", str(examined)).replace("PYDICOM", version("pydicom"))
    head = head.replace("ORTHANC", orthanc.version(program))
    others = f"The packages: {', '.join(sorted(_packages(folders))) or 'none'}."
    head = head.replace("PACKAGES", textwrap.fill(others, 100))
    rows = [_row(rule, real.get(rule.code, []), made.get(rule.code)) for rule in error_rules()]
    PAGE.write_text(head + "".join(rows) + _TAIL, encoding="utf-8")
    return 0


def _packages(folders: Iterable[str]) -> Iterator[str]:
    """The packages in the folders, by the names of their files."""
    for folder in folders:
        for path in Path(folder).iterdir():
            if path.is_dir() and any(map(_is_dicom, path.rglob("*"))):
                name = path.name.removesuffix(".tgz").removesuffix(".tar.gz")
                yield name.partition("-py3")[0].replace("-", " ")


def contents(folders: Iterable[str]) -> Iterator[bytes]:
    """Each different file once."""
    known = set()
    paths = (path for folder in folders for path in sorted(Path(folder).rglob("*")))
    for path in (*real_files(), *paths):
        if _is_dicom(path):
            content = path.read_bytes()
            digest = hashlib.sha256(content).digest()
            if digest not in known:
                known.add(digest)
                yield content


def _is_dicom(path: Path) -> bool:
    if not path.is_file() or path.stat().st_size > _LARGEST:
        return False
    with path.open("rb") as file:
        return file.read(132)[128:] == b"DICM"


def _errors(content: bytes, profile: Profile) -> set[str]:
    findings = examine(content, profile).findings
    return {finding.code for finding in findings if finding.severity is Severity.ERROR}


def _made() -> dict[str, bytes]:
    """One seeded defect of each code, with as few other errors as there are."""
    sys.path.insert(0, str(_TESTS))
    from unit.engine.test_defects import DEFECTS  # noqa: PLC0415 -- tests are no package of ours

    fewest: dict[str, tuple[int, bytes]] = {}
    for defect in DEFECTS:
        if RULES[defect.code].severity is Severity.ERROR:
            others = len(_errors(defect.data, defect.profile))
            if defect.code not in fewest or others < fewest[defect.code][0]:
                fewest[defect.code] = (others, defect.data)
    return {code: content for code, (_, content) in fewest.items()}


def _try(content: bytes, archive: _Archive) -> Tried:
    stored = archive.store(content)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            dataset = pydicom.dcmread(BytesIO(content))
            dataset.to_json_dict(bulk_data_threshold=0, bulk_data_element_handler=lambda _: "")
    except Exception:  # noqa: BLE001 -- whatever it raises, it does not read the file
        return Tried(stored, read=False, decoded=False)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            decoded = "Rows" not in dataset or dataset.pixel_array is not None
    except Exception:  # noqa: BLE001 -- likewise
        decoded = False
    return Tried(stored, read=True, decoded=decoded)


def _row(rule: Rule, real: Sequence[Tried], made: Tried | None) -> str:
    counts = Counter[str]()
    for tried in real:
        counts.update(name for name, value in tried._asdict().items() if value)
    numbers = [str(counts[name]) if real else "" for name in Tried._fields]
    cells = [f"`{rule.code}`", rule.refusal, str(len(real) or ""), *numbers, _said(made)]
    return f"| {' | '.join(cells)} |\n"


def _said(made: Tried | None) -> str:
    if made is None:
        return ""
    read = "decoded" if made.decoded else "read" if made.read else "not read"
    stored = {True: "stored", False: "refused", None: "**crash**"}[made.stored]
    return f"{stored}, {read}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
