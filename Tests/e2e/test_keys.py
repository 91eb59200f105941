"""API keys from outside: curl, and `palimpsest keys` beside a running server."""

import hashlib
import json
import os
import re
import signal
import socket
import sqlite3
import stat
import subprocess
import threading

import numpy as np
import pytest
from PIL import Image
from service import BINARY, FIXTURES, PATIENCE, ROOT, no_secret_in

PARROTS = FIXTURES / "parrots.jpg"
SECRET = re.compile(r"plm_[A-Za-z0-9_-]{43}")


def problem(answer, status, code):
    assert answer.status == status, answer
    assert answer.fields["content-type"] == "application/problem+json", answer
    document = answer.json
    assert (document["status"], document["code"]) == (status, code), answer
    assert document["title"] and document["detail"], answer
    return document


def keys(*arguments, data=None):
    """Runs `palimpsest keys`."""
    folder = [] if data is None else ["--data", data]
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("PALIMPSEST_")
    }
    return subprocess.run(
        [BINARY, "keys", *map(str, arguments), *folder],
        capture_output=True, text=True, timeout=PATIENCE, check=False, env=environment,
    )  # fmt: skip


def make(service, name="tenant", *arguments):
    """Makes a key on the command line and returns its secret."""
    result = keys("create", name, *arguments, data=service.data)
    assert result.returncode == 0 and SECRET.fullmatch(result.stdout.rstrip("\n")), result
    return result.stdout.rstrip("\n")


def as_json(service, method, path, body=None, key=None, type="application/json"):
    arguments = ["--request", method]
    if body is not None:
        text = body if isinstance(body, str) else json.dumps(body)
        arguments += ["--header", f"Content-Type: {type}", "--data-binary", text]
    return service.curl(path, *arguments, key=key or service.key)


def upload(service, key, *arguments, query="?class=birds", file=PARROTS):
    return service.curl(
        f"/v1/jobs{query}", "--header", "Content-Type: image/jpeg", "--data-binary", f"@{file}",
        *arguments, key=key,
    )  # fmt: skip


def picture(path, seed):
    samples = np.random.default_rng(seed).integers(0, 256, (40, 40, 3), dtype=np.uint8)
    Image.fromarray(samples).save(path)
    return path


def files(service):
    """Blobs, and files that are not blobs yet."""
    return sorted(
        str(path.relative_to(service.data))
        for folder in ("blobs", "tmp")
        for path in (service.data / folder).rglob("*")
        if path.is_file()
    )


@pytest.fixture
def frozen(make_service):
    """A service with stopped codec processes, so that images stay queued or running."""
    service = make_service()
    for pid in service.codecs():
        os.kill(pid, signal.SIGSTOP)
    return service


# ---- The API ----


def test_the_admin_makes_changes_lists_and_revokes_keys(make_service):
    service = make_service()
    body = {
        "name": "Zoë", "scopes": ["submit", "read"], "expires_in_seconds": 3600,
        "quotas": {"images_queued": 5, "bytes_queued": 10_000_000, "jobs_per_minute": 600},
    }  # fmt: skip
    answer = as_json(service, "POST", "/v1/keys", body)
    assert answer.status == 201, answer
    assert answer.fields["cache-control"] == "no-store"
    made = answer.json
    secret = made.pop("secret")
    path = answer.fields["location"]
    assert (
        SECRET.fullmatch(secret)
        and secret.startswith(made["prefix"])
        and path == f"/v1/keys/{made['id']}"
    )
    assert made["quotas"] == body["quotas"] and made["state"] == "active" and made["name"] == "Zoë"
    assert service.get(path).json == made
    assert upload(service, secret, "--header", "Prefer: wait=60").status == 200

    listed = service.get("/v1/keys").json["keys"]
    assert [key["name"] for key in listed] == ["Zoë", "admin"]
    assert sorted(listed[1]["scopes"]) == ["admin", "read", "submit"] and listed[1]["quotas"] == {}
    page = service.get("/v1/keys?limit=1").json
    assert [key["id"] for key in page["keys"]] == [made["id"]]
    assert (
        [
            key["name"]
            for key in service.get(f"/v1/keys?limit=1&cursor={page['next_cursor']}").json["keys"]
        ]
        == ["admin"]
    )

    changed = as_json(
        service,
        "PATCH",
        path,
        {"name": "Z.", "expires_at": None, "quotas": {"images_queued": None, "jobs_per_minute": 7}},
    )
    assert (
        changed.status == 200 and changed.json["name"] == "Z." and "expires_at" not in changed.json
    )
    assert changed.json["quotas"] == {"bytes_queued": 10_000_000, "jobs_per_minute": 7}
    merged = as_json(
        service,
        "PATCH",
        path,
        {"expires_at": "2100-01-01T00:00:00+01:00"},
        type="application/merge-patch+json",
    )
    assert merged.json["expires_at"] == "2099-12-31T23:00:00.000Z"

    revoked = as_json(service, "POST", f"{path}/revoke")
    assert (
        revoked.status == 200
        and revoked.json["state"] == "revoked"
        and "revoked_at" in revoked.json
    )
    assert as_json(service, "POST", f"{path}/revoke").json == revoked.json
    problem(upload(service, secret), 401, "key_invalid")
    assert service.get(path).json == revoked.json
    problem(as_json(service, "PATCH", path, {"name": "again"}), 409, "key_revoked")
    # Its job remains invisible, and expires at the usual time.
    jobs = sqlite3.connect(f"file:{service.data}/palimpsest.sqlite?mode=ro", uri=True)
    assert jobs.execute("SELECT state FROM jobs WHERE tenant = ?", (made["id"],)).fetchall() == [
        ("done",)
    ]
    jobs.close()
    assert service.stop() == 0
    no_secret_in(service.log(), secret, service.key, "Zoë")
    stored = b"".join(file.read_bytes() for file in service.data.glob("palimpsest.sqlite*"))
    assert secret.encode() not in stored and made["id"].encode() in stored


