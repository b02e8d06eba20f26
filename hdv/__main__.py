"""The `hdv` command, also as `python -m hdv`."""

import gc

# While modules are imported there is no garbage, but objects that stay, which the collector would
# look through again and again: a tenth of the time until a command begins.
gc.set_threshold(50_000, 10, 10)

from hdv.cli import app  # noqa: E402 -- see above


def main() -> None:
    """Run the command line."""
    try:
        app(prog_name="hdv")
    finally:
        # Python would look for garbage several times, in a memory that is released at once.
        gc.freeze()


if __name__ == "__main__":
    main()
