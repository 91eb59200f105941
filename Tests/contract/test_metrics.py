"""The metrics as read by Prometheus' own Python client."""

import math
import os
import signal
import threading

import pytest
from conftest import FIXTURES
from events import Listener
from prometheus_client.parser import text_string_to_metric_families

# Name suffixes for units, by Prometheus' conventions; plain counts have none.
UNITS = ("_seconds", "_bytes", "_total", "_info")
COUNTS = {
    "palimpsest_ready", "palimpsest_http_requests_in_flight", "palimpsest_http_connections",
    "palimpsest_jobs", "palimpsest_images",
    "palimpsest_node_leads", "palimpsest_cluster_nodes", "palimpsest_cluster_database_connections",
    "palimpsest_cluster_database_connections_max", "palimpsest_database_connections",
    "palimpsest_database_connections_max", "palimpsest_database_listening",
    "palimpsest_codecs", "palimpsest_codecs_ready", "palimpsest_codecs_busy", "process_threads",
    "process_open_fds", "process_max_fds",
}  # fmt: skip


def families(service):
    return {family.name: family for family in text_string_to_metric_families(service.metrics())}


def values(service, name):
    """The samples of one name, by their labels (a frozenset of pairs)."""
    return {
        frozenset(sample.labels.items()): sample.value
        for family in families(service).values()
        for sample in family.samples
        if sample.name == name
    }


def value(service, name, **labels):
    return values(service, name)[frozenset(labels.items())]


@pytest.mark.parametrize("kind", ["worked", "clustered"])
def test_names_types_and_units_are_prometheus_conventions(kind, request):
    for family in families(request.getfixturevalue(kind)).values():
        assert family.documentation.endswith("."), family.name
        assert family.name.startswith(("palimpsest_", "process_"))
        # The parser strips _total from the name of a counter.
        full = f"{family.name}_total" if family.type == "counter" else family.name
        assert full.endswith(UNITS) or full in COUNTS, full
        assert (family.type == "counter") == full.endswith("_total"), full
        assert family.samples, f"{family.name} has no value"
        for sample in family.samples:
            assert math.isfinite(sample.value), sample
            assert sample.value >= 0 or "offset" in sample.name, sample


def test_histograms_add_up(worked):
    histograms = [family for family in families(worked).values() if family.type == "histogram"]
    assert len(histograms) == 3
    for family in histograms:
        series = {}
        for sample in family.samples:
            labels = frozenset((key, text) for key, text in sample.labels.items() if key != "le")
            series.setdefault(labels, {}).setdefault(
                sample.name.removeprefix(family.name), []
            ).append(sample)
        for parts in series.values():
            ends = [float(sample.labels["le"]) for sample in parts["_bucket"]]
            counts = [sample.value for sample in parts["_bucket"]]
            assert ends == sorted(ends) and ends[-1] == math.inf
            assert counts == sorted(counts) and counts[-1] == parts["_count"][0].value


def test_images_are_counted_by_what_became_of_them(worked):
    assert value(worked, "palimpsest_images", state="done") == 3
    assert value(worked, "palimpsest_images", state="failed") == 1
    assert value(worked, "palimpsest_images_ended_total", state="done") == 3
    assert value(worked, "palimpsest_image_attempts_total", outcome="protected") == 3
    assert value(worked, "palimpsest_image_attempts_total", outcome="failed") == 1
    assert value(worked, "palimpsest_image_queue_duration_seconds_count") == 4
    for stage, count in {
        "read": 4, "decode": 3, "network": 3, "encode": 3, "write": 4, "commit": 4
    }.items():
        assert (
            value(worked, "palimpsest_image_stage_duration_seconds_count", stage=stage) == count
        ), stage
    assert value(worked, "palimpsest_image_stage_duration_seconds_sum", stage="network") > 0
    reports = [
        image["report"]
        for image in worked.get(f"{worked.path}/images").json["images"]
        if "report" in image
    ]
    pixels = sum(report["width"] * report["height"] for report in reports)
    assert value(worked, "palimpsest_protected_pixels_total") == pixels
    assert value(worked, "palimpsest_queue_oldest_age_seconds") == 0
    assert value(worked, "palimpsest_codecs") == value(worked, "palimpsest_codecs_ready") == 2