def test_bodies_are_checked_strictly(shared_service):
    before = len(shared_service.get("/v1/keys").json["keys"])
    good = {"name": "a", "scopes": ["read"]}
    for body, code in [
        ("", "body_malformed"), ("{", "body_malformed"), ([good], "body_malformed"),
        ({}, "name_invalid"),
        (good | {"name": "a\nb"}, "name_invalid"), (good | {"name": "x" * 101}, "name_invalid"),
        (good | {"scopes": ["root"]}, "scopes_invalid"),
        (good | {"scope": "read"}, "member_unknown"),
        (good | {"id": "key_x"}, "member_unknown"),
        (good | {"quotas": {"images_queued": -1}}, "images_queued_invalid"),
        (good | {"quotas": {"jobs_per_hour": 1}}, "member_unknown"),
        (good | {"quotas": []}, "quotas_invalid"),
        (good | {"expires_at": "2001-01-01T00:00:00Z"}, "expires_at_invalid"),
        (good | {"expires_at": "tomorrow"}, "expires_at_invalid"),
        (good | {"expires_in_seconds": "60"}, "expires_in_seconds_invalid"),
    ]:  # fmt: skip
        problem(as_json(shared_service, "POST", "/v1/keys", body), 400, code)
    for type in ("text/plain", "application/x-www-form-urlencoded", "application/xml"):
        problem(
            as_json(shared_service, "POST", "/v1/keys", good, type=type),
            415,
            "media_type_unsupported",
        )
    problem(
        as_json(shared_service, "POST", "/v1/keys", json.dumps(good) + " " * 20_000),
        413,
        "body_too_large",
    )
    problem(as_json(shared_service, "POST", "/v1/keys?dry=1", good), 400, "parameter_unknown")
    problem(shared_service.get("/v1/keys/key_00000000000000000000000000"), 404, "key_unknown")
    problem(as_json(shared_service, "POST", "/v1/keys/nonsense/revoke"), 404, "key_unknown")
    assert len(shared_service.get("/v1/keys").json["keys"]) == before


def test_a_key_does_what_its_scopes_say_and_no_more(make_service):
    service = make_service()
    job = upload(service, service.key, "--header", "Prefer: wait=60").fields["location"]
    routes = [
        ("POST", "/v1/jobs?class=a", "submit"), ("POST", f"{job}/cancel", "submit"),
        ("DELETE", f"{job}", "submit"),
        ("GET", "/v1/jobs", "read"), ("GET", job, "read"), ("GET", f"{job}/images", "read"),
        ("GET", f"{job}/archive.zip", "read"),
        ("GET", f"{job}/images/1.png", "read"), ("GET", f"{job}/images/1/report", "read"),
        ("POST", "/v1/keys", "admin"), ("GET", "/v1/keys", "admin"),
        ("PATCH", "/v1/keys/key_x", "admin"),
        ("GET", "/v1/keys/key_x", "admin"), ("POST", "/v1/keys/key_x/revoke", "admin"),
    ]  # fmt: skip
    for scope in ("submit", "read", "admin"):
        key = make(service, scope, "--scopes", scope)
        for method, path, needed in routes:
            answer = service.curl(path, "--request", method, key=key)
            if needed == scope:
                assert answer.status not in (401, 403), (scope, method, path, answer)
            else:
                assert f"'{needed}'" in problem(answer, 403, "scope_missing")["detail"]
                assert f'scope="{needed}"' in answer.fields["www-authenticate"]
    # The attempts with the other keys had no effect.
    assert service.get(job).json["state"] == "done"


