"""A data folder whose database was lost, emptied, replaced or restored loses no photo."""

import hashlib
import os
import shutil
import sqlite3
import subprocess

import pytest
from service import BINARY, FIXTURES
from test_queue import submit
from test_requests import blobs

DATABASE = "palimpsest.sqlite"
PHOTOS = [FIXTURES / "plane.jpg", FIXTURES / "parrots.jpg"]


def content(folder):
    """Every file of a folder with the hash of its bytes."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


ENVIRONMENT = {
    name: value for name, value in os.environ.items() if not name.startswith("PALIMPSEST_")
}


def run(*words):
    return subprocess.run(
        [BINARY, *words], capture_output=True, text=True, check=False, env=ENVIRONMENT, timeout=60
    )


def start(folder):
    """The outcome of a server start in a folder, which must fail."""
    result = run("serve", "--bind", "127.0.0.1:0", "--data", folder)
    assert result.returncode == 1, result
    return result.stderr.splitlines()[-1]


def foreign(path):
    database = sqlite3.connect(path)
    database.execute("CREATE TABLE notes (text)")
    database.commit()
    database.close()


def without_tables(path):
    database = sqlite3.connect(path)
    database.execute("PRAGMA user_version = 7")
    database.commit()
    database.close()


DAMAGES = {
    "missing": (lambda path: None, "is missing"),
    "empty": (lambda path: path.touch(), "is empty"),
    "text": (
        lambda path: path.write_text("no database at all, but a text of some length"),
        "is not an SQLite database",
    ),
    "foreign": (foreign, "belongs to another program"),
    "without tables": (without_tables, "has nothing in it"),
    "cut": (None, "is damaged"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_nothing_starts_without_the_database_and_all_is_well_with_it(
    make_service, tmp_path, damage
):
    service = make_service()
    path = submit(service).fields["location"]
    service.finished(path)
    picture = service.get(f"{path}/images/1.png").body
    assert service.stop() == 0
    database, saved = service.data / DATABASE, tmp_path / "saved"
    shutil.move(database, saved)
    make, words = DAMAGES[damage]
    if make is None:
        whole = saved.read_bytes()
        database.write_bytes(whole[: len(whole) // 8192 * 4096])
    else:
        make(database)
    before = content(service.data)
    for line in [
        start(service.data),
        run("keys", "list", "--data", service.data).stderr,
        run("classes", "list", "--data", service.data).stderr,
        run("backup", "--data", service.data, tmp_path / "backup").stderr,
    ]:
        if damage == "cut" and "is damaged" not in line:
            # Commands that read only some pages may find no damage.
            continue
        assert (
            words in line
            and str(database) in line
            and "palimpsest backup" in line
            and "To start over" in line
        ), line
    assert (
        run("keys", "create", "--data", service.data, "--name", "x", "--scope", "read").returncode
        != 0
        or damage == "cut"
    )
    after = content(service.data)
    changed = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    # SQLite may open anything that is a database, but leaves nothing there.
    allowed = (
        {DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm"}
        if damage in ("foreign", "without tables", "cut")
        else set()
    )
    assert changed <= allowed, changed
    for name in (DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm"):
        (service.data / name).unlink(missing_ok=True)
    shutil.copy(saved, database)
    service.start()
    assert service.get(f"{path}/images/1.png").body == picture


def test_a_log_without_its_database_is_no_fresh_folder(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / f"data/{DATABASE}-wal").write_bytes(b"pages")
    assert f"{DATABASE}-wal" in start(tmp_path / "data")
    assert os.listdir(tmp_path / "data") == [f"{DATABASE}-wal"]


def test_what_an_older_database_does_not_know_is_set_aside_and_comes_back_with_the_newer_one(
    make_service, tmp_path
):
    service = make_service()
    old = submit(service, "class=cats", PHOTOS[0]).fields["location"]
    service.finished(old)
    assert run("backup", "--data", service.data, tmp_path / "backup").returncode == 0
    new = submit(service, "class=cats", PHOTOS[1]).fields["location"]
    service.finished(new)
    pictures = {path: service.get(f"{path}/images/1.png").body for path in (old, new)}
    everything = blobs(service)
    assert service.stop() == 0
    newer = tmp_path / "newer"
    shutil.move(service.data / DATABASE, newer)
    shutil.copy(tmp_path / "backup" / DATABASE, service.data / DATABASE)

    service.start()
    assert service.get(new).status == 404
    assert service.get(f"{old}/images/1.png").body == pictures[old]
    lost = sorted(
        hashlib.sha256(content).hexdigest() for content in (PHOTOS[1].read_bytes(), pictures[new])
    )
    assert sorted(os.listdir(service.data / "set-aside")) == lost
    assert sorted(blobs(service) + lost) == everything
    line = next(line for line in service.log().splitlines() if "set aside" in line)
    assert (
        '"files":2,' in line
        and f'"folder":"{service.data}/set-aside"' in line
        and '"period_seconds":604800' in line
    ), line
    # The same photo again is a new file; the one set aside does not interfere.
    again = submit(service, "class=cats", PHOTOS[1]).fields["location"]
    service.finished(again)
    assert service.get(f"{again}/images/1.png").body == pictures[new]
    assert service.stop() == 0

    shutil.copy(newer, service.data / DATABASE)
    service.start()
    for path, picture in pictures.items():
        assert service.get(f"{path}/images/1.png").body == picture
    assert blobs(service) == everything and os.listdir(service.data / "set-aside") == []
    assert service.stop() == 0


def test_the_log_of_the_lost_database_is_not_taken_for_that_of_the_copy(make_service, tmp_path):
    service = make_service()
    path = submit(service).fields["location"]
    service.finished(path)
    assert run("backup", "--data", service.data, tmp_path / "backup").returncode == 0
    service.kill()
    log = service.data / f"{DATABASE}-wal"
    assert log.stat().st_size > 0
    shutil.copy(tmp_path / "backup" / DATABASE, service.data / DATABASE)
    before = content(service.data)
    assert f"Move {DATABASE}-wal and {DATABASE}-shm out of the folder" in start(service.data)
    assert content(service.data) == before
    log.unlink()
    (service.data / f"{DATABASE}-shm").unlink()
    service.start()
    assert service.get(path).json["state"] == "done"


def test_a_first_start_that_was_killed_and_one_with_a_key_of_the_operator_go_on(
    make_service, tmp_path
):
    fresh = tmp_path / "killed"
    for _ in range(3):
        command = [BINARY, "serve", "--bind", "127.0.0.1:0", "--data", fresh]
        process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=ENVIRONMENT
        )
        while not (fresh / "first-start").exists():
            assert process.poll() is None
        process.kill()
        process.wait()
    key = "plm_" + "o" * 43
    (fresh / "admin-key").write_text(key + "\n")
    service = make_service(name="killed")
    assert service.get("/v1/jobs").status == 200 and service.key == key
    assert not (fresh / "first-start").exists()
