"""Webhooks against a real receiver, which verifies them by the library of Standard Webhooks."""

import json
import subprocess

import pytest
from conftest import FIXTURES
from receiver import Receiver
from service import PATIENCE
from standardwebhooks.webhooks import Webhook, WebhookVerificationError


@pytest.fixture
def receiver():
    made = Receiver()
    yield made
    made.close()


@pytest.fixture
def start(make_measured, receiver):
    """Starts a service that may send to the receiver."""

    def start(*extra):
        local = f"127.0.0.1:{receiver.port},localhost:{receiver.port}"
        options = ["--webhooks", "on", "--webhook-local-hosts", local, "--log-level", "info"]
        return make_measured(*options, *extra)

    return start


def put(service, url):
    return service.get(
        "/v1/webhook", "--request", "PUT", "--json", json.dumps({"url": url})
    )


def messages(service):
    return service.get("/v1/webhook/messages").json["messages"]


def settled(service, count=1):
    """The messages, once none waits for its first attempt."""

    def look():
        found = messages(service)
        tried = [one for one in found if one["attempts"]]
        return found if len(tried) == count == len(found) else None

    return service.wait_for(look, "the attempts")


def test_the_end_of_a_job_is_told_and_verifies(start, receiver):
    service = start()
    made = put(service, f"http://127.0.0.1:{receiver.port}/hooks?a=b")
    assert made.status == 201 and made.json["state"] == "active"
    path = service.upload("--form", "class=birds", "--form", f"file=@{FIXTURES / 'parrots.jpg'}")
    ((target, fields, body),) = receiver.wait(1, PATIENCE)
    assert target == "/hooks?a=b" and fields["Content-Type"] == "application/json"
    assert fields["Host"] == f"127.0.0.1:{receiver.port}"
    event = Webhook(made.json["secret"]).verify(body, {k.lower(): v for k, v in fields.items()})
    job = service.get(path).json
    assert event["type"] == "job.finished"
    assert event["data"] == {key: job[key] for key in ("id", "state", "counts")}
    assert event["timestamp"] == job["finished_at"]
    with pytest.raises(WebhookVerificationError):
        Webhook(made.json["secret"]).verify(
            body.replace(b"done", b"gone"), {k.lower(): v for k, v in fields.items()}
        )
    (message,) = settled(service)
    assert (message["id"], message["state"]) == (fields["webhook-id"], "delivered")
    assert message["last_status"] == 204
    # Who shows it again does not show the secret, and no log line does.
    assert "secret" not in service.get("/v1/webhook").json
    assert made.json["secret"] not in service.log() and "/hooks" not in service.log()
    assert service.stop() == 0, service.log()


def test_a_message_that_is_refused_comes_again_as_the_same(start, receiver):
    service = start()
    secret = put(service, f"http://localhost:{receiver.port}/").json["secret"]
    receiver.answers = [(500, {}), (204, {})]
    assert service.get("/v1/webhook/test", "--request", "POST").status == 202
    first, second = receiver.wait(2, PATIENCE)
    assert first[2] == second[2] and first[1]["webhook-id"] == second[1]["webhook-id"]
    assert int(second[1]["webhook-timestamp"]) > int(first[1]["webhook-timestamp"])
    for _, fields, body in (first, second):
        Webhook(secret).verify(body, {k.lower(): v for k, v in fields.items()})
    delivered = service.wait_for(
        lambda: [one for one in messages(service) if one["state"] == "delivered"], "the delivery"
    )
    assert delivered[0]["attempts"] == 2


def test_what_a_stop_held_back_is_sent_by_the_next_run(start, receiver):
    service = start()
    put(service, f"http://127.0.0.1:{receiver.port}/")
    receiver.answers = [(503, {})]
    service.get("/v1/webhook/test", "--request", "POST")
    (first,) = receiver.wait(1, PATIENCE)
    settled(service)
    service.kill()
    service.start()
    second = receiver.wait(2, PATIENCE)[1]
    assert second[1]["webhook-id"] == first[1]["webhook-id"] and second[2] == first[2]


def test_a_redirect_is_not_followed_and_a_message_can_be_sent_again(start, receiver):
    service = start()
    put(service, f"http://127.0.0.1:{receiver.port}/")
    receiver.answers = [(302, {"Location": f"http://127.0.0.1:{receiver.port}/elsewhere"})]
    service.get("/v1/webhook/test", "--request", "POST")
    (message,) = settled(service)
    assert message["last_status"] == 302 and message["state"] == "waiting"
    assert [path for path, _, _ in receiver.received] == ["/"]
    path = f"/v1/webhook/messages/{message['id']}/resend"
    assert service.get(path, "--request", "POST").status == 202
    assert receiver.wait(2, PATIENCE)[1][0] == "/"
    unknown = service.get("/v1/webhook/messages/msg_0/resend", "--request", "POST")
    assert (unknown.status, unknown.json["code"]) == (404, "message_unknown")


