"""Writes the Grafana dashboard from a table of panels (`make docs`)."""

import json
import sys
from pathlib import Path
from typing import Any, NamedTuple

FILE = Path(__file__).parents[1] / "deploy/observability/grafana/dashboards/hdv.json"
"""The committed dashboard."""

_WIDTH, _HEIGHT, _COLUMNS = 8, 7, 3


class Panel(NamedTuple):
    """A graph: its title, its unit, and expressions with their legends."""

    title: str
    unit: str
    queries: tuple[tuple[str, str], ...]


class Row(NamedTuple):
    """Panels that answer one question."""

    title: str
    panels: tuple[Panel, ...]


def _rate(metric: str, by: str = "") -> str:
    return f"sum{f' by ({by}) ' if by else ' '}(rate({metric}[$__rate_interval]))"


def _quantile(quantile: float, metric: str, by: str) -> str:
    return f"histogram_quantile({quantile}, {_rate(f'{metric}_bucket', f'le, {by}')})"


_HOURLY_ERRORS = 'sum by (code) (increase(hdv_findings_total{severity="error"}[1h]))'

ROWS = (
    Row(
        "Is it well?",
        (
            Panel("Processes that answer", "short", (('sum(up{job="hdv"})', "up"),)),
            Panel("Outage", "short", (("max by (service) (hdv_outage)", "{{service}}"),)),
            Panel("Dead letters", "short", (("max(hdv_dead_letters_kept)", "kept"),)),
            Panel("Errors", "cps", ((_rate("hdv_errors_total", "error"), "{{error}}"),)),
            Panel(
                "Files that cost a process its life",
                "cps",
                ((_rate("hdv_examinations_killed_total", "service, cause"), "{{cause}}"),),
            ),
            Panel(
                "Memory of Redis",
                "bytes",
                (
                    ("max(hdv_redis_used_bytes)", "used"),
                    ("max(hdv_redis_limit_bytes)", "limit"),
                ),
            ),
            Panel("Free space", "bytes", (("min by (place) (hdv_free_bytes)", "{{place}}"),)),
            Panel(
                "Redis answers, and is durable",
                "short",
                (("max(hdv_redis_up)", "answers"), ("min(hdv_redis_durable)", "durable")),
            ),
            Panel("Versions", "short", (("count by (version) (hdv_build_info)", "{{version}}"),)),
        ),
    ),
    Row(
        "How far behind is it?",
        (
            Panel(
                "Oldest unfinished message",
                "s",
                (
                    (
                        "max by (stream, group) (hdv_backlog_oldest_seconds)",
                        "{{stream}} {{group}}",
                    ),
                ),
            ),
            Panel(
                "Unfinished messages",
                "short",
                (
                    (
                        "max by (stream, group, state) (hdv_backlog_messages)",
                        "{{stream}} {{group}} {{state}}",
                    ),
                ),
            ),
            Panel("Studies", "short", (("max by (state) (hdv_studies)", "{{state}}"),)),
        ),
    ),
    Row(
        "What comes in?",
        (
            Panel("Files", "cps", ((_rate("hdv_received_files_total"), "received"),)),
            Panel(
                "Bytes",
                "Bps",
                (
                    (_rate("hdv_received_bytes_total"), "received"),
                    (_rate("hdv_archived_bytes_total"), "archived"),
                ),
            ),
            Panel(
                "Instances",
                "cps",
                (
                    (_rate("hdv_archived_instances_total"), "archived"),
                    (_rate("hdv_files_examined_total", "outcome"), "{{outcome}}"),
                ),
            ),
            Panel(
                "Errors in files",
                "short",
                (
                    (
                        f"topk(10, {_HOURLY_ERRORS})",
                        "{{code}}",
                    ),
                ),
            ),
        ),
    ),
    Row(
        "How fast is it?",
        (
            Panel(
                "Requests",
                "cps",
                ((_rate("hdv_http_request_duration_seconds_count", "status"), "{{status}}"),),
            ),
            Panel(
                "Latency by route, 95 %",
                "s",
                (
                    (
                        _quantile(0.95, "hdv_http_request_duration_seconds", "route, method"),
                        "{{method}} {{route}}",
                    ),
                ),
            ),
            Panel(
                "Steps, 95 %",
                "s",
                (
                    (
                        _quantile(0.95, "hdv_step_duration_seconds", "service, step"),
                        "{{service}} {{step}}",
                    ),
                ),
            ),
            Panel(
                "From arrival to outcome",
                "s",
                tuple(
                    (_quantile(q, "hdv_study_duration_seconds", "event"), f"{q:.0%} {{{{event}}}}")
                    for q in (0.5, 0.95)
                ),
            ),
            Panel(
                "Messages by outcome",
                "cps",
                ((_rate("hdv_messages_total", "outcome"), "{{outcome}}"),),
            ),
        ),
    ),
)
"""The dashboard: a row for each question."""


def dashboard() -> dict[str, Any]:
    """The dashboard as Grafana reads it."""
    panels: list[dict[str, Any]] = []
    y = 0
    for row in ROWS:
        position = {"x": 0, "y": y, "w": _WIDTH * _COLUMNS, "h": 1}
        panels.append({"type": "row", "title": row.title, "gridPos": position, "panels": []})
        y += 1
        for number, panel in enumerate(row.panels):
            line, column = divmod(number, _COLUMNS)
            panels.append(_graph(panel, x=column * _WIDTH, y=y + line * _HEIGHT))
        y += _HEIGHT * -(-len(row.panels) // _COLUMNS)
    for number, panel_json in enumerate(panels, 1):
        panel_json["id"] = number
    return {
        "uid": "hdv",
        "title": "Hybrid DICOM Validator",
        "schemaVersion": 39,
        "editable": False,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "panels": panels,
    }


def _graph(panel: Panel, *, x: int, y: int) -> dict[str, Any]:
    return {
        "type": "timeseries",
        "title": panel.title,
        "datasource": {"type": "prometheus", "uid": "prometheus"},
        "gridPos": {"x": x, "y": y, "w": _WIDTH, "h": _HEIGHT},
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0}, "overrides": []},
        "targets": [
            {"refId": chr(ord("A") + number), "expr": expression, "legendFormat": legend}
            for number, (expression, legend) in enumerate(panel.queries)
        ],
    }


def main() -> int:
    """Write the file."""
    FILE.write_text(json.dumps(dashboard(), indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
