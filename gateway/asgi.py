"""The gateway as an ASGI application, for `make service NAME=gateway`."""

from fastapi import FastAPI

from chassis.service.development import application
from gateway.app import create_app
from gateway.settings import GatewaySettings


def app() -> FastAPI:
    """The application. A factory: importing this module reads no settings."""
    return application(create_app, GatewaySettings)
