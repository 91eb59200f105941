"""The dashboard and the alerts use only metrics and labels that live services expose."""

import json
import re

import pytest
import yaml
from conftest import ROOT
from prometheus_client.parser import text_string_to_metric_families

DASHBOARD = json.loads((ROOT / "Deploy/grafana-dashboard.json").read_text())
ALERTS = yaml.safe_load((ROOT / "Deploy/prometheus-alerts.yml").read_text())
RULES = [rule for group in ALERTS["groups"] for rule in group["rules"]]
RECORDED = {rule["record"] for rule in RULES if "record" in rule}
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]

# Added by Prometheus itself to every scrape.
OF_THE_SCRAPE = {"job", "instance"}


def queries():
    """Every expression and where it occurs."""
    for rule in RULES:
        yield rule.get("alert") or rule["record"], rule["expr"]
    for panel in PANELS:
        for target in panel["targets"]:
            yield panel["title"], target["expr"]
    for variable in DASHBOARD["templating"]["list"]:
        if variable["type"] == "query":
            yield variable["name"], variable["query"]["query"]


@pytest.fixture(scope="module")
def texts(worked, clustered):
    """What is exposed by a service of one machine, and by one that shares what it has."""
    return [worked.metrics(), clustered.metrics()]


@pytest.fixture(scope="module")
def families(texts):
    return [family for text in texts for family in text_string_to_metric_families(text)]


@pytest.fixture(scope="module")
def exposed(families):
    """The labels of every sample name, as exposed by live services."""
    labels = {"up": set()}
    for family in families:
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


def test_recorded_series_are_used_as_they_are_named():
    used = re.findall(r"\w+:palimpsest_\w+:\w+", " ".join(query for _, query in queries()))
    assert set(used) == RECORDED


def test_values_of_labels_that_are_asked_for_exist(texts):
    text = "".join(texts)
    for place, query in queries():
        for label, value in re.findall(r'\b(state|outcome|stage)(?:=|!=)"([^"$]+)"', query):
            assert f'{label}="{value}"' in text, f"{place}: {label}={value}"


def test_every_metric_is_on_the_dashboard(families):
    asked = " ".join(target["expr"] for panel in PANELS for target in panel["targets"])
    for family in families:
        if family.name in (
            "palimpsest_build_info", "process_threads", "process_virtual_memory_bytes"
        ):
            continue
        assert family.name in asked, family.name


def test_alerts_say_what_to_do():
    alerts = [rule for rule in RULES if "alert" in rule]
    assert len({rule["alert"] for rule in alerts}) == len(alerts) >= 10
    for rule in alerts:
        assert rule["labels"]["severity"] in ("page", "ticket")
        assert (
            rule["annotations"]["summary"].endswith(".")
            and rule["annotations"]["description"].endswith(".")
        )


def test_what_is_of_the_cluster_is_asked_of_all_nodes_and_never_summed():
    """Of all, since the node that leads may not be chosen; the greatest, as two may be seen."""
    told_once = re.compile(
        r"palimpsest_(?:cluster_\w+|jobs|images|images_ended_total|queue_oldest_age_seconds"
        r"|database_size_bytes)\b(?:\{([^}]*)\})?"
    )
    seen = 0
    for panel in PANELS:
        for target in panel["targets"]:
            for found in told_once.finditer(target["expr"]):
                seen += 1
                assert "$instance" not in (found[1] or ""), panel["title"]
                assert re.search(r"\bmax\b", target["expr"][: found.start()]), panel["title"]
    assert seen >= 12


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