def test_the_last_admin_key_stays(make_service):
    service = make_service()
    (admin,) = service.get("/v1/keys").json["keys"]
    problem(as_json(service, "POST", f"/v1/keys/{admin['id']}/revoke"), 409, "last_admin_key")
    result = keys("revoke", "admin", data=service.data)
    assert (
        result.returncode == 1
        and result.stdout == ""
        and "last active API key with the scope 'admin'" in result.stderr
    )
    first = service.key
    second = (
        as_json(service, "POST", "/v1/keys", {"name": "second", "scopes": ["admin"]}).json["secret"]
    )
    assert as_json(service, "POST", f"/v1/keys/{admin['id']}/revoke", key=second).status == 200
    problem(service.curl("/v1/keys", key=first), 401, "key_invalid")
    # The next start does not restore it, though the file still holds the revoked key.
    assert service.stop() == 0
    service.start()
    assert service.key == first
    problem(service.curl("/v1/keys", key=first), 401, "key_invalid")
    assert len(service.curl("/v1/keys", key=second).json["keys"]) == 2


def test_an_expired_key_is_refused_and_can_be_given_more_time(make_service):
    service = make_service()
    made = (
        as_json(
            service,
            "POST",
            "/v1/keys",
            {"name": "guest", "scopes": ["read"], "expires_in_seconds": 1},
        ).json
    )
    path = f"/v1/keys/{made['id']}"
    service.wait_for(
        lambda: service.curl("/v1/jobs", key=made["secret"]).status == 401, "the key to expire"
    )
    assert service.get(path).json["state"] == "expired"
    assert as_json(service, "PATCH", path, {"expires_in_seconds": 3600}).status == 200
    assert service.curl("/v1/jobs", key=made["secret"]).status == 200


# ---- Quotas ----


def test_a_full_queue_is_429_and_what_was_refused_leaves_nothing(frozen, tmp_path):
    service = frozen
    photos = [picture(tmp_path / f"{number}.png", number) for number in range(4)]
    key = make(service, "small", "--images-queued", "2")
    assert upload(service, key, file=photos[0]).status == 202
    before = files(service)
    # Two more exceed the quota by one, which is known only when both have arrived.
    form = [word for photo in photos[1:3] for word in ("--form", f"file=@{photo}")]
    answer = service.curl("/v1/jobs?class=a", *form, key=key)
    problem(answer, 429, "quota_images")
    assert int(answer.fields["retry-after"]) > 0
    assert files(service) == before
    assert upload(service, key, file=photos[1]).status == 202
    before = files(service)
    problem(upload(service, key, file=photos[2]), 429, "quota_images")
    chunked = ["--header", "Transfer-Encoding: chunked"]
    problem(upload(service, key, *chunked, file=photos[2]), 429, "quota_images")
    assert files(service) == before
    assert len(service.curl("/v1/jobs", key=key).json["jobs"]) == 2
    # Other keys are unaffected, and the admin can raise the quota.
    assert upload(service, service.key, file=photos[2]).status == 202
    (small,) = [key for key in service.get("/v1/keys").json["keys"] if key["name"] == "small"]
    assert (
        as_json(
            service, "PATCH", f"/v1/keys/{small['id']}", {"quotas": {"images_queued": 3}}
        ).status
        == 200
    )
    assert upload(service, key, file=photos[3]).status == 202
    problem(upload(service, key, file=photos[3]), 429, "quota_images")
    # Finished work makes room.
    for pid in service.codecs():
        os.kill(pid, signal.SIGCONT)
    service.wait_for(
        lambda: upload(service, key, file=photos[3]).status == 202, "room in the queue"
    )


