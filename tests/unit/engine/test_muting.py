"""Libraries that read a file are muted."""

import logging
import warnings

import pytest

from engine.muting import muted


@pytest.mark.filterwarnings("default")
def test_neither_warnings_nor_logs_come_out_while_muted(caplog: pytest.LogCaptureFixture) -> None:
    with warnings.catch_warnings(record=True) as caught:
        with muted():
            warnings.warn("a patient's name", stacklevel=1)
            logging.getLogger("pydicom").critical("a patient's name")
        assert caught == []
        warnings.warn("later", stacklevel=1)
        logging.getLogger("pydicom").critical("later")
    assert [str(warning.message) for warning in caught] == ["later"]
    assert caplog.messages == ["later"]
