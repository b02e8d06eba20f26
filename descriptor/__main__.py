"""Runs the service: `python -m descriptor`."""

from chassis.service.process import run
from descriptor.app import create_app
from descriptor.settings import DescriptorSettings

if __name__ == "__main__":
    run(create_app, DescriptorSettings)
