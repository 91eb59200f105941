"""`palimpsest migrate`: from one machine's data folder to PostgreSQL and a shared storage."""

import json
import shutil
import signal
import subprocess
import time

import pytest
from postgres import Postgres
from service import BINARY, ROOT, Service

DUNE = ROOT / "docs/dune.jpg"
PARROTS = ROOT / "docs/parrots.jpg"


@pytest.fixture(scope="module")
def postgres():
    postgres = Postgres()
    yield postgres
    postgres.stop()


def migrate(service, database, blobs, *arguments, **options):
    return subprocess.run(
        [BINARY, "migrate", "--data", service.data, "--database", database, "--blobs", blobs]
        + list(arguments),
        capture_output=True,
        text=True,
        check=False,
        env=service.environment,
        **options,
    )


def shared(tmp_path):
    """The URL of a folder that all nodes have."""
    folder = tmp_path / "shared"
    folder.mkdir(exist_ok=True)
    return f"file://{folder}"


def upload(service, *arguments):
    form = ["-F", "class=dune", "-F", f"file=@{DUNE}", "-F", f"file=@{PARROTS}", *arguments]
    answer = service.curl("/v1/jobs?preview=true", *form, key=service.key)
    assert answer.status == 202, answer
    return answer.json["id"]


def picture_of(service):
    """What a client can see: everything but times of requests."""
    paths = ["/v1/jobs?limit=100", "/v1/classes", "/v1/keys", "/v1/webhook", "/v1/webhook/messages"]
    jobs = service.curl(paths[0], key=service.key).json["jobs"]
    for job in jobs:
        paths += [f"/v1/jobs/{job['id']}", f"/v1/jobs/{job['id']}/images"]
    seen = {path: service.curl(path, key=service.key).body for path in paths}
    for job in jobs:
        if job["state"] == "done":
            path = f"/v1/jobs/{job['id']}/archive.zip"
            seen[path] = service.curl(path, key=service.key).body
    keys = json.loads(seen["/v1/keys"])
    for key in keys["keys"]:
        # The looks of this test change it.
        key.pop("last_used_at", None)
    seen["/v1/keys"] = keys
    return seen


def moved(service, database, blobs):
    """The same service over what was moved."""
    after = Service(
        service.data,
        service.weights,
        ["--database", database, "--blobs", blobs, "--webhooks", "on"],
    )
    return after.start()


def test_everything_that_a_client_sees_stays(make_service, postgres, tmp_path):
    service = make_service("--webhooks", "on")
    done = upload(service, "-H", "Idempotency-Key: once")
    service.curl(f"/v1/jobs/{done}?wait=60", key=service.key)
    imported = service.curl(
        "/v1/classes/dune/semantic-image",
        "-X", "PUT", "--data-binary", f"@{PARROTS}",
        key=service.key,
    )  # fmt: skip
    assert imported.status in (200, 201), imported
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    failed = upload(service, "-F", f"file=@{broken}")
    service.curl(f"/v1/jobs/{failed}?wait=60", key=service.key)
    made = service.curl(
        "/v1/keys",
        "--json", '{"name": "old", "scopes": ["read"], "quotas": {"images_queued": 7}}',
        key=service.key,
    )  # fmt: skip
    assert made.status == 201, made
    revoked = service.curl(f"/v1/keys/{made.json['id']}/revoke", "-X", "POST", key=service.key)
    assert revoked.status < 300, revoked
    hook = service.curl(
        "/v1/webhook", "-X", "PUT", "--json", '{"url": "https://example.com/x"}', key=service.key
    )
    assert hook.status in (200, 201), hook
    before = picture_of(service)
    assert service.stop() == 0

    database, blobs = postgres.database(), shared(tmp_path)
    result = migrate(service, database, blobs, "--json")
    assert result.returncode == 0, result.stderr
    told = json.loads(result.stdout)
    assert told["rows"]["jobs"] == 2 and told["rows"]["images"] == 5 and told["missing"] == 0
    assert not (service.data / "palimpsest.sqlite").exists()
    assert (service.data / "palimpsest.sqlite.migrated").exists()

    after = moved(service, database, blobs)
    try:
        assert picture_of(after) == before
        # The request that was answered before is known, and numbers go on.
        assert upload(after, "-H", "Idempotency-Key: once") == done
        new = upload(after)
        listed = after.curl("/v1/jobs?limit=100", key=after.key).json["jobs"]
        assert [job["id"] for job in listed][0] == new
        assert after.curl(f"/v1/jobs/{new}?wait=60", key=after.key).json["state"] == "done"
    finally:
        assert after.stop() == 0
    # Who forgets the new place is told.
    forgotten = subprocess.run(
        [BINARY, "serve", "--data", service.data, "--bind", "127.0.0.1:0"],
        capture_output=True, text=True, check=False, env=service.environment,
    )  # fmt: skip
    assert forgotten.returncode != 0 and "palimpsest migrate" in forgotten.stderr


