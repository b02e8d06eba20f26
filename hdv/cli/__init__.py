"""The commands of `hdv` with their options; each loads what it needs when it runs."""

import os

# Otherwise pydantic looks for plugins in all installed packages: 0.1 s of each start, for none.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")

from hdv.cli.main import app

__all__ = ["app"]
