"""A third-party client for server-sent events."""

import json

import requests
import sseclient


def test_sseclient_hears_the_job_its_images_and_the_end(worked):
    fields = {"Authorization": f"Bearer {worked.key}", "Accept": "text/event-stream"}
    url = worked.url(f"{worked.path}/events")
    with requests.get(url, headers=fields, stream=True, timeout=60) as answer:
        assert answer.status_code == 200
        client = sseclient.SSEClient(answer.iter_content(7))
        events = list(client.events())
    assert [event.event for event in events] == ["job", "image", "image", "image", "image", "end"]
    assert sorted(json.loads(event.data)["number"] for event in events[1:-1]) == [1, 2, 3, 4]
    assert [event.id for event in events[1:]] == ["1", "2", "3", "4", "4.end"]
    assert json.loads(events[-1].data)["counts"]["done"] == 3
    with requests.get(
        url, headers={**fields, "Last-Event-ID": events[2].id}, stream=True, timeout=60
    ) as answer:
        rest = list(sseclient.SSEClient(answer.iter_content(None)).events())
    assert [event.id for event in rest if event.event == "image"] == ["3", "4"]
