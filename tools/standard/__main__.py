"""Writes the facts of the standard: `python -m tools.standard`, or `make standard`."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from tools.standard import documentation, parsed, sources, vocabulary
from tools.standard.assembly import assemble, compress
from tools.standard.docbook import Books

FACTS = Path(__file__).parents[2] / "engine" / "standard" / "facts.json.xz"


def main(arguments: Sequence[str] | None = None) -> None:
    """Fetch the sources, write the facts and their numbers, tell what is in them."""
    options = _options(arguments)
    books = Books(options.source) if options.source else None
    if books:
        vocabulary.extend(books.dictionary(), books.names(), books.uids())
    with TemporaryDirectory() as directory:
        sources.fetch(Path(directory))
        wheels = sources.Wheels(Path(directory))
        tables = sources.read(wheels)
        facts = assemble(
            books.applied_to(tables) if books else tables, parsed.compile_parser(wheels)
        )
    content = compress(facts)
    options.facts.write_bytes(content)
    if options.facts == FACTS:
        documentation.write(facts["statistics"])
    for name, value in facts["statistics"].items():
        sys.stdout.write(f"{name.replace('_', ' '):40}{value:8}\n")
    sys.stdout.write(f"Edition {facts['edition']}: {len(content)} bytes in {options.facts.name}\n")


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tools.standard", description=__doc__)
    parser.add_argument(
        "--source",
        nargs="+",
        type=Path,
        metavar="PART",
        help="parts of the standard in DocBook: part03.xml part04.xml part06.xml",
    )
    parser.add_argument(
        "--facts", type=Path, default=FACTS, help="the file to write; by default that of the engine"
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    try:
        main()
    except sources.SourceError as error:
        sys.exit(f"The facts of the standard could not be built: {error}")
