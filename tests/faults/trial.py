"""A trial: a load of uploads, faults at random moments, and the accounts afterwards."""

import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from faults.accounts import Accounts
from faults.load import Accepted, Load
from faults.system import System
from faults.uploads import Upload, mixed

STUDIES_PER_FAULT = 6


@dataclass
class Trial:
    """One fault test with one seed.

    Attributes:
        seed: of all random choices; the same seed makes the same choices.
        studies: how many uploads are sent.
        report: receives the numbers, in one line.
        chance: makes the choices.
        system: what is put to the test.
    """

    seed: int
    studies: int
    directory: Path
    report: Callable[[str], None]

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)
        self.system = System(self.directory, random.Random(self.chance.random()))
        self._started = time.monotonic()
        self._accepted: list[Accepted] = []
        self._faults = 0

    @contextmanager
    def load(self, uploads: Sequence[Upload] | None = None) -> Iterator[Load]:
        """Send uploads during the context, and wait at its end until all have been accepted."""
        uploads = mixed(self.studies, self.chance) if uploads is None else uploads
        load = Load(self.system.gateways, uploads, self.chance)
        try:
            with load:
                yield load
        finally:
            self._accepted += load.accepted

    def moments(self, load: Load, count: int) -> Iterator[int]:
        """Wait for a random moment of the load, so many times; each is for one fault.

        A small load has fewer: its studies have to come to an end between the faults.
        """
        most = max(1, len(load.uploads) // STUDIES_PER_FAULT)
        for moment in load.moments(min(count, most), self.chance):
            self._faults += 1
            yield moment

    def settle(self) -> None:
        """Wait until the system has come to rest, and demand that nothing is lost so far."""
        Accounts.of(self.system, self._accepted).check(self.seed)

    def close(self) -> None:
        """Settle the accounts for the last time, and report the numbers, also when they are bad."""
        accounts = Accounts.of(self.system, self._accepted)
        seconds = time.monotonic() - self._started
        self.report(
            f"{accounts.studies} studies, {self._faults} faults, lost {len(accounts.lost)}, "
            f"duplicated {len(accounts.duplicated)}, {seconds:.0f} s"
        )
        accounts.check(self.seed)