def test_what_a_kill_interrupted_goes_on(make_service, postgres, tmp_path):
    service = make_service()
    jobs = [upload(service) for _ in range(4)]
    # Some are unfinished when the service dies.
    service.kill()
    database, blobs = postgres.database(), shared(tmp_path)
    command = [
        BINARY, "migrate", "--data", service.data, "--database", database, "--blobs", blobs,
    ]  # fmt: skip
    for pause in (0.05, 0.1, 0.15, 0.2, 0.3):
        process = subprocess.Popen(command, stderr=subprocess.PIPE, env=service.environment)
        time.sleep(pause)
        process.send_signal(signal.SIGKILL)
        process.wait()
        if not (service.data / "palimpsest.sqlite").exists():
            break
    if (service.data / "palimpsest.sqlite").exists():
        result = migrate(service, database, blobs)
        assert result.returncode == 0, result.stderr
    after = moved(service, database, blobs)
    try:
        for job in jobs:
            state = after.curl(f"/v1/jobs/{job}?wait=60", key=after.key).json
            assert state["state"] == "done", state
    finally:
        assert after.stop() == 0


def test_a_server_does_not_start_on_half_a_migration(make_service, postgres, tmp_path):
    service = make_service()
    job = upload(service)
    service.curl(f"/v1/jobs/{job}?wait=60", key=service.key)
    assert service.stop() == 0
    database = postgres.database()
    blobs = shared(tmp_path)
    assert migrate(service, database, blobs).returncode == 0
    # As it is while a migration is at work, or was interrupted.
    postgres.run(database, "DELETE FROM cluster WHERE name = 'migration ended'")
    started = subprocess.run(
        [
            BINARY, "serve", "--data", tmp_path / "other", "--bind", "127.0.0.1:0",
            "--database", database, "--blobs", blobs,
        ],
        capture_output=True, text=True, check=False, env=service.environment,
    )  # fmt: skip
    assert started.returncode == 1 and "palimpsest migrate" in started.stderr, started.stderr


def test_what_must_not_be_moved_is_refused_with_a_reason(make_service, postgres, tmp_path):
    service = make_service()
    upload(service)
    database, blobs = postgres.database(), shared(tmp_path)
    running = migrate(service, database, blobs)
    assert running.returncode == 1 and "Stop the server" in running.stderr, running.stderr
    assert service.stop() == 0
    for arguments, word in [
        ((database, "data"), "--blobs"),
        (("sqlite", blobs), "--database"),
        (("mysql://x/y", blobs), "postgres://"),
        (("postgres:///x?host=/nowhere", blobs), "cannot be reached"),
        ((database, f"file://{tmp_path}/nowhere"), "does not exist; make it"),
    ]:
        refused = migrate(service, *arguments)
        assert refused.returncode != 0 and word in refused.stderr, refused.stderr
        assert (service.data / "palimpsest.sqlite").exists()
    other = make_service(name="other")
    assert other.stop() == 0
    assert migrate(other, database, blobs).returncode == 0
    full = migrate(service, database, blobs)
    assert full.returncode == 1 and "in use" in full.stderr, full.stderr


def test_a_lost_photo_is_told_and_the_rest_is_moved(make_service, postgres, tmp_path):
    service = make_service()
    job = upload(service)
    service.curl(f"/v1/jobs/{job}?wait=60", key=service.key)
    assert service.stop() == 0
    blobs = sorted((service.data / "blobs").glob("*/*"))
    blobs[0].unlink()
    blobs[1].write_bytes(b"damaged")
    result = migrate(service, postgres.database(), shared(tmp_path), "--json")
    assert result.returncode == 1 and "2 files" in result.stderr, result.stderr
    assert json.loads(result.stdout)["missing"] == 2
    assert json.loads(result.stdout)["copied"] == len(blobs) - 2
    shutil.rmtree(tmp_path / "shared")
