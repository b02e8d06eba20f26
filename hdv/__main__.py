"""`python -m hdv` is the `hdv` command."""

from hdv.cli import app

app(prog_name="hdv")
