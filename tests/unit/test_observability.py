"""Alerts, run books and the dashboard belong together, and ask for metrics that exist."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tools import dashboard

ROOT = Path(__file__).parents[2]
DIRECTORY = ROOT / "deploy" / "observability"
RUNBOOKS = ROOT / "docs" / "runbooks"
METRIC = re.compile(r"\bhdv_\w+")
SUFFIXES = re.compile(r"_(bucket|count|sum)$")


def listed_metrics() -> set[str]:
    """The metrics of docs/metrics.md; another test compares them with what services expose."""
    page = (ROOT / "docs" / "metrics.md").read_text()
    rows = [line.split("|")[1] for line in page.splitlines() if line.startswith("| `")]
    return {name for row in rows for name in METRIC.findall(row)}


def metrics_of(expression: str) -> set[str]:
    listed = listed_metrics()
    names = METRIC.findall(expression)
    return {name if name in listed else SUFFIXES.sub("", name) for name in names}


def alerts() -> list[dict[str, Any]]:
    [group] = yaml.safe_load((DIRECTORY / "alerts.yml").read_text())["groups"]
    rules: list[dict[str, Any]] = group["rules"]
    return rules


@pytest.mark.parametrize("alert", alerts(), ids=lambda alert: str(alert["alert"]))
def test_an_alert_asks_for_metrics_that_exist_and_has_its_page(alert: dict[str, Any]) -> None:
    asked = metrics_of(alert["expr"])
    assert asked <= listed_metrics()
    assert asked or alert["expr"].startswith("up{")
    name = alert["alert"]
    url = alert["annotations"]["runbook_url"]
    assert url == "{{ $externalLabels.docs }}" + f"/runbooks/{name}.md"
    assert f"Alert `{name}`." in (RUNBOOKS / f"{name}.md").read_text()


def test_every_run_book_is_of_an_alert_and_is_listed() -> None:
    names = [alert["alert"] for alert in alerts()]
    assert sorted(page.stem for page in RUNBOOKS.glob("*.md")) == sorted(names)
    page = (ROOT / "docs" / "observability.md").read_text()
    assert re.findall(r"\(runbooks/(\w+)\.md\)", page) == names


def test_every_alert_is_tested_when_all_is_well_and_when_it_is_not() -> None:
    names = sorted(alert["alert"] for alert in alerts())
    tests = yaml.safe_load((DIRECTORY / "alerts.test.yml").read_text())["tests"]
    for test in tests:
        assert sorted(one["alertname"] for one in test["alert_rule_test"]) == names


def test_the_dashboard_is_written_from_its_table() -> None:
    assert json.loads(dashboard.FILE.read_text()) == dashboard.dashboard()


@pytest.mark.parametrize(
    "panel", [panel for row in dashboard.ROWS for panel in row.panels], ids=lambda p: str(p.title)
)
def test_a_panel_asks_for_metrics_that_exist(panel: dashboard.Panel) -> None:
    for expression, _ in panel.queries:
        asked = metrics_of(expression)
        assert asked <= listed_metrics()
        assert asked or 'up{job="hdv"}' in expression


def test_prometheus_asks_every_service_that_compose_starts() -> None:
    [job] = yaml.safe_load((DIRECTORY / "prometheus.yml").read_text())["scrape_configs"]
    assert job["job_name"] == "hdv"  # what the alerts and the dashboard ask for
    targets = {name for config in job["dns_sd_configs"] for name in config["names"]}
    services = yaml.safe_load((ROOT / "compose.yml").read_text())["services"]
    assert targets == services.keys() - {"redis", "prometheus", "grafana"}
    ready = {name: services[name]["environment"]["READY"] for name in targets}
    for config in job["dns_sd_configs"]:
        assert f":{config['port']}/" in ready[config["names"][0]]
