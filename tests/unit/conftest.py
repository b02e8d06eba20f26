"""Unit tests need nothing, neither network nor environment; the disk's faults are made here."""

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from pytest_socket import disable_socket

# The same examples in every run, however slow the machine: no test depends on luck.
settings.register_profile("unit", deadline=None, database=None, derandomize=True, max_examples=60)
settings.load_profile("unit")

_ALWAYS_ON = 10**9


def pytest_runtest_setup() -> None:
    """Block the network; pytest-socket's own hook unblocks it after each test.

    Unix sockets stay: every event loop and every pool of processes is woken through one.
    """
    disable_socket(allow_unix_socket=True)


@pytest.fixture
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment without a single setting of ours, to be filled by the test."""
    for name in list(os.environ):
        if name.upper().startswith("HDV_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HDV_SECRETS_DIR", "/nonexistent")
    return monkeypatch


class PowerCutError(BaseException):
    """The machine is off: nothing catches it, and nothing happens to the disk after it."""


@pytest.fixture
def power_cut(monkeypatch: pytest.MonkeyPatch) -> Callable[[int, Callable[[], object]], bool]:
    """Does some work and cuts the power after so many changes to the disk.

    Returns whether the work was interrupted. Clean-up code changes nothing either: not before the
    power is back, which is when the call returns.
    """
    calls_left = _ALWAYS_ON

    def guarded(call: Callable[..., Any]) -> Callable[..., Any]:
        def change(*args: Any, **kwargs: Any) -> Any:
            nonlocal calls_left
            if calls_left == 0:
                raise PowerCutError
            calls_left -= 1
            return call(*args, **kwargs)

        return change

    for name in ("fsync", "link", "mkdir", "rename", "replace", "rmdir", "unlink"):
        monkeypatch.setattr(os, name, guarded(getattr(os, name)))

    def interrupted(calls: int, work: Callable[[], object]) -> bool:
        nonlocal calls_left
        calls_left = calls
        try:
            work()
        except PowerCutError:
            return True
        finally:
            calls_left = _ALWAYS_ON
        return False

    return interrupted


@pytest.fixture
def two_file_systems(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Makes each directory directly below `tmp_path` a file system of its own."""

    def volume(path: Any) -> str:
        return Path(path).relative_to(tmp_path).parts[0]

    def within_one(call: Callable[..., Any]) -> Callable[..., Any]:
        def refuse(source: Any, target: Any, **kwargs: Any) -> Any:
            if volume(source) != volume(target):
                raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))
            return call(source, target, **kwargs)

        return refuse

    monkeypatch.setattr(os, "rename", within_one(os.rename))
    monkeypatch.setattr(os, "link", within_one(os.link))
