"""Runs the service: `python -m status`."""

from chassis.service.process import run
from status.app import create_app
from status.settings import StatusSettings

if __name__ == "__main__":
    run(create_app, StatusSettings)
