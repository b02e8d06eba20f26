"""Redis: version, password, memory policy, durability, clock, backlog, workers, dead letters."""

import re
import time
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError

from chassis.messaging.backlog import Backlog, read_backlogs
from chassis.messaging.feed import connect
from contracts.channels import CHANNELS, DEAD_LETTER
from hdv.admin.doctor.diagnosis import Diagnosis, error, size, warning, well
from hdv.up.redis_server import MINIMUM_VERSION
from storage.installation import OtherInstallationError, require_same_installation
from storage.study_store import StudyStore

MOST_CLOCK_DIFFERENCE_SECONDS = 2.0
OLD_SECONDS = 900.0
"""As in the alert `HdvBacklogOld`."""
SILENT_MS = 60_000
"""Consumers ask for messages every few seconds; one that has not is gone."""
MOST_MEMORY = 0.8


async def examine_bus(url: str, studies: StudyStore) -> AsyncIterator[Diagnosis]:
    """Look at Redis and what is in it."""
    place = urlsplit(url)
    host = place.netloc.rpartition("@")[2] or place.path
    try:
        client = connect(url)
    except ValueError as failure:
        yield error("Redis", f"{host} is no address: {failure}", "set HDV_REDIS_URL")
        return
    try:
        await client.ping()
    except RedisError as failure:
        found = f"{host} cannot be used ({type(failure).__name__})"
        yield error("Redis", found, "docs/runbooks/HdvRedisDown.md; --redis-url names another")
        await client.aclose()
        return
    try:
        async for diagnosis in _examine(client, studies):
            yield diagnosis
        if place.scheme != "unix" and not place.password:
            advice = "set requirepass, and HDV_REDIS_PASSWORD for the services"
            yield warning("Redis password", f"{host} asks for none", advice)
    except RedisError as failure:
        found = f"{host} has failed meanwhile ({type(failure).__name__})"
        yield error("Redis", found, "docs/runbooks/HdvRedisDown.md")
    finally:
        await client.aclose()


async def _examine(client: Redis, studies: StudyStore) -> AsyncIterator[Diagnosis]:
    info: Any = await client.info("all")
    yield _version(info)
    yield _durability(info)
    if diagnosis := _fsync(await _setting(client, "appendfsync")):
        yield diagnosis
    yield _memory(info)
    yield await _clock(client)
    yield await _installation(client, studies)
    backlogs = await read_backlogs(client)
    for diagnosis in _missing_groups(backlogs):
        yield diagnosis
    for backlog in backlogs:
        yield _backlog(backlog)
    for diagnosis in await _silent_groups(client, backlogs):
        yield diagnosis
    yield await _dead_letters(client)


def _version(info: Any) -> Diagnosis:  # noqa: ANN401 -- redis-py's answer
    name = "Valkey" if "valkey_version" in info else "Redis"
    text = str(info.get("valkey_version") or info["redis_version"])
    if tuple(map(int, re.findall(r"\d+", text))) < MINIMUM_VERSION:
        least = ".".join(map(str, MINIMUM_VERSION))
        return error("Redis version", f"{name} {text}", f"{least} or newer is needed")
    return well("Redis version", f"{name} {text}")


def _durability(info: Any) -> Diagnosis:  # noqa: ANN401 -- as above
    subject, advice = "Redis durability", "docs/runbooks/HdvRedisNotDurable.md"
    if not info["aof_enabled"]:
        found = "there is no append-only file: a restart loses events"
        return error(subject, found, f"set appendonly yes; {advice}")
    if info["aof_last_write_status"] != "ok":
        return error(subject, "the append-only file could not be written", advice)
    return well(subject, "there is an append-only file")


def _fsync(value: str | None) -> Diagnosis | None:
    if value is None or value == "always":
        return None
    found = f"appendfsync is {value}: a power cut may lose events of uploads that had a 202"
    advice = "set appendfsync always; until then such uploads are announced again by themselves"
    return warning("Redis durability", found, advice)


