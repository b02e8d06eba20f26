"""Files that are mapped into memory."""

from pathlib import Path

from engine.encoding.mapping import map_file


def test_a_file_has_the_bytes_of_the_disk(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"content")
    assert bytes(map_file(tmp_path / "file")[:]) == b"content"


def test_an_empty_file_has_no_bytes(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert map_file(tmp_path / "file")[:] == b""
