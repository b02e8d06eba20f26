"""The real files that validators are compared on: those of pydicom, pydicom-data, pynetdicom."""

import importlib.util
from collections.abc import Iterator
from pathlib import Path

_PLACES = (
    ("pydicom", "data/test_files"),
    ("data_store", ""),
    ("pynetdicom", "tests/dicom_files"),
)
_PREFIX_AT, _PREFIX = 128, b"DICM"


def real_files() -> Iterator[Path]:
    """Every file with a DICOM prefix, whatever its name, in a stable order."""
    for package, folder in _PLACES:
        spec = importlib.util.find_spec(package)
        if spec is None or not spec.submodule_search_locations:
            raise FileNotFoundError(f"the package {package} is not installed")
        root = Path(next(iter(spec.submodule_search_locations))) / folder
        for path in sorted(root.rglob("*")):
            if path.is_file() and _is_dicom(path):
                yield path


def _is_dicom(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(_PREFIX_AT)
        return file.read(len(_PREFIX)) == _PREFIX
