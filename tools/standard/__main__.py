"""Writes the facts of the standard: `python -m tools.standard`, or `make standard`."""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tools.standard import documentation, parsed, sources
from tools.standard.assembly import assemble, compress

FACTS = Path(__file__).parents[2] / "engine" / "standard" / "facts.json.xz"


def main() -> None:
    """Fetch the sources, write the facts and their numbers, tell what is in them."""
    with TemporaryDirectory() as directory:
        sources.fetch(Path(directory))
        wheels = sources.Wheels(Path(directory))
        facts = assemble(sources.read(wheels), parsed.compile_parser(wheels))
    content = compress(facts)
    FACTS.write_bytes(content)
    documentation.write(facts["statistics"])
    for name, value in facts["statistics"].items():
        sys.stdout.write(f"{name.replace('_', ' '):40}{value:8}\n")
    sys.stdout.write(f"Edition {facts['edition']}: {len(content)} bytes in {FACTS.name}\n")


if __name__ == "__main__":
    try:
        main()
    except sources.SourceError as error:
        sys.exit(f"The facts of the standard could not be built: {error}")