def test_bytes_are_refused_before_they_are_sent(frozen, tmp_path):
    service = frozen
    key = make(service, "bytes", "--bytes-queued", str(100_000_000))
    small, big = picture(tmp_path / "small.png", 1), tmp_path / "big"
    with open(big, "wb") as file:
        file.truncate(99_999_999)
    assert upload(service, key, file=small).status == 202
    before = files(service)
    answer = upload(service, key, "--header", "Expect: 100-continue", file=big)
    problem(answer, 429, "quota_bytes")
    assert "retry-after" in answer.fields
    # A server that does not want the body says so instead of 100.
    head = (
        "POST /v1/jobs?class=a HTTP/1.1\r\n"
        f"Host: x\r\nContent-Length: {big.stat().st_size}\r\n"
        "Expect: 100-continue\r\n"
        f"Authorization: Bearer {key}\r\n"
        "\r\n"
    )
    with socket.create_connection(("127.0.0.1", service.port)) as connection:
        connection.settimeout(PATIENCE)
        connection.sendall(head.encode())
        assert connection.recv(1000).startswith(b"HTTP/1.1 429 ")
    chunked = ["--header", "Transfer-Encoding: chunked"]
    tiny = make(service, "tiny", "--bytes-queued", str(small.stat().st_size - 1))
    answer = upload(service, tiny, *chunked, file=picture(tmp_path / "other.png", 2))
    problem(answer, 429, "quota_bytes")
    assert "retry-after" not in answer.fields, "this one never fits"
    assert files(service) == before


def test_uploads_at_the_same_time_do_not_pass_together(frozen, tmp_path):
    service = frozen
    key = make(service, "five", "--images-queued", "5", "--jobs-per-minute", "60000")
    photos = [picture(tmp_path / f"{number}.png", number) for number in range(20)]
    answers = []

    def send(photo):
        answers.append(upload(service, key, file=photo))

    threads = [threading.Thread(target=send, args=(photo,)) for photo in photos]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status for answer in answers) == [202] * 5 + [429] * 15
    assert {answer.json["code"] for answer in answers if answer.status == 429} == {"quota_images"}
    assert len(service.curl("/v1/jobs", key=key).json["jobs"]) == 5
    assert len(files(service)) == 5


def test_jobs_a_minute_are_counted_down_and_refused(make_service, tmp_path):
    service = make_service()
    made = (
        as_json(
            service,
            "POST",
            "/v1/keys",
            {"name": "slow", "scopes": ["submit", "read"], "quotas": {"jobs_per_minute": 3}},
        ).json
    )
    key = made["secret"]
    for left in (2, 1, 0):
        answer = upload(service, key)
        assert answer.status == 202, answer
        assert answer.fields["ratelimit-policy"] == '"jobs";q=3;w=60'
        # On a machine that takes 20 seconds between two uploads, one more is left.
        found = re.fullmatch(r'"jobs";r=(\d+);t=(\d+)', answer.fields["ratelimit"])
        assert int(found.group(1)) >= left and 1 <= int(found.group(2)) <= 20
    answer = service.wait_for(
        lambda: next((answer for answer in [upload(service, key)] if answer.status == 429), None),
        "the limit",
    )
    problem(answer, 429, "rate_limited")
    wait = int(answer.fields["retry-after"])
    assert 1 <= wait <= 20
    assert re.fullmatch(rf'"jobs";r=0;t={wait}', answer.fields["ratelimit"])
    assert answer.fields["ratelimit-policy"] == '"jobs";q=3;w=60'
    # Reading is free, and other keys have no such fields.
    assert service.curl("/v1/jobs", key=key).status == 200
    assert "ratelimit" not in upload(service, service.key).fields
    # The admin's change takes effect at once.
    assert as_json(service, "PATCH", f"/v1/keys/{made['id']}", {"quotas": None}).status == 200
    assert upload(service, key).status == 202


# ---- The command line ----


