"""Clients hang up in the middle, and many send the same at the same time."""

import socket
from urllib.parse import urlsplit

import httpx2

from faults.load import CLIENTS
from faults.system import ONE_OF_EACH
from faults.trial import Trial
from faults.uploads import Upload, mixed


def test_clients_hang_up_at_random_places(trial: Trial) -> None:
    with trial.system.running():
        with trial.load() as load:
            for _ in trial.moments(load, trial.studies // 2):
                [upload] = mixed(1, trial.chance)
                _hang_up(trial.system.url, upload, trial.chance.random())
        trial.close()


def test_eight_clients_send_the_same_at_the_same_time(trial: Trial) -> None:
    studies = [mixed(1, trial.chance)[0] for _ in range(max(1, trial.studies // CLIENTS))]
    uploads = [upload.again() for upload in studies for _ in range(CLIENTS)]
    with trial.system.running(*ONE_OF_EACH, "gateway-2"):
        with trial.load(uploads) as load:
            for _ in trial.moments(load, 1):
                trial.system.kill("validator")
        trial.close()
        counts = [trial.system.status(study_id)["files"] for _, study_id in load.accepted]
        files = sum(len(sha256s) for upload in studies for sha256s in upload.valid)
        assert sum(count["accepted"] for count in counts) == files, "each is new only once"


def _hang_up(url: str, upload: Upload, share: float) -> None:
    """Send a share of the bytes of a request, and close the connection."""
    files = [("file", part) for part in upload.parts]
    request = httpx2.Request("POST", f"{url}/upload", files=files)
    head = "".join(f"{name}: {value}\r\n" for name, value in request.headers.items())
    content = f"POST /upload HTTP/1.1\r\n{head}\r\n".encode() + request.read()
    address = urlsplit(url)
    with socket.create_connection((address.hostname, address.port), timeout=10) as connection:
        connection.sendall(content[: int(len(content) * share)])
