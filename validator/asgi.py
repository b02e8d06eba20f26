"""The validator as an ASGI application, for `make service NAME=validator`."""

from fastapi import FastAPI

from chassis.service.development import application
from validator.app import create_app
from validator.settings import ValidatorSettings


def app() -> FastAPI:
    """The application. A factory: importing this module reads no settings."""
    return application(create_app, ValidatorSettings)
