"""Orthanc as its package installs it, with the DICOMweb plugin, on a database of its own."""

import json
import os
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Self

from benchmarks.accounting import ProcessTree
from benchmarks.ports import free_ports

_PLACES = os.pathsep.join([os.defpath, "/usr/sbin", "/usr/local/sbin", os.environ.get("PATH", "")])
_PLUGINS = ("/usr/share/orthanc/plugins", "/usr/local/share/orthanc/plugins")
_READY_SECONDS = 30


def find() -> str | None:
    """The program; None if it is not installed."""
    return shutil.which("Orthanc", path=_PLACES)


def version(program: str) -> str:
    """The version, as the program says it."""
    answer = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
    return answer.stdout.split("\n", 1)[0].rpartition(" ")[2]


class Orthanc:
    """A running Orthanc; only its ports, its directory and its plugins are set.

    Args:
        program: to run.
        directory: for its data.

    Attributes:
        url: of its REST interface.
        has_dicomweb: whether its plugin for STOW-RS is installed.
        tree: its processes.
    """

    def __init__(self, program: str, directory: Path) -> None:
        directory.mkdir(parents=True)
        port = free_ports(2)
        self.url = f"http://127.0.0.1:{port}"
        plugins = [place for place in _PLUGINS if Path(place, "libOrthancDicomWeb.so").exists()]
        self.has_dicomweb = bool(plugins)
        configuration = directory / "configuration.json"
        configuration.write_text(
            json.dumps(
                {
                    "HttpPort": port,
                    "DicomPort": port + 1,
                    "StorageDirectory": str(directory / "storage"),
                    "IndexDirectory": str(directory / "storage"),
                    "Plugins": [f"{place}/libOrthancDicomWeb.so" for place in plugins],
                }
            )
        )
        with (directory / "log").open("wb") as log:
            self._process = subprocess.Popen([program, configuration], stdout=log, stderr=log)
        self.tree = ProcessTree(self._process.pid)
        self._await_ready()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.terminate()
        self._process.wait()

    def instances(self) -> int:
        """How many instances it has."""
        with urllib.request.urlopen(f"{self.url}/statistics") as answer:  # noqa: S310 -- http
            return int(json.load(answer)["CountInstances"])

    def _await_ready(self) -> None:
        deadline = time.monotonic() + _READY_SECONDS
        while True:
            try:
                self.instances()
            except (urllib.error.URLError, ConnectionError):
                if self._process.poll() is not None or time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
            else:
                return
