"""The committed AsyncAPI document is what the code generates."""

import os
from typing import Any

import pytest
from faststream.redis.subscriber.usecases import StreamSubscriber

from asyncapi.generate import DOCUMENT, brokers, generate
from contracts.channels import CHANNELS


def test_the_committed_document_is_what_the_code_generates() -> None:
    assert DOCUMENT.read_text() == generate(), "run `make spec` and commit the result"


def test_it_comes_out_the_same_whatever_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HDV_REDIS_URL", "redis://elsewhere:1234/5")
    monkeypatch.setenv("HDV_GATEWAY__PORT", "1")
    assert generate() == DOCUMENT.read_text()
    assert str(os.getpid()) not in DOCUMENT.read_text()


def test_every_address_is_documented_as_stream_and_as_live_channel(
    document: dict[str, Any],
) -> None:
    documented = {
        (channel["address"], channel["x-redis"]["type"])
        for channel in document["channels"].values()
    }
    addresses = {channel.address for channel in CHANNELS}
    assert documented == {(a, kind) for a in addresses for kind in ("stream", "pubsub")}


def test_producers_and_consumer_groups_are_those_of_the_contracts(
    document: dict[str, Any],
) -> None:
    for channel in CHANNELS:
        operations = [
            (name.partition(".")[0], operation["action"])
            for name, operation in document["operations"].items()
            if document["channels"][operation["channel"]["$ref"].rpartition("/")[2]]["address"]
            == channel.address
        ]
        senders = {service for service, action in operations if action == "send"}
        receivers = {service for service, action in operations if action == "receive"}
        assert senders == set(channel.producers)
        assert receivers == set(channel.groups)


def test_every_stream_is_read_by_a_reader_and_a_claimer() -> None:
    for broker in brokers():
        groups = [
            (subscriber.stream_sub.name, subscriber.stream_sub.min_idle_time is None)
            for subscriber in broker.subscribers
            if isinstance(subscriber, StreamSubscriber)
        ]
        readers = {name for name, reads in groups if reads}
        claimers = {name for name, reads in groups if not reads}
        assert readers == claimers
        assert len(groups) == len(broker.subscribers)
