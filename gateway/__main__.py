"""Runs the service: `python -m gateway`."""

from chassis.service.process import run
from gateway.app import create_app
from gateway.settings import GatewaySettings

if __name__ == "__main__":
    run(create_app, GatewaySettings)
