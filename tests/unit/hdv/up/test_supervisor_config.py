"""The configuration of supervisord, as its own parser reads it."""

import shlex
from pathlib import Path
from typing import Any

import pytest
from supervisor.options import ServerOptions

from hdv.up.bound_process import bound
from hdv.up.supervisor_config import Process, configuration, environment

ODD = 'it\'s 100% "odd"; #1 %(here)s'
REDIS = Process("redis", [f"/opt/{ODD}/redis-server", "redis.conf"], directory=Path("/"))
GATEWAY = Process("gateway", ["python", "-m", "gateway"], environment={"HDV_GATEWAY__PORT": "1"})
VALIDATOR = Process("validator-1", ["python", "-m", "validator"])


@pytest.fixture
def groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Every group with its programs, as supervisord understands our configuration."""
    run = tmp_path / ODD
    run.mkdir()
    processes = [REDIS, GATEWAY, VALIDATOR]
    for name, value in environment(processes, run=run, control=tmp_path / "control").items():
        monkeypatch.setenv(name, value)
    file = run / "supervisord.conf"
    file.write_text(configuration([REDIS], [GATEWAY, VALIDATOR]))
    options = ServerOptions()
    options.realize(["-c", str(file)])
    assert options.logfile == str(run / "supervisord.log")
    assert options.nodaemon
    return {group.name: group for group in options.process_group_configs}


def test_redis_starts_first_and_stops_last(groups: dict[str, Any]) -> None:
    assert [program.name for program in groups["base"].process_configs] == ["redis"]
    assert groups["base"].priority < groups["services"].priority


def test_services_are_one_group_so_that_they_stop_at_the_same_time(groups: dict[str, Any]) -> None:
    names = {program.name for program in groups["services"].process_configs}
    assert names == {"gateway", "validator-1"}


def test_whatever_ends_is_started_again_and_gets_time_to_stop(groups: dict[str, Any]) -> None:
    for group in groups.values():
        for program in group.process_configs:
            assert program.autorestart.__name__ == "RestartUnconditionally"
            assert program.stopwaitsecs == 20
            assert program.killasgroup


def test_a_path_may_contain_anything(groups: dict[str, Any]) -> None:
    [redis] = groups["base"].process_configs
    assert shlex.split(redis.command) == bound(REDIS.command, output_of_parent=True)


def test_a_process_gets_its_own_environment(groups: dict[str, Any]) -> None:
    programs = {program.name: program for program in groups["services"].process_configs}
    assert programs["gateway"].environment == {"HDV_GATEWAY__PORT": "1"}
