"""Prometheus' own tool reads the metrics and the alerts, and runs the alerts' tests."""

import json
import pathlib
import re
import subprocess

from service import FIXTURES, Service

ROOT = pathlib.Path(__file__).resolve().parents[2]


def promtool(*arguments, **options):
    result = subprocess.run(
        ["promtool", *map(str, arguments)], capture_output=True, text=True, check=False, **options
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout + result.stderr


def test_the_alerts_are_rules_and_are_raised_when_they_should_be():
    assert "SUCCESS" in promtool("check", "rules", ROOT / "Deploy/prometheus-alerts.yml")
    assert "SUCCESS" in promtool(
        "test", "rules", "alert-tests.yml", cwd=pathlib.Path(__file__).parent
    )


def test_the_dashboard_asks_in_prometheus_language(tmp_path):
    dashboard = json.loads((ROOT / "Deploy/grafana-dashboard.json").read_text())
    queries = [
        target["expr"].replace("$job", "palimpsest").replace("$instance", ".*")
        for panel in dashboard["panels"]
        for target in panel.get("targets", [])
    ]
    # Rules are checked by the tool; JSON is YAML.
    rules = [{"record": f"query:{number}", "expr": query} for number, query in enumerate(queries)]
    file = tmp_path / "queries.yml"
    file.write_text(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}))
    assert f"{len(queries)} rules found" in promtool("check", "rules", file)


def test_the_metrics_are_as_prometheus_wants_them(tmp_path):
    service = Service(tmp_path / "data", None, ["--metrics-bind", "127.0.0.1:0"]).start()
    try:
        answer = service.get(
            "/v1/jobs?class=a",
            "--header",
            "Prefer: wait=60",
            "--data-binary",
            f"@{FIXTURES / 'hats.png'}",
        )
        assert answer.status == 200, answer
        port = re.search(r'"for":"metrics","port":"?(\d+)', service.log()).group(1)
        text = service.curl(f"http://127.0.0.1:{port}/metrics").body.decode()
        assert promtool("check", "metrics", input=text) == ""
    finally:
        assert service.stop() == 0, service.log()
