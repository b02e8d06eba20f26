"""Runs the service: `python -m descriptor`."""

from chassis.runtime.process import run
from descriptor.app import create_app
from descriptor.settings import DescriptorSettings

run(create_app, DescriptorSettings)