def test_a_receiver_that_is_gone_gets_nothing_more_until_the_next_put(start, receiver):
    service = start()
    url = f"http://127.0.0.1:{receiver.port}/"
    first = put(service, url).json["secret"]
    receiver.answers = [(410, {})]
    service.get("/v1/webhook/test", "--request", "POST")
    (message,) = settled(service)
    assert (message["state"], message["last_status"]) == ("failed", 410)
    assert service.get("/v1/webhook").json["state"] == "disabled"
    refused = service.get("/v1/webhook/test", "--request", "POST")
    assert (refused.status, refused.json["code"]) == (404, "webhook_missing")
    again = put(service, url)
    assert again.status == 200 and again.json["secret"] != first
    assert service.get("/v1/webhook").json["state"] == "active"
    assert service.get("/v1/webhook", "--request", "DELETE").status == 204
    assert service.get("/v1/webhook").json["code"] == "webhook_missing"


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{port}/", "https://127.0.0.1/", "https://[::1]/",
        "https://[::ffff:127.0.0.1]/", "https://10.0.0.1/", "https://169.254.169.254/latest",
        "https://hooks.example:22/", "http://hooks.example/", "ftp://hooks.example/",
        "https://user@hooks.example/", "https://hooks.example/#a", "no address",
    ],
)
def test_an_address_of_the_operators_network_is_refused(make_measured, receiver, url):
    service = make_measured("--webhooks", "on")
    answer = put(service, url.format(port=receiver.port))
    assert (answer.status, answer.json["code"]) == (400, "url_invalid")


@pytest.mark.parametrize("name", ["localhost", "2130706433", "127.1", "0x7f.1"])
def test_a_name_that_leads_to_a_private_address_is_not_connected_to(
    make_measured, receiver, name
):
    # The ports must be those that are allowed, so nothing listens there: what counts is the reason.
    service = make_measured("--webhooks", "on")
    assert put(service, f"https://{name}/").status == 201
    service.get("/v1/webhook/test", "--request", "POST")
    (message,) = settled(service)
    assert "not on the public internet" in message["last_error"], message
    assert receiver.received == []


def test_without_the_operators_word_there_are_no_webhooks(make_measured):
    service = make_measured()
    answer = put(service, "https://hooks.example/")
    assert (answer.status, answer.json["code"]) == (403, "webhooks_off")


@pytest.mark.parametrize(
    ("name", "trusted", "delivered"),
    [("localhost", True, True), ("localhost", False, False), ("127.0.0.1", True, False)],
)
def test_a_certificate_must_be_the_hosts_and_trusted(
    tmp_path, make_measured, name, trusted, delivered, monkeypatch
):
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
         "-keyout", key, "-out", certificate], check=True, capture_output=True,
    )  # fmt: skip
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    receiver = Receiver(certificate, key)
    try:
        service = make_measured(
            "--webhooks", "on", "--webhook-local-hosts", f"localhost,127.0.0.1:{receiver.port}"
        )
        made = put(service, f"https://{name}:{receiver.port}/")
        assert made.status == 201, made
        service.get("/v1/webhook/test", "--request", "POST")
        (message,) = settled(service)
        if delivered:
            assert message["state"] == "delivered"
            ((_, fields, body),) = receiver.received
            Webhook(made.json["secret"]).verify(body, {k.lower(): v for k, v in fields.items()})
        else:
            assert "certificate" in message["last_error"] and receiver.received == []
    finally:
        receiver.close()


def test_keys_have_webhooks_of_their_own(start, receiver):
    service = start()
    body = json.dumps({"name": "alice", "scopes": ["submit", "read"]})
    alice = service.get("/v1/keys", "--json", body).json["secret"]
    mine = put(service, f"http://127.0.0.1:{receiver.port}/mine").json["secret"]
    url = json.dumps({"url": f"http://127.0.0.1:{receiver.port}/hers"})
    hers = service.curl("/v1/webhook", "--request", "PUT", "--json", url, key=alice)
    assert hers.status == 201 and hers.json["secret"] != mine
    service.curl("/v1/webhook/test", "--request", "POST", key=alice)
    ((path, fields, content),) = receiver.wait(1, PATIENCE)
    assert path == "/hers"
    fields = {k.lower(): v for k, v in fields.items()}
    Webhook(hers.json["secret"]).verify(content, fields)
    with pytest.raises(WebhookVerificationError):
        Webhook(mine).verify(content, fields)
    assert messages(service) == []
