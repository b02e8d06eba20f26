"""The status service as an ASGI application, for `make service NAME=status`."""

from fastapi import FastAPI

from chassis.service.development import application
from status.app import create_app
from status.settings import StatusSettings


def app() -> FastAPI:
    """The application. A factory: importing this module reads no settings."""
    return application(create_app, StatusSettings)
