"""Which tests run side by side: all but those that share what was started for them."""

from pathlib import Path

import pytest

_WITH_PROCESSES = {"integration", "browser"}


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Group the tests of a module whose fixtures outlive a test; all others run anywhere."""
    here = Path(__file__).parent
    for item in items:
        if item.path.relative_to(here).parts[0] in _WITH_PROCESSES and _shares(item):
            item.add_marker(pytest.mark.xdist_group(item.path.stem))


def _shares(item: pytest.Item) -> bool:
    """Whether a test uses what was started for a whole module or session of ours."""
    if not isinstance(item, pytest.Function):
        return False
    definitions = item._fixtureinfo.name2fixturedefs
    return any(
        definition.scope in {"module", "session"} and definition.baseid
        for fixtures in definitions.values()
        for definition in fixtures
    )
