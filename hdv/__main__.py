"""The `hdv` command, also as `python -m hdv`."""

from hdv.cli import app


def main() -> None:
    """Run the command line."""
    app(prog_name="hdv")


if __name__ == "__main__":
    main()
