"""Runs the service: `python -m gateway`."""

import gc

gc.disable()  # importing makes no garbage; `run` enables it

from chassis.runtime.allocation import keep_freed_memory  # noqa: E402 -- see above
from chassis.service.process import run  # noqa: E402 -- see above
from gateway.app import create_app  # noqa: E402 -- see above
from gateway.settings import GatewaySettings  # noqa: E402 -- see above

KEPT_BYTES = 32 * 1024 * 1024
"""Room for what some uploads at the same time have in memory."""

if __name__ == "__main__":
    keep_freed_memory(KEPT_BYTES)
    run(create_app, GatewaySettings)
