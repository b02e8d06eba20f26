"""The `hdv` command."""

import os

# Else pydantic looks for plugins in all installed packages: 0.1 s of each start, for none.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
