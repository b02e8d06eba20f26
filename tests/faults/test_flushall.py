"""Redis loses everything while studies are in every place."""

from dataclasses import replace

import pytest

from faults.trial import Trial
from faults.uploads import Upload, one_slice, sha256s
from kit.studies import with_other_pixels


@pytest.mark.short
def test_redis_loses_everything(trial: Trial) -> None:
    with trial.system.running():
        with trial.load() as load:
            for _ in trial.moments(load, 3):
                trial.system.redis.client.flushall()
        trial.close()


def test_redis_loses_everything_and_all_services_are_killed(trial: Trial) -> None:
    with trial.system.running():
        with trial.load() as load:
            for _ in trial.moments(load, 2):
                trial.system.redis.client.flushall()
                trial.system.kill_everything()
                trial.system.await_ready()
        trial.close()


def test_other_bytes_under_an_archived_uid_are_refused_also_then(trial: Trial) -> None:
    known = [one_slice(trial.chance) for _ in range(trial.studies // 2)]
    with trial.system.running():
        with trial.load(known):
            pass
        trial.settle()
        with trial.load([_with_other_bytes(upload) for upload in known]) as load:
            for _ in trial.moments(load, 3):
                trial.system.redis.client.flushall()
        trial.close()


def _with_other_bytes(upload: Upload) -> Upload:
    """Another image under the same UIDs: it must not be accepted."""
    [(name, content)] = upload.parts
    changed = with_other_pixels(content)
    return replace(upload.again(), parts=((name, changed),), valid=(), invalid=sha256s([changed]))
