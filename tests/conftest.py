"""How the tests are divided among the processes of pytest-xdist."""

from pathlib import Path

import pytest
from xdist.scheduler import LoadScopeScheduling

pytest_plugins = ["faults.options"]

EACH_ALONE = {
    "test_divided.py",
    "test_faults.py",
    "test_hdv_supervision.py",
    "test_hdv_validate_process.py",
    "test_redis.py",
    "test_whole_study.py",
}
"""Modules whose tests take long and share nothing: each of their tests may run anywhere."""


class _ByModule(LoadScopeScheduling):  # type: ignore[misc]  # it has no types
    """Keeps the tests of a module together, for they share what was started for the module.

    pytest-xdist 3.8 ignores its own marker for this, `xdist_group`, under pytest 9.2.
    """

    def _split_scope(self, nodeid: str) -> str:
        module = nodeid.partition("::")[0]
        is_alone = Path(module).name in EACH_ALONE or module.startswith("tests/faults/")
        return nodeid if is_alone else module


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> LoadScopeScheduling:
    """Take the modules in their order: those with processes, which take longest, come first."""
    config.option.loadscopereorder = False
    return _ByModule(config, log)