def _memory(info: Any) -> Diagnosis:  # noqa: ANN401 -- as above
    subject, advice = "Redis memory", "docs/runbooks/HdvRedisMemory.md"
    limit = info["maxmemory"] or info["total_system_memory"]
    used = f"{size(info['used_memory'])} of {size(limit)} are used"
    policy = info["maxmemory_policy"]
    if policy != "noeviction":
        found = f"{used}; the policy {policy} deletes data when memory is short"
        return error(subject, found, "set maxmemory-policy noeviction")
    if info["used_memory"] > MOST_MEMORY * limit:
        return warning(subject, used, advice)
    return well(subject, f"{used}; policy {policy}")


async def _setting(client: Redis, name: str) -> str | None:
    """A setting of Redis; None where one may not ask for it, as in many hosted ones."""
    try:
        found: Any = await client.config_get(name)
    except ResponseError:
        return None
    value = found.get(name)
    return str(value) if value is not None else None


async def _clock(client: Redis) -> Diagnosis:
    before = time.time()
    seconds, microseconds = await client.time()
    here = (before + time.time()) / 2
    return clock("Redis clock", seconds + microseconds / 1e6 - here, 0.0)


def clock(subject: str, difference: float, resolution: float) -> Diagnosis:
    """What a difference between a clock and that of this machine means.

    Args:
        subject: whose clock.
        difference: in seconds, positive if it is ahead.
        resolution: how exactly it is known, in seconds.
    """
    if abs(difference) > MOST_CLOCK_DIFFERENCE_SECONDS + resolution:
        direction = "ahead of" if difference > 0 else "behind"
        found = f"{abs(difference):,.0f} s {direction} that of this machine"
        return warning(subject, found, "synchronise the clocks (NTP): ages and times are wrong")
    return well(subject, "as on this machine")


async def _installation(client: Redis, studies: StudyStore) -> Diagnosis:
    subject = "installation"
    try:
        await require_same_installation(client, studies)
    except OtherInstallationError as failure:
        return error(subject, str(failure), "name the right archive or the right Redis")
    except OSError as failure:
        return error(subject, f"the archive cannot be read ({type(failure).__name__})", "mount it")
    return well(subject, "Redis and the archive belong together")


def _missing_groups(backlogs: list[Backlog]) -> list[Diagnosis]:
    """Consumer groups that are not there, or that no service has."""
    known = {(channel.address, group) for channel in CHANNELS for group in channel.groups}
    there = {(backlog.stream, backlog.group) for backlog in backlogs}
    missing = [
        warning(f"group {group}", f"it does not exist on {stream}", f"start the {group}")
        for stream, group in sorted(known - there)
    ]
    return missing + [
        warning(
            f"group {group}",
            f"no service of ours reads {stream} as this group; the stream is kept for it",
            f"if no one needs it: XGROUP DESTROY {stream} {group}",
        )
        for stream, group in sorted(there - known)
    ]


def _backlog(backlog: Backlog) -> Diagnosis:
    subject = f"backlog {backlog.stream} {backlog.group}"
    found = f"{backlog.undelivered:,} undelivered, {backlog.pending:,} pending"
    if backlog.oldest_seconds > OLD_SECONDS:
        found += f"; the oldest is {backlog.oldest_seconds / 60:,.0f} min old"
        return warning(subject, found, "docs/runbooks/HdvBacklogOld.md")
    return well(subject, found)


async def _silent_groups(client: Redis, backlogs: list[Backlog]) -> list[Diagnosis]:
    """The groups of ours that no process reads at the moment."""
    silent = set()
    for channel in CHANNELS:
        for backlog in backlogs:
            if backlog.stream == channel.address and backlog.group in channel.groups:
                consumers: Any = await client.xinfo_consumers(backlog.stream, backlog.group)
                if not any(consumer["idle"] < SILENT_MS for consumer in consumers):
                    silent.add(backlog.group)
    advice = "docs/runbooks/HdvServiceDown.md"
    return [error(f"service {name}", "none reads its messages", advice) for name in sorted(silent)]


async def _dead_letters(client: Redis) -> Diagnosis:
    count = await client.xlen(DEAD_LETTER)
    if count:
        advice = "hdv dead-letters list; docs/runbooks/HdvDeadLetters.md"
        return warning("dead letters", f"{count:,}; their studies are in error", advice)
    return well("dead letters", "none")
