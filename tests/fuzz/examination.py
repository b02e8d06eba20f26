"""Coverage-guided fuzzing of walker and engine: bytes in, a report out, always.

`make fuzz` runs it; arguments are those of libFuzzer. Starts from small real files
and the clean files of the tests, which have every kind of document and codestream. What raises,
hangs or grows is written to the current directory as ``crash-*``, ``timeout-*`` or ``oom-*``.
"""

import sys
import tempfile
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["validator"], enable_loader_override=False):
    from engine.encoding.vr import NAMES
    from engine.examination import examine
    from engine.profiles.profile import Limits, Profile

_LARGEST_SEED = 20_000
_WORDS = (
    *(f'"{vr}"' for vr in NAMES if vr),
    r'"\xfe\xff\x00\xe0\xff\xff\xff\xff"',
    r'"\xfe\xff\x0d\xe0\x00\x00\x00\x00"',
    r'"\xfe\xff\xdd\xe0\x00\x00\x00\x00"',
    r'"\xe0\x7f\x10\x00"',
    r'"\x08\x00\x05\x00"',
    r'"\x28\x00\x10\x00"',
    r'"\x09\x52\x29\x92"',
    r'"\xff\xd8\xff"',
    r'"\xff\x4f\xff\x51"',
    r'"\x00\x00\x01\x67"',
    r'"\x00\x00\x01\xb3"',
    '"ftypmoov"',
    '"startxref"',
    '"%%EOF"',
    '"endsolid"',
    r'"1.2.840.10008.1.2.4.50"',
)

# Small limits: what is found behind them is found before them too.
PROFILES = [
    Profile(limits=Limits(max_elements=20_000, max_inflated_bytes=1 << 20)),
    Profile(
        show_values=True, limits=Limits(max_depth=8, max_elements=500, max_findings_per_code=3)
    ),
]


def examine_bytes(data: bytes) -> None:
    """One input: examined under each profile, and again, since a pure function repeats itself."""
    for profile in PROFILES:
        first, second = examine(data, profile), examine(data, profile)
        if first.findings != second.findings:
            raise AssertionError("the same bytes gave two reports")


def _seeds(directory: Path) -> None:
    spec = find_spec("pydicom")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("the package pydicom is not installed")
    for file in sorted((Path(spec.origin).parent / "data" / "test_files").rglob("*")):
        if file.is_file() and file.stat().st_size <= _LARGEST_SEED:
            (directory / file.name).write_bytes(file.read_bytes())
    sys.path.append(str(Path(__file__).parents[1]))
    catalogue = import_module("unit.engine.clean.catalogue")
    for name, clean in catalogue.CLEAN.items():
        (directory / name).write_bytes(clean.encode())


def main() -> None:
    """Fuzz until libFuzzer's limits end it."""
    with tempfile.TemporaryDirectory() as name:
        corpus, words = Path(name) / "corpus", Path(name) / "words"
        corpus.mkdir()
        _seeds(corpus)
        words.write_text("\n".join(_WORDS) + "\n")
        options = ["-timeout=10", "-rss_limit_mb=2048", "-max_len=40000", f"-dict={words}"]
        atheris.Setup([sys.argv[0], *options, *sys.argv[1:], str(corpus)], examine_bytes)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
