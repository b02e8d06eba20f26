"""Durable file operations: files and directories appear complete, and survive a power cut.

All functions block; asynchronous callers run them in threads. They are made for POSIX systems and
for directories that contain only regular files and directories: symbolic links are never followed,
neither when reading nor when removing.
"""

import errno
import hashlib
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BufferedReader
from pathlib import Path
from typing import IO
from uuid import uuid4

from storage.layout import INCOMING
from storage.port import ChecksumMismatchError, ContentDiffersError

_CHUNK = 1 << 20
_NO_HARD_LINK = {
    errno.EXDEV,  # another file system
    errno.EPERM,  # a file system without hard links, or fs.protected_hardlinks
    errno.ENOTSUP,
    errno.ENOSYS,
    errno.EMLINK,  # too many links already
}


@contextmanager
def durable_file(path: Path, incoming: Path | None = None) -> Iterator[IO[bytes]]:
    """Write a file that at any moment is absent, the old one, or the new one, but never a part.

    Args:
        path: the file; its directory must exist. A file that is there is replaced.
        incoming: the directory on the same file system where it is written until it is complete;
            beside the file when not given.

    Yields:
        The file to write to. It appears, durable, when the block succeeds, and vanishes otherwise.
    """
    with whole_file(path, incoming or path.parent) as file:
        yield file
        sync_open(file)
    sync_directory(path.parent)


@contextmanager
def whole_file(path: Path, incoming: Path) -> Iterator[IO[bytes]]:
    """Write a file that readers see whole or not at all; a power cut may lose it, or leave a part.

    Args:
        path: as for `durable_file`.
        incoming: as for `durable_file`.

    Yields:
        The file to write to. It appears when the block succeeds, and vanishes otherwise.
    """
    temporary = f"{incoming}/.{path.name}.{uuid4().hex}"
    try:
        with open(temporary, "xb") as file:
            yield file
        os.replace(temporary, path)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(temporary)
        raise


def sync_file(path: str | Path) -> None:
    """Make the bytes of a file durable that has been written and closed."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_open(file: IO[bytes]) -> None:
    """Make the bytes of a file durable that is still open for writing."""
    file.flush()
    os.fsync(file.fileno())


def sync_directory(path: str | Path) -> None:
    """Make it durable that entries of a directory were created, renamed or removed."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        # Some network file systems cannot sync a directory; PostgreSQL ignores that too.
        if error.errno != errno.EINVAL:
            raise
    finally:
        os.close(descriptor)


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file's bytes, in lower-case hexadecimal digits; memory stays flat."""
    digest = hashlib.sha256()
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        while chunk := os.read(descriptor, _CHUNK):
            digest.update(chunk)
    finally:
        os.close(descriptor)
    return digest.hexdigest()


def place_file(source: Path, target: Path, sha256: str) -> None:
    """Give a file another name: by a hard link where possible, else by a copy.

    The bytes at the target are read and checked either way. The new name is durable once the caller
    has synced the directory (one sync for all files placed in it); the bytes of a hard link are
    as durable as the source's.

    Args:
        source: the file; it stays.
        target: its other name; must not exist.
        sha256: the expected digest of its bytes, in lower-case hexadecimal digits.

    Raises:
        ChecksumMismatchError: it has other bytes; the target is removed again.
        FileExistsError: there is a file at the target.
    """
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError as error:
        if error.errno not in _NO_HARD_LINK:
            raise
        _copy_file(source, target)
    if sha256_of(target) != sha256:
        target.unlink()
        raise ChecksumMismatchError


@contextmanager
def new_directory(target: Path, incoming: Path | None = None) -> Iterator[Path]:
    """Fill a directory out of sight; when the block succeeds it appears by one rename, durable.

    Args:
        target: where it appears.
        incoming: the directory on the same file system where it is filled; ``.incoming`` beside the
            target when not given.

    Yields:
        The directory to fill. Its files must be durable by the end of the block; their names are
        made so. It vanishes if the block fails.

    Raises:
        FileExistsError: the target exists by now; it stays as it is.
    """
    staging = (incoming or target.parent / INCOMING) / f"{target.name}.{uuid4().hex}"
    staging.mkdir(parents=True)
    try:
        yield staging
        for directory in _contents(staging)[0]:
            sync_directory(staging / directory)
        appear(staging, target)
    except BaseException:
        remove_tree(staging)
        raise


def appear(staging: str | Path, target: Path) -> None:
    """Make a directory that was filled elsewhere appear by one rename, durable.

    Args:
        staging: the directory; its files and their names are durable already.
        target: where it appears, on the same file system.

    Raises:
        FileExistsError: the target exists; it stays as it is, and so does `staging`.
    """
    try:
        os.rename(staging, target)
    except OSError as error:
        if error.errno == errno.ENOTEMPTY:  # POSIX lets a file system say either
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST)) from None
        raise
    sync_directory(target.parent)


