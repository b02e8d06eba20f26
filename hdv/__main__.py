"""The `hdv` command, also as `python -m hdv`."""

import sys

from hdv.cli import app
from hdv.exit import ExitCode, say

EXTRAS = {
    "upload": "client",
    "status": "client",
    "quarantine": "client",
    "events": "server",
    "index": "server",
    "up": "local",
}
"""The extra that a command needs, beyond the dependencies of `hdv validate`."""


def main() -> None:
    """Run the command line; a missing extra is one line that says what to install."""
    try:
        app(prog_name="hdv")
    except ModuleNotFoundError as error:
        extra = EXTRAS.get(next((word for word in sys.argv[1:] if not word.startswith("-")), ""))
        if extra is None:
            raise
        say(
            f"hdv: {error.name} is not installed: "
            f"pip install 'hybrid-dicom-validator[{extra}]' "
            f"(or uv tool install 'hybrid-dicom-validator[{extra}]')"
        )
        sys.exit(ExitCode.USAGE)


if __name__ == "__main__":
    main()
