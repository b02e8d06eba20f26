"""The backends that the contract of the storage port is tested against."""

from pathlib import Path

import pytest

from contracts.places import Place
from storage.file_store import FileStore
from storage.memory_store import MemoryStore
from storage.port import Store


@pytest.fixture(params=["file system", "two file systems", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    if request.param == "memory":
        return MemoryStore()
    if request.param == "two file systems":
        request.getfixturevalue("two_file_systems")
    store = FileStore(tmp_path / "uploads", tmp_path / "quarantine", tmp_path / "archive")
    store.prepare(Place)
    return store
