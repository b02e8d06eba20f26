"""Every program in `examples/`, run as its header says, hears of real studies."""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import pytest

from contracts.channels import ARCHIVED
from integration.listening import SETTINGS
from kit.pipeline import ROOT, Pipeline, RedisServer, started, until

EXAMPLES = ROOT / "examples"
RUN_BY = {".py": sys.executable, ".mjs": "node", ".sh": "/bin/sh"}
PROGRAMS = sorted(path.name for path in EXAMPLES.iterdir() if path.suffix in RUN_BY)
GROUPS = {
    "faststream_consumer.py": "example-faststream",
    "redis_py_consumer.py": "example-redis-py",
}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Pipeline, RedisServer]]:
    """All services, started once."""
    directory = tmp_path_factory.mktemp("examples")
    with started(directory, **SETTINGS) as services:
        yield services


class Example:
    """A running example."""

    def __init__(self, program: str, pipeline: Pipeline, directory: Path) -> None:
        interpreter = shutil.which(RUN_BY[Path(program).suffix])
        if interpreter is None:
            pytest.skip(f"{program} needs {RUN_BY[Path(program).suffix]}, which is not there")
        self._output = directory / "output"
        with self._output.open("wb") as output:
            self._process = subprocess.Popen(
                [interpreter, str(EXAMPLES / program)],
                cwd=directory,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={
                    **os.environ,
                    "REDIS_URL": pipeline.environment["HDV_REDIS_URL"],
                    "GATEWAY_URL": str(pipeline.http.base_url),
                },
                start_new_session=True,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        # What it has started itself, curl for one, ends with it.
        os.killpg(self._process.pid, signal.SIGTERM)
        self._process.wait(10)

    def hears_of(self, *studies: str) -> None:
        """Wait until it has printed just these studies, each once, in this order."""
        until(lambda: f"archive/{studies[-1]}" in self.output, "the last study in the output")
        printed = re.findall(r"^archived .*archive/([0-9a-f-]{36})", self.output, re.MULTILINE)
        assert printed == list(studies), self.output

    @property
    def output(self) -> str:
        return self._output.read_text()


def archived(pipeline: Pipeline, ct: bytes) -> str:
    study_id = pipeline.upload(ct)
    pipeline.wait_for(study_id, "archived")
    return study_id


@pytest.mark.parametrize("program", PROGRAMS)
def test_an_example_gets_every_study_and_continues_where_it_stopped(
    running: tuple[Pipeline, RedisServer], ct: bytes, tmp_path: Path, program: str
) -> None:
    pipeline, server = running
    archived(pipeline, ct)
    past = [fields["__data__"] for _, fields in server.client.xrange(ARCHIVED.address)]
    studies = [re.findall('"subject":"(.*?)"', event)[0] for event in past]

    with Example(program, pipeline, tmp_path) as example:
        example.hears_of(*studies)
        studies.append(archived(pipeline, ct))
        example.hears_of(*studies)
        settled(server, program, tmp_path)
    missed = archived(pipeline, ct)
    with Example(program, pipeline, tmp_path) as example:
        example.hears_of(missed)
        new = archived(pipeline, ct)
        example.hears_of(missed, new)


def settled(server: RedisServer, program: str, directory: Path) -> None:
    """Wait until the example has noted how far it has come."""
    if group := GROUPS.get(program):
        summary = server.client.xpending
        until(lambda: summary(ARCHIVED.address, group)["pending"] == 0, "the acknowledgement")
    else:
        [last] = server.client.xrevrange(ARCHIVED.address, count=1)
        place = directory / f"{Path(program).stem}.place"
        until(lambda: last[0].removesuffix("-0") in place.read_text(), "the place")


def test_there_is_an_example_of_each_kind() -> None:
    assert PROGRAMS == [
        "curl_consumer.sh",
        "faststream_consumer.py",
        "node_consumer.mjs",
        "redis_py_consumer.py",
    ]


@pytest.mark.parametrize("program", PROGRAMS)
def test_an_example_is_short_and_needs_none_of_our_code(program: str) -> None:
    text = (EXAMPLES / program).read_text()
    assert len(text.splitlines()) <= 45
    assert not re.search(r"(import|from) (contracts|chassis|gateway|hdv|asyncapi)\b", text)


@pytest.mark.parametrize("program", GROUPS)
def test_an_example_works_in_a_group_of_its_own(program: str) -> None:
    assert f'"{GROUPS[program]}"' in (EXAMPLES / program).read_text()
    assert GROUPS[program] not in ARCHIVED.groups
