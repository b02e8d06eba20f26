"""Writes docs/problems.md: every problem type of the HTTP interfaces. `make docs` runs it."""

import sys
from http import HTTPStatus
from itertools import groupby
from pathlib import Path
from textwrap import fill

from chassis.web.problem_types import ProblemType

PAGE = Path(__file__).parents[1] / "docs" / "problems.md"
"""The committed page."""

_INTRODUCTION = """\
# Problems

<!-- `make docs` writes this page from `chassis/web/problem_types.py`. -->

An error is answered with `application/problem+json` (RFC 9457):

```json
{
  "type": "urn:hdv:problem:not-archived",
  "title": "Study not archived",
  "status": 404,
  "detail": "Study 0b1c9c5e-… is not in the archive; its status is 'failed'."
}
```

`type` and `status` never change their meaning; a client should rely on them and show `title` and
`detail`. `detail` says what is wrong in this case. A type is `urn:hdv:problem:` and one of the
names below. If trying again can help, the response has `Retry-After`.
"""
_WIDTH = 100

RFC_9110 = {413: "Content Too Large", 416: "Range Not Satisfiable", 422: "Unprocessable Content"}
"""Names of statuses (RFC 9110 15) for which Python before 3.13 has older ones."""


def page() -> str:
    """All problem types in Markdown, by status and name."""
    sections = [_INTRODUCTION]
    kinds = sorted(ProblemType, key=lambda kind: (kind.status, kind.slug))
    for status, same in groupby(kinds, key=lambda kind: kind.status):
        sections.append(f"## {_heading(status)}\n")
        sections.extend(_entry(kind) for kind in same)
    return "\n".join(sections)


def _heading(status: int) -> str:
    try:
        return f"{status} {RFC_9110.get(status) or HTTPStatus(status).phrase}"
    except ValueError:  # not a status of HTTP, such as 499
        return str(status)


def _entry(kind: ProblemType) -> str:
    paragraphs = (f"**{kind.title}.** {kind.description}", f"*Fix:* {kind.fix}")
    wrapped = (fill(text, _WIDTH, break_long_words=False) for text in paragraphs)
    return f"### `{kind.slug}`\n\n" + "\n\n".join(wrapped) + "\n"


def main() -> int:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
