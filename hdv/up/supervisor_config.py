"""The configuration of supervisord, and the environment variables that it refers to."""

import os
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from chassis.runtime.permissions import UMASK
from hdv.up.bound_process import bound

GRACE_SECONDS = 20
"""How long a process may take to stop; a service finishes the messages that it has begun."""


@dataclass(frozen=True)
class Process:
    """A program to keep running.

    Attributes:
        name: lower-case letters, digits and hyphens.
        command: its command line.
        directory: its working directory; None for ours.
        environment: variables that only this process gets; their values need no quotes.
    """

    name: str
    command: Sequence[str]
    directory: Path | None = None
    environment: Mapping[str, str] = field(default_factory=dict)


def configuration(base: Sequence[Process], services: Sequence[Process]) -> str:
    """The configuration of supervisord.

    Paths and commands are in environment variables (`environment`): there, no character of them is
    read as a comment, a quote or a placeholder.

    Args:
        base: the processes that stop last.
        services: the processes that stop first, all at once.
    """
    lines = [
        "[supervisord]",
        "nodaemon = true",
        "silent = true",
        # Its default would let everyone read what Redis writes.
        f"umask = {UMASK:03o}",
        "logfile = %(ENV_HDV_RUN)s/supervisord.log",
        "logfile_maxbytes = 1MB",
        "logfile_backups = 1",
        "pidfile = %(ENV_HDV_RUN)s/supervisord.pid",
        # Without this line it warns when root starts it.
        *(["user = root"] if os.geteuid() == 0 else []),
        "[unix_http_server]",
        "file = %(ENV_HDV_CONTROL)s",
        "[rpcinterface:supervisor]",
        "supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface",
    ]
    for priority, (group, processes) in enumerate([("base", base), ("services", services)]):
        if processes:
            names = ",".join(process.name for process in processes)
            lines += [f"[group:{group}]", f"programs = {names}", f"priority = {priority}"]
    for process in (*base, *services):
        lines += _program(process)
    return "\n".join(lines) + "\n"


def _program(process: Process) -> Iterator[str]:
    variable = _variable(process)
    yield f"[program:{process.name}]"
    yield f"command = %(ENV_{variable})s"
    if process.directory:
        yield f"directory = %(ENV_{variable}_DIRECTORY)s"
    if process.environment:
        pairs = (f'{name}="{value}"' for name, value in process.environment.items())
        yield f"environment = {','.join(pairs)}"
    # Whatever the exit code: a service that ends by itself is started again.
    yield "autorestart = true"
    yield f"stopwaitsecs = {GRACE_SECONDS}"
    yield "killasgroup = true"
    for stream, descriptor in (("stdout", 1), ("stderr", 2)):
        yield f"{stream}_logfile = /dev/fd/{descriptor}"
        yield f"{stream}_logfile_maxbytes = 0"


def environment(processes: Sequence[Process], *, run: Path, control: Path) -> dict[str, str]:
    """The environment variables that the configuration refers to.

    Args:
        processes: all processes.
        run: the directory for supervisord's log.
        control: the path of its control socket.
    """
    variables = {"HDV_RUN": str(run), "HDV_CONTROL": str(control)}
    for process in processes:
        variable = _variable(process)
        variables[variable] = shlex.join(bound(process.command, output_of_parent=True))
        if process.directory:
            variables[f"{variable}_DIRECTORY"] = str(process.directory)
    return variables


def _variable(process: Process) -> str:
    return f"HDV_PROCESS_{process.name.replace('-', '_').upper()}"
