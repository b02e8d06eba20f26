"""Messages and files that no worker can process, among others that it can."""

import io

import pydicom

from faults.trial import Trial
from faults.uploads import Upload, mixed, sha256s
from kit.studies import ct_slices

DEPTH = 3000


def test_messages_that_are_no_events(trial: Trial) -> None:
    with trial.system.running():
        client = trial.system.redis.client
        with trial.load() as load:
            for _ in trial.moments(load, 10):
                address = trial.chance.choice(["uploads", "study.validated", "study.archived"])
                body = trial.chance.choice(["", "null", "{}", "not json", "[" * 100_000])
                client.xadd(address, {"__data__": body})
                client.xadd(address, {"other": body})
        trial.close()


def test_files_that_are_made_to_break_readers(trial: Trial) -> None:
    poison = [make() for make in (_deeply_nested, _endless_sequence, _huge_lengths) * 5]
    uploads = [*mixed(trial.studies, trial.chance), *poison]
    trial.chance.shuffle(uploads)
    with trial.system.running():
        with trial.load(uploads):
            pass
        trial.close()


def _deeply_nested() -> Upload:
    """Sequences in sequences, deeper than any stack."""
    item = b"\xfe\xff\x00\xe0\xff\xff\xff\xff"
    sequence = b"\x40\x00\x30\xa7SQ\x00\x00\xff\xff\xff\xff" + item
    return _poisoned(sequence * DEPTH)


def _endless_sequence() -> Upload:
    """A sequence of many thousand items without an end."""
    item = b"\xfe\xff\x00\xe0\x00\x00\x00\x00"
    return _poisoned(b"\x40\x00\x30\xa7SQ\x00\x00\xff\xff\xff\xff" + item * 100_000)


def _huge_lengths() -> Upload:
    """An element of four gigabytes, as it says."""
    return _poisoned(b"\x40\x00\x30\xa7OB\x00\x00\xfe\xff\xff\xff" + b"x" * 100)


def _poisoned(tail: bytes) -> Upload:
    """A CT image whose pixel data something else follows."""
    [(name, content)] = ct_slices(1)
    dataset = pydicom.dcmread(io.BytesIO(content))
    del dataset.PixelData
    changed = io.BytesIO()
    dataset.save_as(changed)
    poison = changed.getvalue() + tail
    return Upload(((name, poison),), invalid=sha256s([poison]))
