"""Waiting for Ctrl-C, SIGTERM or SIGHUP."""

import select
import signal
import socket
from typing import Self

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopSignals:
    """A context in which the signals that stop a program are only recorded."""

    def __enter__(self) -> Self:
        self._recorded, wakeup = self._pair = socket.socketpair()
        wakeup.setblocking(False)
        self._wakeup_before = signal.set_wakeup_fd(wakeup.fileno(), warn_on_full_buffer=False)
        # An ignored signal stays ignored, as nohup wants it.
        self._handlers_before = {
            number: signal.signal(number, lambda *_: None)
            for number in _SIGNALS
            if signal.getsignal(number) != signal.SIG_IGN
        }
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._handlers_before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._wakeup_before)
        for end in self._pair:
            end.close()

    def wait(self, seconds: float) -> bool:
        """Wait for a signal; returns whether one has come since the context was entered."""
        # The recorded bytes are never read, so once true it stays true.
        return bool(select.select([self._recorded], [], [], seconds)[0])
