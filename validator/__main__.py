"""Runs the service: `python -m validator`."""

from chassis.service.process import run
from validator.app import create_app
from validator.settings import ValidatorSettings

if __name__ == "__main__":
    run(create_app, ValidatorSettings)