def test_requests_are_counted_by_route(worked):
    requests = "palimpsest_http_requests_total"
    assert value(worked, requests, method="POST", route="/v1/jobs", status="202") == 1
    assert value(worked, requests, method="GET", route="/v1/jobs", status="401") == 1
    assert value(worked, requests, method="GET", route="/v1/jobs/{id}", status="404") == 1
    assert value(worked, requests, method="GET", route="/v1/jobs/{id}/events", status="200") == 1
    assert worked.curl("/zebra/path", "--request", "BREW").status == 404
    assert value(worked, requests, method="other", route="none", status="404") == 1
    assert set(values(worked, "palimpsest_http_requests_in_flight").values()) == {0}


def test_the_process_is_as_the_kernel_says(worked):
    with open(f"/proc/{worked.process.pid}/status") as status:
        fields = dict(line.split(":", 1) for line in status)
    resident = int(fields["VmRSS"].split()[0]) * 1024
    assert 0.5 < value(worked, "process_resident_memory_bytes") / resident < 2
    assert value(worked, "process_cpu_seconds_total") > 0
    assert (
        value(worked, "palimpsest_database_size_bytes")
        >= (worked.data / "palimpsest.sqlite").stat().st_size
    )


def test_nothing_that_a_client_chose_is_shown(worked):
    text = worked.metrics()
    job = worked.path.rpartition("/")[2]
    for secret in ("secret-class", "parrots", "broken", job, worked.key, "zebra", "BREW"):
        assert secret not in text, secret


def test_a_stream_is_in_flight_until_it_ends(make_measured):
    service = make_measured()
    codecs = service.codecs()
    for pid in codecs:
        os.kill(pid, signal.SIGSTOP)
    listener = Listener(
        service, service.upload("--form", "class=a", "--form", f"file=@{FIXTURES / 'hats.png'}")
    )
    assert listener.connect() == 200
    assert value(service, "palimpsest_http_requests_in_flight", route="/v1/jobs/{id}/events") == 1
    assert value(service, "palimpsest_http_connections") == 1
    service.wait_for(
        lambda: value(service, "palimpsest_codecs_busy") == 1, "a codec to have the image"
    )
    os.kill(codecs[0], signal.SIGKILL)
    os.kill(codecs[1], signal.SIGKILL)
    assert [event.name for event in listener.events()][-1] == "end"
    service.wait_for(
        lambda: value(service, "palimpsest_http_requests_in_flight", route="/v1/jobs/{id}/events")
        == 0,
        "the stream to be counted",
    )
    assert value(service, "palimpsest_codec_restarts_total") == 2
    # Two, if the other codec had the image already when that was killed.
    assert value(service, "palimpsest_image_attempts_total", outcome="crashed") in (1, 2)
    assert service.stop() == 0, service.log()


def test_a_waiting_request_is_answered_when_the_service_stops(make_measured):
    service = make_measured("--drain-seconds", "60")
    for pid in service.codecs():
        os.kill(pid, signal.SIGSTOP)
    path = service.upload("--form", "class=a", "--form", f"file=@{FIXTURES / 'hats.png'}")
    answers = []
    waiting = threading.Thread(target=lambda: answers.append(service.get(f"{path}?wait=60")))
    waiting.start()
    service.wait_for(
        lambda: 1 in values(service, "palimpsest_http_requests_in_flight").values(),
        "the request to wait",
    )
    service.process.send_signal(signal.SIGTERM)
    waiting.join()
    assert (
        [answer.status for answer in answers] == [200]
        and answers[0].json["state"] in ("queued", "running")
    )
    # The image in progress keeps the service up for at most a minute; the request did not wait for
    # it.
    assert service.process.poll() is None
