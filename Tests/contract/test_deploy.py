"""The dashboard and the alerts use only metrics and labels that a live service exposes."""

import json
import re

import pytest
import yaml
from conftest import ROOT
from prometheus_client.parser import text_string_to_metric_families

DASHBOARD = json.loads((ROOT / "Deploy/grafana-dashboard.json").read_text())
ALERTS = yaml.safe_load((ROOT / "Deploy/prometheus-alerts.yml").read_text())
RULES = [rule for group in ALERTS["groups"] for rule in group["rules"]]
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]

# Added by Prometheus itself to every scrape.
OF_THE_SCRAPE = {"job", "instance"}


def queries():
    """Every expression and where it occurs."""
    for rule in RULES:
        yield rule["alert"], rule["expr"]
    for panel in PANELS:
        for target in panel["targets"]:
            yield panel["title"], target["expr"]
    for variable in DASHBOARD["templating"]["list"]:
        if variable["type"] == "query":
            yield variable["name"], variable["query"]["query"]


@pytest.fixture(scope="module")
def exposed(worked):
    """The labels of every sample name, as exposed by a live service."""
    labels = {"up": set()}
    for family in text_string_to_metric_families(worked.metrics()):
        for sample in family.samples:
            labels.setdefault(sample.name, set()).update(sample.labels)
    return labels


@pytest.mark.parametrize(("place", "query"), queries())
def test_every_query_is_about_metrics_that_there_are(exposed, place, query):
    selectors = re.findall(r"\b((?:palimpsest|process)_[a-z_]+|up\b)(?:\{([^}]*)\})?", query)
    assert selectors, query
    for name, matchers in selectors:
        assert name in exposed, f"{place}: {name}"
        for label in re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", matchers):
            assert label in exposed[name] | OF_THE_SCRAPE, f"{place}: {name} has no label {label}"
    known = set().union(OF_THE_SCRAPE, *(exposed[name] for name, _ in selectors))
    for group in re.findall(r"\bby \(([^)]*)\)", query):
        assert {label.strip() for label in group.split(",")} <= known, f"{place}: {group}"


def test_values_of_labels_that_are_asked_for_exist(exposed, worked):
    text = worked.metrics()
    for place, query in queries():
        for label, value in re.findall(r'\b(state|outcome|stage)(?:=|!=)"([^"$]+)"', query):
            assert f'{label}="{value}"' in text, f"{place}: {label}={value}"


def test_every_metric_is_on_the_dashboard(worked):
    asked = " ".join(target["expr"] for panel in PANELS for target in panel["targets"])
    for family in text_string_to_metric_families(worked.metrics()):
        if family.name in (
            "palimpsest_build_info", "process_threads", "process_virtual_memory_bytes"
        ):
            continue
        assert family.name in asked, family.name


def test_alerts_say_what_to_do():
    assert len({rule["alert"] for rule in RULES}) == len(RULES) >= 10
    for rule in RULES:
        assert rule["labels"]["severity"] in ("page", "ticket")
        assert (
            rule["annotations"]["summary"].endswith(".")
            and rule["annotations"]["description"].endswith(".")
        )


def test_panels_do_not_overlap():
    cells = set()
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        own = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & own and max(x for x, _ in own) < 24, panel["title"]
        cells |= own
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])
