"""Watching a job: every finished image is reported once, whatever is killed meanwhile."""

import json
import os
import signal
import subprocess

import pytest
from archives import upload_arguments
from events import Listener
from service import FIXTURES

# Large enough to be claimed alone, so that images end one by one.
HATS = FIXTURES / "hats.png"


def upload(service, *form):
    answer = service.get("/v1/jobs", *form)
    assert answer.status == 202, answer
    return answer.json["links"]["self"]


def upload_hats(service, count):
    return upload(service, "--form", "class=a", *["--form", f"file=@{HATS}"] * count)


@pytest.fixture
def held(make_service):
    """A service whose codecs are stopped, so that nothing ends until they continue."""
    service = make_service("--drain-seconds", "60")
    service.held = service.codecs()
    for pid in service.held:
        os.kill(pid, signal.SIGSTOP)
    return service


def go_on(service):
    for pid in service.held:
        os.kill(pid, signal.SIGCONT)


@pytest.mark.parametrize("version", ["--http1.1", "--http1.0"])
def test_curl_hears_every_image_and_the_end(make_service, tmp_path, version):
    service = make_service()
    broken = tmp_path / "broken.jpg"
    broken.write_bytes((FIXTURES / "parrots.jpg").read_bytes()[:300])
    path = upload(service, *upload_arguments(broken))
    answer = service.get(f"{path}/events", "--no-buffer", version)
    assert answer.status == 200
    assert answer.fields["content-type"] == "text/event-stream"
    assert answer.fields["cache-control"] == "no-store"
    assert answer.fields["x-accel-buffering"] == "no"
    retry, *blocks = answer.body.decode().removesuffix("\n\n").split("\n\n")
    assert retry.startswith("retry: ")
    events = [
        dict(line.split(": ", 1) for line in block.split("\n"))
        for block in blocks
        if not block.startswith(":")
    ]
    assert events[0]["event"] == "job" and events[-1]["event"] == "end"
    assert json.loads(events[-1]["data"])["reason"] == "finished"
    told = {
        (image := json.loads(event["data"]))["number"]: image
        for event in events
        if event["event"] == "image"
    }
    assert (
        sorted(told) == [1, 2, 3, 4]
        and len([event for event in events if event["event"] == "image"]) == 4
    )
    for image in service.get(f"{path}/images").json["images"]:
        same = {key: value for key, value in image.items() if key != "report"}
        assert (
            {key: value for key, value in told[image["number"]].items() if key != "report"} == same
        )
        if image["state"] == "done":
            assert told[image["number"]]["report"].items() <= image["report"].items()
        else:
            assert (
                "report" not in told[image["number"]] and same["error"]["code"].startswith("image_")
            )
    # A client that reconnects after the end gets 204, which ends a browser's stream.
    over = service.get(f"{path}/events", "--header", f"Last-Event-ID: {events[-1]['id']}")
    assert (over.status, over.body) == (204, b"")
    assert service.get(f"{path}/events?last_event_id={events[-1]['id']}").status == 204
    head = service.get(f"{path}/events", "--head")
    assert (head.status, head.fields["content-type"]) == (200, "text/event-stream")


def test_over_kills_of_the_server_every_image_is_told_exactly_once(make_service):
    service = make_service()
    path = upload(
        service, "--form", "working_size=512", "--form", "class=a",
        *["--form", f"file=@{HATS}"] * 24,
    )  # fmt: skip
    listener = Listener(service, path)
    for heard in (5, 12, 19):
        assert listener.connect() == 200
        for _ in listener.events():
            if len(listener.images()) >= heard:
                break
        service.kill()
        service.start()
    assert listener.connect() == 200
    assert [event.name for event in listener.events()][-1] == "end" and listener.is_whole
    images = listener.images()
    assert sorted(image["number"] for image in images) == list(range(1, 25))
    assert {image["state"] for image in images} == {"done"}
    assert listener.connect() == 204
    assert service.stop() == 0, service.log()


def test_a_stream_ends_whole_when_the_service_stops_and_goes_on_with_the_next(held):
    path = upload_hats(held, 3)
    listener = Listener(held, path)
    assert listener.connect() == 200
    events = listener.events()
    assert next(events).name == "job"
    held.process.send_signal(signal.SIGTERM)
    # The images in progress keep the service up, the listener does not.
    assert [event for event in events if event.name != "job"] == [] and listener.is_whole
    assert held.process.poll() is None
    held.kill()
    held.start()
    assert listener.connect() == 200
    assert [event.name for event in listener.events()][-1] == "end"
    assert sorted(image["number"] for image in listener.images()) == [1, 2, 3]


def test_cancelling_is_told(held):
    path = upload_hats(held, 3)
    listener = Listener(held, path)
    assert listener.connect() == 200
    assert held.get(f"{path}/cancel", "--request", "POST").status == 200
    assert [event.name for event in listener.events()][-4:] == ["image", "image", "image", "end"]
    assert {image["state"] for image in listener.images()} == {"cancelled"}
    assert listener.heard[-1].json["state"] == "cancelled"


# Not after a cancelled job: its end replaces the stopped codecs, and a job behind it could finish.
def test_erasing_is_told(held):
    path = upload_hats(held, 3)
    listener = Listener(held, path)
    assert listener.connect() == 200
    assert held.get(path, "--request", "DELETE").status == 204
    assert [event.name for event in listener.events()][-1] == "end"
    assert listener.heard[-1].json["reason"] == "erased"


def test_many_listeners_each_hear_everything(held):
    path = upload_hats(held, 6)
    listeners = [Listener(held, path) for _ in range(60)]
    assert {listener.connect() for listener in listeners} == {200}
    go_on(held)
    for listener in listeners:
        assert [event.name for event in listener.events()][-1] == "end"
        assert sorted(image["number"] for image in listener.images()) == [1, 2, 3, 4, 5, 6]


def test_a_stream_needs_the_key_and_the_right_id(shared_service):
    answer = shared_service.get(
        "/v1/jobs?class=a", "--data-binary", f"@{HATS}", "--header", "Content-Type: image/png"
    )
    path = answer.json["links"]["events"]
    assert shared_service.curl(path).status == 401
    assert shared_service.get("/v1/jobs/nobody/events").status == 404
    for refused in ("7", "x", "1.end%20"):
        answer = shared_service.get(f"{path}?last_event_id={refused}")
        assert (answer.status, answer.json["code"]) == (400, "last_event_id_invalid")
    assert shared_service.get(path, "--header", "Accept: text/html").status == 406


def test_the_log_names_no_image(make_service):
    service = make_service()
    path = upload(service, "--form", "class=a", "--form", f"file=@{HATS};filename=secret-name.png")
    body = (
        subprocess.run(
            ["curl", "--silent", "--user", f"{service.key}:", service.url(f"{path}/events")],
            capture_output=True,
            check=True,
        ).stdout
    )
    assert b"secret-name" in body
    assert service.stop() == 0
    assert "secret-name" not in service.log()
