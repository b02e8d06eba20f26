"""How commands report that Redis cannot be used."""

from urllib.parse import urlsplit

from hdv.exit import CommandError, ExitCode


def redis_unavailable(url: str, error: Exception) -> CommandError:
    """The error of a command; it shows the host of Redis without the password."""
    place = urlsplit(url)
    host = place.netloc.rpartition("@")[2] or place.path
    reason = str(error).partition("\n")[0]
    return CommandError(f"cannot use Redis at {host}: {reason}", code=ExitCode.UNAVAILABLE)
