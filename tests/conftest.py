"""Which tests may run beside each other: those with processes and ports of their own may not."""

from pathlib import Path

import pytest

_IN_TURN = {"integration", "browser"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give them all to one worker of pytest-xdist (`--dist loadgroup`)."""
    here = Path(__file__).parent
    for item in items:
        if item.path.relative_to(here).parts[0] in _IN_TURN:
            item.add_marker(pytest.mark.xdist_group("in turn"))
