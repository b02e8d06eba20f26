"""The proxy that fault tests put before Redis, on a real one."""

from collections.abc import Iterator

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from kit.pipeline import RedisServer
from kit.proxy import Proxy


@pytest.fixture
def proxy(redis_server: RedisServer) -> Iterator[Proxy]:
    with Proxy(redis_server.port) as proxy:
        yield proxy


@pytest.fixture
def far(proxy: Proxy) -> Iterator[redis.Redis]:
    """A client on the other side of the proxy, which repeats nothing."""
    with redis.Redis(port=proxy.port, socket_timeout=0.3, retry=Retry(NoBackoff(), 0)) as client:
        yield client


def test_everything_passes_while_the_network_is_well(far: redis.Redis) -> None:
    large = b"x" * 1_000_000
    far.set("key", large)
    assert far.get("key") == large


def test_a_refusing_network_cuts_what_is_open_and_what_is_new(
    proxy: Proxy, far: redis.Redis
) -> None:
    assert far.ping()
    with proxy.refusing(), pytest.raises(redis.ConnectionError):
        far.ping()
    assert far.ping()


def test_a_black_hole_carries_nothing_to_the_server(
    proxy: Proxy, far: redis.Redis, redis_server: RedisServer
) -> None:
    with proxy.silent(), pytest.raises(redis.TimeoutError):
        far.set("key", "value")
    assert not redis_server.client.exists("key")
    assert far.ping()


def test_an_answer_is_swallowed_though_the_server_has_done_what_was_asked(
    proxy: Proxy, far: redis.Redis, redis_server: RedisServer
) -> None:
    with proxy.swallowing_answers(to=b"\r\nSET\r\n"):
        assert far.ping()
        with pytest.raises(redis.TimeoutError):
            far.set("key", "value")
    assert redis_server.client.get("key") == "value"
    assert far.ping()


def test_a_delay_is_longer_than_the_client_waits(proxy: Proxy, far: redis.Redis) -> None:
    with proxy.delaying(0.4), pytest.raises(redis.TimeoutError):
        far.ping()


def test_a_cut_connection_is_an_error(proxy: Proxy, far: redis.Redis) -> None:
    with proxy.cutting(1.0), pytest.raises(redis.ConnectionError):
        far.ping()
    assert far.ping()
