"""A worker in a service: on its event loop, and when the service is killed."""

import os
import select
import subprocess
import sys
from pathlib import Path

SERVICE = """
import asyncio, os, sys
import uvloop
from chassis.runtime.isolation import Isolation

async def main():
    pool = Isolation(
        processes=1, seconds=60, memory_bytes=1 << 30, preload=[],
        note_retry=lambda end: print(end, flush=True),
    )
    async with pool.running():
        try:
            await pool.run(os._exit, 1)
        except Exception as error:
            print(error, flush=True)
        print(await pool.run(os.getpid), flush=True)
        await asyncio.Event().wait()

if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
"""


def test_it_works_on_the_loop_of_the_services_and_ends_when_its_service_is_killed(
    tmp_path: Path,
) -> None:
    (tmp_path / "service.py").write_text(SERVICE)
    command = [sys.executable, str(tmp_path / "service.py")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as service:
        assert service.stdout
        lines = [service.stdout.readline().strip() for _ in range(3)]
        worker = os.pidfd_open(int(lines[2]))
        service.kill()
    assert lines[:2] == ["crash", "death"]
    assert select.select([worker], [], [], 30)[0], "the process is still there"
    os.close(worker)
