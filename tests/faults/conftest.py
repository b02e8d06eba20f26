"""Trials for the fault tests."""

from collections.abc import Callable
from pathlib import Path

import pytest

from faults.options import STUDIES_IN_SHORT
from faults.trial import Trial


@pytest.fixture
def trial(
    seed: int,
    request: pytest.FixtureRequest,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> Trial:
    """A trial; nothing runs yet."""
    studies = request.config.option.studies or STUDIES_IN_SHORT
    return Trial(seed, studies, tmp_path, lambda line: record_property("faults", line))
