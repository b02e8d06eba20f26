"""The descriptor as an ASGI application, for `make service NAME=descriptor`."""

from fastapi import FastAPI

from chassis.service.development import application
from descriptor.app import create_app
from descriptor.settings import DescriptorSettings


def app() -> FastAPI:
    """The application. A factory: importing this module reads no settings."""
    return application(create_app, DescriptorSettings)
