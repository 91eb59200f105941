"""Python's own HTTP client and requests, as used in scripts."""

import hashlib
import http.client
import io
import zipfile

import pytest
import requests
from service import FIXTURES

PHOTO = FIXTURES / "parrots.jpg"


@pytest.fixture
def session(shared_service):
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {shared_service.key}"
        yield session


def test_http_client_keeps_its_connection(shared_service):
    connection = http.client.HTTPConnection("127.0.0.1", shared_service.port, timeout=60)
    fields = {"Authorization": f"Bearer {shared_service.key}"}
    connection.request("GET", "/healthz")
    answer = connection.getresponse()
    assert answer.status == 200 and answer.read()
    socket = connection.sock
    # A body of unknown length is sent chunked.
    pieces = (PHOTO.read_bytes()[i : i + 1000] for i in range(0, PHOTO.stat().st_size, 1000))
    connection.request(
        "POST",
        "/v1/jobs?class=a",
        pieces,
        {**fields, "Content-Type": "image/jpeg"},
        encode_chunked=True,
    )
    answer = connection.getresponse()
    assert answer.status == 202 and answer.read()
    location = answer.headers["Location"]
    for method, path, status in [
        ("HEAD", location, 200),
        ("GET", "/none", 404),
        ("OPTIONS", location, 204),
        ("PUT", location, 405),
    ]:
        connection.request(method, path, headers=fields)
        answer = connection.getresponse()
        body = answer.read()
        assert answer.status == status and bool(body) == (status >= 400), (
            method, answer.status, body
        )
    assert connection.sock is socket, "the connection was made anew"
    shared_service.finished(location)


def test_requests_uploads_polls_and_downloads(shared_service, session):
    with PHOTO.open("rb") as first, (FIXTURES / "hats.png").open("rb") as second:
        files = [("file", ("one.jpg", first)), ("file", ("Zwölf.png", second, "image/png"))]
        answer = session.post(
            shared_service.url("/v1/jobs"),
            data={"class": "birds"},
            files=files,
            headers={"Prefer": "wait=60"},
        )
    assert answer.status_code == 200 and answer.json()["counts"] == {
        **answer.json()["counts"], "done": 2
    }, answer.text
    url = shared_service.url(answer.headers["Location"])
    archive = session.get(f"{url}/archive.zip", stream=True)
    content = b"".join(archive.iter_content(4096))
    assert int(archive.headers["Content-Length"]) == len(content)
    with zipfile.ZipFile(io.BytesIO(content)) as opened:
        assert opened.testzip() is None and {"birds/one.png", "birds/Zwölf.png"} <= set(
            opened.namelist()
        )
    # The rest of an interrupted download.
    rest = session.get(
        f"{url}/archive.zip",
        headers={"Range": f"bytes={len(content) // 2}-", "If-Range": archive.headers["ETag"]},
    )
    assert rest.status_code == 206 and rest.content == content[len(content) // 2 :]
    assert (
        session.get(
            f"{url}/archive.zip", headers={"If-None-Match": archive.headers["ETag"]}
        ).status_code
        == 304
    )
    image = session.get(
        f"{url}/images/1.png", headers={"Accept": "image/avif,image/webp,*/*;q=0.8"}
    )
    assert image.headers["ETag"] == f'"{hashlib.sha256(image.content).hexdigest()}"'
    refused = session.get(f"{url}/images/1.png", headers={"Accept": "application/json"})
    assert (refused.status_code, refused.json()["code"]) == (406, "not_acceptable")


def test_requests_is_told_of_a_refusal_while_it_still_sends(shared_service):
    answer = requests.post(
        shared_service.url("/v1/jobs?class=a"), data=io.BytesIO(bytes(50_000_000)), timeout=60
    )
    assert answer.status_code == 401 and answer.json()["code"] == "key_missing"
