"""`make spec` writes the document; `make spec-check` checks that it keeps its promises."""

import sys

from asyncapi.compatibility import breaking_changes, last_release
from asyncapi.document import DOCUMENT, parse
from tools.spec.generate import generate


def main(*arguments: str) -> int:
    """Write the document, or `check` it; returns the exit status."""
    if arguments not in {(), ("check",)}:
        raise SystemExit("usage: python -m tools.spec [check]")
    text = generate()
    if not arguments:
        DOCUMENT.write_text(text, encoding="utf-8")
        return 0
    problems = [str(change) for change in breaking_changes(last_release(), parse(text))]
    if problems:
        problems.append("Undo this, or raise the version in the event's `dataschema`.")
    if text != DOCUMENT.read_text(encoding="utf-8"):
        problems.append("asyncapi/asyncapi.yaml is not what the code generates: run `make spec`.")
    for problem in problems:
        print(problem, file=sys.stderr)  # noqa: T201 -- a command's output
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