def test_keys_are_made_listed_and_revoked_beside_a_running_server(make_service):
    service = make_service()
    result = keys(
        "create", "alice", "--jobs-per-minute", "30", "--expires-in-seconds", "3600",
        data=service.data,
    )  # fmt: skip
    secret = result.stdout.rstrip("\n")
    assert result.returncode == 0 and SECRET.fullmatch(secret) and result.stdout.count("\n") == 1
    assert secret not in result.stderr and re.search(r"key_[0-9a-z]{26} was created", result.stderr)
    # As in the manual.
    shell = subprocess.run(
        ["sh", "-c",
        'KEY=$("$0" keys create bob --data "$1" --scopes read 2>/dev/null) && printf %s "$KEY"',
        BINARY, service.data],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert SECRET.fullmatch(shell.stdout)
    assert service.curl("/v1/jobs", key=secret).status == 200
    assert service.curl("/v1/jobs", key=shell.stdout).status == 200

    lines = [line.split("\t") for line in keys("list", data=service.data).stdout.splitlines()]
    assert [line[1:] for line in lines] == [
        ["admin", service.key[:10], "admin,read,submit", "active"],
        ["alice", secret[:10], "read,submit", "active"],
        ["bob", shell.stdout[:10], "read", "active"],
    ]  # fmt: skip
    listed = keys("list", "--json", data=service.data)
    assert (
        listed.stderr == ""
        and json.loads(listed.stdout)["keys"] == service.get("/v1/keys").json["keys"][::-1]
    )
    shown = keys("show", "alice", data=service.data)
    assert json.loads(shown.stdout) == service.get(f"/v1/keys/{lines[1][0]}").json
    for text in (listed.stdout, shown.stdout):
        no_secret_in(text, secret, service.key)

    # A key the server has just accepted is refused at the very next request.
    for _ in range(5):
        passing = make(service, "passing")
        for _ in range(3):
            assert service.curl("/v1/jobs", key=passing).status == 200
        revoked = keys("revoke", "passing", data=service.data)
        assert (revoked.returncode, revoked.stdout) == (0, "") and "is revoked" in revoked.stderr
        problem(service.curl("/v1/jobs", key=passing), 401, "key_invalid")
    assert keys("revoke", lines[2][0], data=service.data).returncode == 0
    problem(service.curl("/v1/jobs", key=shell.stdout), 401, "key_invalid")
    assert service.curl("/v1/jobs", key=secret).status == 200

    # The same without the server, which keeps all files private.
    assert service.stop() == 0
    carol = make(service, "carol")
    assert not any(stat.S_IMODE(path.stat().st_mode) & 0o077 for path in service.data.rglob("*"))
    service.start()
    assert service.curl("/v1/jobs", key=carol).status == 200


def test_an_upload_that_is_under_way_when_its_key_is_revoked_makes_no_job(make_service):
    service = make_service()
    key = make(service, "gone")
    body = PARROTS.read_bytes()
    head = (
        "POST /v1/jobs?class=a HTTP/1.1\r\n"
        "Host: x\r\nContent-Type: image/jpeg\r\n"
        f"Connection: close\r\nContent-Length: {len(body)}\r\n"
        f"Authorization: Bearer {key}\r\n"
        "\r\n"
    )
    with socket.create_connection(("127.0.0.1", service.port)) as connection:
        connection.settimeout(PATIENCE)
        connection.sendall(head.encode() + body[:-1])
        service.wait_for(lambda: files(service), "the upload to be under way")
        assert keys("revoke", "gone", data=service.data).returncode == 0
        connection.sendall(body[-1:])
        answer = connection.recv(1000)
    assert answer.startswith(b"HTTP/1.1 401 "), answer
    service.wait_for(lambda: not files(service), "the upload to be removed")
    assert service.get("/v1/jobs").json["jobs"] == []


def test_the_last_use_is_told(make_service):
    service = make_service()
    key = make(service, "used")
    make(service, "idle")
    assert service.curl("/v1/jobs", key=key).status == 200
    assert service.stop() == 0
    used, idle = (
        json.loads(keys("show", name, data=service.data).stdout) for name in ("used", "idle")
    )
    assert used["last_used_at"] >= used["created_at"] and "last_used_at" not in idle


def test_the_command_says_what_is_wrong(make_service, tmp_path):
    service = make_service()
    make(service, "twin"), make(service, "twin")
    for arguments, status, words in [
        (["create", ""], 2, "The name must"),
        (["create", "a", "--scopes", "root"], 2, "The scopes must be"),
        (["create", "a", "--images-queued", "0"], 2, "images queued must be"),
        (["create", "a", "--expires-at", "soon"], 2, "The expiry must"),
        (["create", "a", "--expires-at", "2100-01-01T00:00:00Z", "--expires-in-seconds", "1"], 2,
        "not both"),
        (["revoke", "nobody"], 1, "There is no API key called nobody."),
        (["show", "twin"], 1, "2 API keys are called twin"),
    ]:  # fmt: skip
        result = keys(*arguments, data=service.data)
        assert (result.returncode, result.stdout) == (status, "") and words in result.stderr, result
        assert result.stderr.count("\n") == 1
    missing = keys("list", data=tmp_path / "none")
    assert (
        missing.returncode == 1
        and "is not a data folder" in missing.stderr
        and not (tmp_path / "none").exists()
    )


def test_a_database_of_an_earlier_version_keeps_its_keys(make_service):
    """The earlier scopes were 'protect' and 'admin'; only a server start changes the database."""
    service = make_service()
    assert service.stop() == 0
    path = service.data / "palimpsest.sqlite"
    path.unlink()
    secret = "plm_" + "s" * 43
    database = sqlite3.connect(path)
    database.executescript((ROOT / "Tests/SQLiteStoreTests/Fixtures/schema-3.sql").read_text())
    database.execute("PRAGMA foreign_keys = ON")
    # Its files are not here.
    database.execute("DELETE FROM jobs")
    for name, key in [("one", service.key), ("two", secret)]:
        digest = hashlib.sha256(key.encode()).digest()
        database.execute(
            "UPDATE api_keys SET hash = ?, revoked_at = NULL WHERE name = ?", (digest, name)
        )
    database.commit()
    scopes = database.execute("SELECT scopes FROM api_keys ORDER BY name").fetchall()
    database.close()
    assert scopes == [("admin protect",), ("protect",)]
    early = keys("list", data=service.data)
    assert early.returncode == 1 and "start its server once" in early.stderr
    service.start()
    assert (
        upload(service, secret).status == 202 and service.curl("/v1/jobs", key=secret).status == 200
    )
    shown = {key["name"]: sorted(key["scopes"]) for key in service.get("/v1/keys").json["keys"]}
    assert shown == {"one": ["admin", "read", "submit"], "two": ["read", "submit"]}


# ---- Tenants ----


def test_a_second_key_sees_nothing_of_the_first(make_service, tmp_path):
    service = make_service()
    alice, bob = make(service, "alice"), make(service, "bob")
    photo = picture(tmp_path / "photo.png", 1)
    once = ["--header", "Idempotency-Key: once", "--header", "Prefer: wait=60"]
    answer = upload(service, alice, *once, query="?class=cats&mode=class-wise", file=photo)
    assert answer.status == 200 and answer.json["state"] == "done", answer
    path = answer.fields["location"]
    own = [path, f"{path}?wait=1", f"{path}/images", f"{path}/images/1.png",
           f"{path}/images/1/report", f"{path}/archive.zip",
           f"{path}/archive.zip?partial=true"]  # fmt: skip
    for target in own:
        assert service.curl(target, key=alice).status == 200
        # The same answer as for a job that never existed, for the admin too.
        nothing = service.curl(
            target.replace(answer.json["id"], "job_00000000000000000000000000"), key=bob
        )
        for other in (bob, service.key):
            seen = service.curl(target, key=other)
            problem(seen, 404, "job_unknown")
            assert seen.body == nothing.body
        assert service.curl(target, "--head", key=bob).status == 404
    for method, target in [("DELETE", path), ("POST", f"{path}/cancel")]:
        problem(service.curl(target, "--request", method, key=bob), 404, "job_unknown")
    for other in (bob, service.key):
        assert service.curl("/v1/jobs", key=other).json["jobs"] == []
    problem(service.curl("/v1/keys", key=bob), 403, "scope_missing")

    # The same idempotency key and the same class of another API key are separate.
    other = upload(service, bob, *once, query="?class=cats&mode=class-wise", file=photo)
    assert other.status == 200 and "idempotent-replayed" not in other.fields
    assert other.json["id"] != answer.json["id"]
    reports = [
        service.curl(f"{job.fields['location']}/images/1/report", key=key).json
        for job, key in ((answer, alice), (other, bob))
    ]
    assert reports[0]["input_sha256"] == reports[1]["input_sha256"]
    assert reports[0]["semantic_image_sha256"] != reports[1]["semantic_image_sha256"]
    assert reports[0]["output_sha256"] != reports[1]["output_sha256"]

    # What one key erases, the other keeps, though both sent the same bytes.
    assert service.curl(path, "--request", "DELETE", key=alice).status == 204
    assert service.curl(f"{other.fields['location']}/archive.zip", key=bob).status == 200
    assert (
        [job["id"] for job in service.curl("/v1/jobs", key=bob).json["jobs"]] == [other.json["id"]]
    )
    assert service.curl("/v1/jobs", key=alice).json["jobs"] == []
