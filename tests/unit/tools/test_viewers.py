"""Building the pages' viewers: from packages that are the ones in the lock, or not at all."""

import base64
import gzip
import hashlib
import io
import tarfile
from pathlib import Path
from typing import Any

import pytest
from hatchling.builders.wheel import WheelBuilder

from gateway.pages.viewers import ASSETS, VIEWERS
from tools import viewers as building
from tools.viewers import BuildError, build

NPM = """#!/bin/sh
# npm pack PACKAGE@VERSION --pack-destination DIRECTORY ...
test "$1 $3" = "pack --pack-destination" || exit 2
cp "{registry}/$(echo "$2" | tr / _)" "$4/package.tgz"
"""


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with packages, and an npm that fetches from there."""
    directory = tmp_path / "registry"
    directory.mkdir()
    npm = tmp_path / "bin" / "npm"
    npm.parent.mkdir()
    npm.write_text(NPM.format(registry=directory))
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", f"{npm.parent}:/usr/bin:/bin")
    return directory


@pytest.fixture
def lock(registry: Path) -> dict[str, Any]:
    """The lock of what the registry has."""
    return {"packages": {f"node_modules/{name}": publish(registry, name) for name in VIEWERS}}


def publish(registry: Path, name: str, leave_out: str | None = None) -> dict[str, str]:
    """Make a package; its entry in the lock."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for member in set(VIEWERS[name].values()) - {leave_out}:
            content = f"{name}: {member}".encode()
            info = tarfile.TarInfo(f"package/{member}")
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    (registry / f"{name}@1.2.3".replace("/", "_")).write_bytes(packed.getvalue())
    digest = base64.b64encode(hashlib.sha512(packed.getvalue()).digest()).decode()
    return {"version": "1.2.3", "integrity": f"sha512-{digest}"}


def test_scripts_and_styles_come_compressed_and_licences_as_they_are(
    lock: dict[str, Any], tmp_path: Path
) -> None:
    assets = tmp_path / "pages" / "assets"
    build(lock, assets)
    script = gzip.decompress((assets / "openapi-viewer.js.gz").read_bytes())
    assert script == b"swagger-ui-dist: swagger-ui-bundle.js"
    assert (assets / "openapi-viewer.LICENSE").read_bytes() == b"swagger-ui-dist: LICENSE"
    assert len(list(assets.iterdir())) == sum(map(len, VIEWERS.values()))


def test_the_same_packages_make_the_same_bytes(lock: dict[str, Any], tmp_path: Path) -> None:
    build(lock, tmp_path / "one")
    build(lock, tmp_path / "two")
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()


def test_what_was_there_before_is_replaced(lock: dict[str, Any], tmp_path: Path) -> None:
    assets = tmp_path / "assets"
    assets.mkdir()
    (assets / "old-viewer.js.gz").touch()
    build(lock, assets)
    assert not (assets / "old-viewer.js.gz").exists()
    assert (assets / "openapi-viewer.js.gz").exists()


@pytest.mark.parametrize("package", VIEWERS)
def test_a_package_that_is_not_the_one_in_the_lock_is_refused(
    lock: dict[str, Any], registry: Path, tmp_path: Path, package: str
) -> None:
    tarball = registry / f"{package}@1.2.3".replace("/", "_")
    tarball.write_bytes(tarball.read_bytes() + b"\0")
    refuse(lock, tmp_path, rf"{package} is not what package-lock\.json says")


def test_a_package_without_one_of_the_files_is_refused(
    lock: dict[str, Any], registry: Path, tmp_path: Path
) -> None:
    entry = publish(registry, "swagger-ui-dist", leave_out="NOTICE")
    lock["packages"]["node_modules/swagger-ui-dist"] = entry
    refuse(lock, tmp_path, "there is no NOTICE")


def test_an_npm_that_fails_is_named(lock: dict[str, Any], registry: Path, tmp_path: Path) -> None:
    (registry / "swagger-ui-dist@1.2.3").unlink()
    refuse(lock, tmp_path, r"npm pack swagger-ui-dist@1\.2\.3")


def refuse(lock: dict[str, Any], tmp_path: Path, reason: str) -> None:
    """The previous files are unchanged, and there are no temporary ones."""
    assets = tmp_path / "pages" / "assets"
    assets.mkdir(parents=True)
    (assets / "kept").touch()
    with pytest.raises(BuildError, match=reason):
        build(lock, assets)
    assert [path.name for path in assets.iterdir()] == ["kept"]
    assert list(assets.parent.iterdir()) == [assets]


def test_where_there_is_no_npm_one_comes_from_pypi(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands: list[list[str]] = []
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(building, "_run", commands.append)
    node, npm = building._npm(tmp_path)
    [pip] = commands
    assert "--require-hashes" in pip
    assert pip[-1].endswith("requirements-npm.lock")
    assert Path(node).is_relative_to(tmp_path)
    assert Path(npm).is_relative_to(tmp_path)


@pytest.mark.skipif(not ASSETS.is_dir(), reason="the pages are not built: make assets")
def test_a_wheel_has_the_viewers_in_it_although_git_ignores_them() -> None:
    wheel = WheelBuilder(str(building.ROOT))
    packed = {file.distribution_path for file in wheel.recurse_included_files()}
    for path in ASSETS.iterdir():
        assert f"gateway/pages/assets/{path.name}" in packed
