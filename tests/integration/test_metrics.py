"""The metrics of running services answer what an operator asks."""

import re

from redis.asyncio import Redis

from chassis.messaging.backlog import read_backlogs
from chassis.observability.metrics import Metrics
from contracts.channels import CHANNELS, DEAD_LETTER, UPLOADS
from kit.pipeline import Pipeline, RedisServer, until
from status.watch import Watch


async def look(server: RedisServer) -> str:
    """What the metrics say after one look at a server."""
    metrics = Metrics("status")
    async with Redis(port=server.port) as client:

        async def connect() -> Redis:
            return client

        await Watch(connect, metrics.instruments).look()
    return metrics.exposition().decode()


def value(exposition: str, pattern: str) -> float:
    [found] = re.findall(rf"^{pattern} (\S+)$", exposition, re.MULTILINE)
    return float(found)


async def test_the_backlog_of_each_group_has_an_age(redis_server: RedisServer) -> None:
    seconds, _ = redis_server.client.time()
    for age in (90, 30, 5):
        redis_server.client.xadd(
            UPLOADS.address, {"__data__": ""}, id=f"{(seconds - age) * 1000}-0"
        )
    redis_server.client.xgroup_create(UPLOADS.address, "validator", id="0")
    redis_server.client.xgroup_create(UPLOADS.address, "status", id="$")
    redis_server.client.xreadgroup("validator", "one", {UPLOADS.address: ">"}, count=1)
    redis_server.client.xadd(DEAD_LETTER, {"code": "x"})

    exposition = await look(redis_server)
    backlog = 'hdv_backlog_messages{group="validator",service="status",state="%s",stream="uploads"}'
    assert value(exposition, re.escape(backlog % "undelivered")) == 2
    assert value(exposition, re.escape(backlog % "pending")) == 1
    oldest = 'hdv_backlog_oldest_seconds{group="%s",service="status",stream="uploads"}'
    assert 90 <= value(exposition, re.escape(oldest % "validator")) < 95
    assert value(exposition, re.escape(oldest % "status")) == 0
    assert value(exposition, 'hdv_dead_letters_kept{service="status"}') == 1

    [pending] = redis_server.client.xpending_range(UPLOADS.address, "validator", "-", "+", 1)
    redis_server.client.xack(UPLOADS.address, "validator", pending["message_id"])
    assert 30 <= value(await look(redis_server), re.escape(oldest % "validator")) < 35


async def test_the_memory_and_the_durability_of_redis_are_shown(redis_server: RedisServer) -> None:
    exposition = await look(redis_server)
    assert value(exposition, 'hdv_redis_durable{service="status"}') == 1
    used = value(exposition, 'hdv_redis_used_bytes{service="status"}')
    assert 0 < used < value(exposition, 'hdv_redis_limit_bytes{service="status"}')
    redis_server.client.config_set("appendonly", "no")
    redis_server.client.config_set("maxmemory", 10**9)
    exposition = await look(redis_server)
    assert value(exposition, 'hdv_redis_durable{service="status"}') == 0
    assert value(exposition, 'hdv_redis_limit_bytes{service="status"}') == 10**9


async def test_looking_costs_the_same_however_long_the_streams_are(
    redis_server: RedisServer,
) -> None:
    for channel in CHANNELS:
        for _ in range(50):
            redis_server.client.xadd(channel.address, {"__data__": ""})
        for group in channel.groups:
            redis_server.client.xgroup_create(channel.address, group, id="0")
    async with Redis(port=redis_server.port) as client:
        await read_backlogs(client)  # connects
        before = commands(redis_server)
        backlogs = await read_backlogs(client)
        calls = commands(redis_server) - before
    assert all(backlog.undelivered == 50 for backlog in backlogs)
    assert calls == 1 + len(CHANNELS) + 2 * len(backlogs) + 1  # and that of the test


def commands(server: RedisServer) -> int:
    """How many commands a server has executed."""
    return sum(stats["calls"] for stats in server.client.info("commandstats").values())


def test_a_study_on_its_way_is_measured(pipeline: Pipeline, ct: bytes) -> None:
    pipeline.start_all()
    pipeline.wait_for(pipeline.upload(ct), "archived")
    pipeline.wait_for(pipeline.upload(b"no DICOM at all"), "failed")
    metric = pipeline.metric
    assert metric("gateway", r"hdv_received_files_total") == 2
    assert metric("gateway", r"hdv_received_bytes_total") == len(ct) + len(b"no DICOM at all")
    assert metric("gateway", r"hdv_used_bytes") > 0
    assert metric("validator", r'hdv_findings_total\{.*severity="error"') >= 1
    assert metric("descriptor", r"hdv_archived_instances_total") == 1
    assert metric("descriptor", r"hdv_archived_bytes_total") == len(ct)
    for service, steps in {
        "gateway": ("receive", "store", "announce"),
        "validator": ("examine", "decide", "store"),
        "descriptor": ("describe", "store"),
    }.items():
        for step in steps:
            assert metric(service, rf'hdv_step_duration_seconds_count.*step="{step}"') >= 1
    until(lambda: metric("status", r"hdv_study_duration_seconds_count") == 2, "both outcomes")
    until(lambda: metric("status", r'hdv_studies\{.*state="archived"') == 1, "the archived study")
    assert metric("status", r'hdv_studies\{.*state="failed"') == 1
    assert metric("status", r'hdv_studies\{.*state="unfinished"') == 0
