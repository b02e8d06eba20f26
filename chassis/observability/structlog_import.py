"""Imports structlog, but not rich.

structlog imports rich, if that is installed, for tracebacks that we do not use. It would be a tenth
of what a service has to import before it starts.
"""

import sys

_before = {name: sys.modules[name] for name in ("rich",) if name in sys.modules}
sys.modules["rich"] = None  # type: ignore[assignment]  # how to say that there is none
try:
    import structlog
    from structlog.typing import EventDict, Processor, WrappedLogger
finally:
    del sys.modules["rich"]
    sys.modules.update(_before)

__all__ = ["EventDict", "Processor", "WrappedLogger", "structlog"]
