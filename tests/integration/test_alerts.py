"""The alerts fire when they should, and the dashboard is PromQL: what Prometheus' own tool says."""

import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from tools import dashboard

DIRECTORY = Path(__file__).parents[2] / "deploy" / "observability"


# Whether the file with the token is there is left out: compose.yml makes it.
@pytest.mark.parametrize(
    "command",
    [
        ("check", "config", "--syntax-only", "prometheus.yml"),
        ("check", "rules", "alerts.yml"),
        ("test", "rules", "alerts.test.yml"),
    ],
    ids=lambda command: " ".join(command[:2]),
)
def test_promtool_accepts_the_rules_and_their_tests_hold(command: tuple[str, ...]) -> None:
    if not (promtool := shutil.which("promtool")):
        pytest.skip("alerts are not tested: promtool (Debian: prometheus) is not installed")
    done = subprocess.run(
        [promtool, *command], cwd=DIRECTORY, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_expression_of_the_dashboard_is_promql(tmp_path: Path) -> None:
    if not (promtool := shutil.which("promtool")):
        pytest.skip("the dashboard is not tested: promtool (Debian: prometheus) is not installed")
    rules = [
        {"record": f"panel:{number}", "expr": expression.replace("$__rate_interval", "5m")}
        for number, expression in enumerate(
            query for row in dashboard.ROWS for panel in row.panels for query, _ in panel.queries
        )
    ]
    file = tmp_path / "rules.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]}))
    done = subprocess.run(
        [promtool, "check", "rules", str(file)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
