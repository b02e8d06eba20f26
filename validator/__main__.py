"""Runs the service: `python -m validator`."""

import gc

gc.disable()  # importing makes no garbage; `run` enables it

from chassis.service.process import run  # noqa: E402 -- see above
from validator.app import create_app  # noqa: E402 -- see above
from validator.settings import ValidatorSettings  # noqa: E402 -- see above

if __name__ == "__main__":
    run(create_app, ValidatorSettings)
