"""docs/metrics.md lists every metric that a service exposes, and no other."""

import re
from pathlib import Path
from typing import Any

import pytest

from chassis.runtime.settings import load
from chassis.service.lifecycle import Service
from descriptor import app as descriptor
from descriptor.settings import DescriptorSettings
from gateway import app as gateway
from gateway.settings import GatewaySettings
from status import app as status
from status.settings import StatusSettings
from validator import app as validator
from validator.settings import ValidatorSettings

ROOT = Path(__file__).parents[2]
APPS: list[tuple[Any, Any]] = [
    (gateway, GatewaySettings),
    (validator, ValidatorSettings),
    (descriptor, DescriptorSettings),
    (status, StatusSettings),
]


@pytest.fixture(scope="module")
def services() -> list[Service]:
    return [app.create_app(load(settings)) for app, settings in APPS]


def test_the_page_lists_what_the_services_expose(services: list[Service]) -> None:
    exposed = set().union(*(service.metrics.instruments.names() for service in services))
    page = (ROOT / "docs" / "metrics.md").read_text()
    rows = [line.split("|")[1] for line in page.splitlines() if line.startswith("| `")]
    listed = [name for row in rows for name in re.findall(r"`(hdv_\w+)`", row)]
    assert sorted(listed) == sorted(exposed)


def test_every_metric_says_which_service_it_is_of(services: list[Service]) -> None:
    for service in services:
        for metric in service.metrics.instruments._registry.collect():
            if metric.name.startswith("hdv_"):
                assert all(s.labels["service"] == service.name for s in metric.samples)
