"""What tests of routes alone need in place of a service's guard."""

from fastapi import FastAPI

from chassis.access.caller import ANYONE, Caller
from chassis.web.guard import install


class AdmitsAs:
    """A guard that admits every request as one caller."""

    def __init__(self, caller: Caller = ANYONE) -> None:
        self.caller = caller
        self.admits = True

    async def admit(self, *_: object) -> Caller:
        return self.caller

    def still_admits(self, _: Caller) -> bool:
        return self.admits


def unguarded(app: FastAPI) -> None:
    """Admit everyone to the routes of an application."""
    install(app, AdmitsAs())