def move_directory(source: Path, target: Path, incoming: Path | None = None) -> None:
    """Move a directory so that the target appears by one rename, complete and durable.

    Across file systems it is copied, checked by SHA-256 and renamed, and only then is the source
    removed. Another call finishes what a crash has left.

    Args:
        source: a directory whose files are durable already.
        target: its new place, in a directory that exists.
        incoming: where it is copied, as for `new_directory`.

    Raises:
        FileNotFoundError: neither source nor target exists.
        ContentDiffersError: both exist and differ; nothing is changed.
    """
    try:
        sync_directory(source)
        if target.is_dir():
            _require_same_content(source, target)
        else:
            _rename_or_copy(source, target, incoming)
    except FileNotFoundError:
        if source.exists() or not target.is_dir():
            raise  # otherwise an earlier or a concurrent call has done it
    sync_directory(target.parent)
    remove_directory(source)
    sync_directory(source.parent)


def remove_directory(path: Path, incoming: Path | None = None, *, durable: bool = True) -> None:
    """Remove a directory so that it vanishes by one rename; it may be gone already.

    Args:
        path: the directory.
        incoming: where it is renamed to, on the same file system; ``.incoming`` beside it when not
            given. After a crash the rest is there.
        durable: whether a power cut must not bring it back.
    """
    incoming = incoming or path.parent / INCOMING
    doomed = f"{incoming}/{path.name}.{uuid4().hex}"
    try:
        os.rename(path, doomed)
    except FileNotFoundError:
        if not path.exists():
            return
        incoming.mkdir(exist_ok=True)
        os.rename(path, doomed)
    if durable:
        sync_directory(path.parent)
    remove_tree(doomed)


def _rename_or_copy(source: Path, target: Path, incoming: Path | None) -> None:
    """Make the target appear by one rename; the source stays only where it had to be copied."""
    try:
        source.rename(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        with new_directory(target, incoming) as copy:
            _copy_tree(source, copy)
            _require_same_content(source, copy)


def _copy_tree(source: Path, target: Path) -> None:
    directories, files = _contents(source)
    for directory in directories:
        (target / directory).mkdir(exist_ok=True)
    for file in files:
        _copy_file(source / file, target / file)


def _copy_file(source: Path, target: Path) -> None:
    """Copy one file durably; the target must not exist."""
    with _open(source) as reader, target.open("xb") as writer:
        try:
            shutil.copyfileobj(reader, writer, _CHUNK)
            sync_open(writer)
        except BaseException:
            target.unlink()
            raise


def _require_same_content(one: Path, other: Path) -> None:
    _, files = _contents(one)
    if files != _contents(other)[1] or any(
        sha256_of(one / file) != sha256_of(other / file) for file in files
    ):
        raise ContentDiffersError


def _contents(root: Path) -> tuple[list[Path], list[Path]]:
    """The directories (parents first, the root among them) and files below a directory.

    Returns:
        Paths relative to the root, sorted. Symbolic links count as files, which `_open` refuses.
    """
    directories: list[Path] = []
    files: list[Path] = []
    for parent, subdirectories, names in os.walk(root, onerror=_raise):
        directory = Path(parent).relative_to(root)
        directories.append(directory)
        files += [directory / name for name in names]
        files += [directory / name for name in subdirectories if Path(parent, name).is_symlink()]
    return sorted(directories), sorted(files)


def remove_tree(path: str | Path) -> None:
    """Remove a file, a symbolic link (not its target) or a tree; it may be gone already.

    Another process may remove the same tree at the same time. Nothing else changes what is removed:
    it is out of sight.
    """
    with suppress(FileNotFoundError):
        if stat.S_ISDIR(os.lstat(path).st_mode):
            _remove_directory(path)
        else:
            os.unlink(path)


def _remove_directory(path: str | Path) -> None:
    """As `shutil.rmtree`, in half of its time: that guards against others who swap directories."""
    with os.scandir(path) as entries:
        found = [(entry.path, entry.is_dir(follow_symlinks=False)) for entry in entries]
    for entry, is_directory in found:
        with suppress(FileNotFoundError):
            if is_directory:
                _remove_directory(entry)
            else:
                os.unlink(entry)
    os.rmdir(path)


def _raise(error: OSError) -> None:
    raise error


def _open(path: Path) -> BufferedReader:
    """Open a file for reading, but not through a symbolic link."""
    return open(path, "rb", opener=lambda name, flags: os.open(name, flags | os.O_NOFOLLOW))
