"""The order of images, retries, estimated times, and full disks."""

import errno
import hashlib
import io
import json
import os
import pathlib
import random
import subprocess
import threading

import pytest
from PIL import Image
from service import BINARY, FIXTURES, PATIENCE, Service
from test_requests import blobs

PHOTO = FIXTURES / "plane.jpg"


def flat(seed):
    """A picture of one colour per seed: few bytes, but too many pixels to be batched."""
    file = io.BytesIO()
    Image.new("RGB", (260, 260), (seed % 256, seed // 256, 128)).save(file, "PNG")
    return file.getvalue()


def png(seed, width, height):
    """A picture of noise per seed."""
    pixels = random.Random(seed).randbytes(width * height * 3)
    file = io.BytesIO()
    Image.frombytes("RGB", (width, height), pixels).save(file, "PNG")
    return file.getvalue()


def form(path, files):
    """Writes a multipart form with files and returns curl's arguments to send it."""
    with open(path, "wb") as out:
        for name, data in files:
            out.write(
                '--XX\r\nContent-Disposition: form-data; name="file"; '
                f'filename="{name}"\r\n\r\n'.encode()
            )
            out.write(data + b"\r\n")
        out.write(b"--XX--\r\n")
    return [
        "--header", "Content-Type: multipart/form-data; boundary=XX", "--data-binary", f"@{path}"
    ]


def submit(service, query="class=cats", photo=PHOTO, *arguments, key=None):
    answer = service.curl(
        f"/v1/jobs?{query}", "--data-binary", f"@{photo}", *arguments, key=key or service.key
    )
    assert answer.status in (200, 202), answer
    return answer


def test_one_image_of_a_key_does_not_wait_for_the_five_thousand_of_another(make_service, tmp_path):
    service = make_service("--workers", "1")
    flooder = service.key
    # A key that the operator puts into the data folder is an additional key.
    assert service.stop() == 0
    (service.data / "admin-key").write_text("plm_" + "g" * 43 + "\n")
    service.start()
    arguments = form(tmp_path / "form", ((f"{number}.png", flat(number)) for number in range(5000)))
    flood = service.curl("/v1/jobs?class=cats", *arguments, key=flooder)
    assert flood.status == 202 and flood.json["counts"]["queued"] == 5000, flood
    single = submit(service, "class=cats", PHOTO, "--header", f"Prefer: wait={PATIENCE}")
    assert single.status == 200 and single.json["state"] == "done", single
    counts = service.curl(flood.fields["location"], key=flooder).json["counts"]
    assert counts["queued"] > 2500, counts
    # The flood continues.
    service.wait_for(
        lambda: service.curl(flood.fields["location"], key=flooder).json["counts"]["done"]
        > counts["done"],
        "the flood",
    )
    cancelled = service.curl(f"{flood.fields['location']}/cancel", "--request", "POST", key=flooder)
    assert cancelled.json["counts"]["queued"] == cancelled.json["counts"]["running"] == 0


def test_a_priority_overtakes_within_a_key(make_service, tmp_path):
    service = make_service("--workers", "1")
    arguments = form(tmp_path / "form", ((f"{number}.png", flat(number)) for number in range(1000)))
    normal = service.curl("/v1/jobs?class=cats", *arguments, key=service.key)
    assert normal.status == 202 and normal.json["priority"] == "normal"
    low = submit(service, "class=cats&priority=low")
    high = submit(
        service, "class=cats&priority=high", PHOTO, "--header", f"Prefer: wait={PATIENCE}"
    )
    assert high.json["state"] == "done" and high.json["priority"] == "high"
    assert service.get(normal.fields["location"]).json["counts"]["queued"] > 500
    assert service.get(low.fields["location"]).json["state"] == "queued"
    wrong = service.get("/v1/jobs?class=cats&priority=urgent", "--data-binary", f"@{PHOTO}")
    assert wrong.status == 400 and wrong.json["code"] == "priority_invalid", wrong
    assert wrong.json["detail"] == "The priority must be low, normal or high."


def test_what_failed_is_tried_again_on_request(make_service, tmp_path):
    service = make_service()
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(PHOTO.read_bytes()[:2000])
    arguments = ["-F", "class=cats", "-F", f"file=@{PHOTO}", "-F", f"file=@{broken}"]
    path = service.get("/v1/jobs", *arguments).fields["location"]
    before = service.finished(path)
    assert before["counts"]["done"] == before["counts"]["failed"] == 1
    protected = service.get(f"{path}/images/1.png").body
    again = service.get(f"{path}/retry", "--request", "POST")
    assert again.status == 202 and int(again.fields["retry-after"]) >= 1, again
    assert again.fields["location"] == path and again.json["state"] == "running"
    assert "expires_at" not in again.json and "finished_at" not in again.json
    after = service.finished(path)
    assert after["counts"] == before["counts"] and after["failures"] == before["failures"]
    assert service.get(f"{path}/images/1.png").body == protected

    good = submit(service, "class=cats", PHOTO, "--header", f"Prefer: wait={PATIENCE}").json
    nothing = service.get(f"/v1/jobs/{good['id']}/retry", "--request", "POST")
    assert nothing.status == 409 and nothing.json["code"] == "nothing_to_retry", nothing
    assert nothing.fields["content-type"] == "application/problem+json"
    assert service.get(f"/v1/jobs/job_{'0' * 26}/retry", "--request", "POST").status == 404
    assert service.curl(f"{path}/retry", "--request", "POST").status == 401
    assert service.get(f"{path}/retry").status == 405


def test_a_retry_survives_a_kill(make_service, tmp_path):
    service = make_service()
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(PHOTO.read_bytes()[:2000])
    path = submit(service, "class=cats", broken).fields["location"]
    assert service.finished(path)["state"] == "failed"
    assert service.get(f"{path}/retry", "--request", "POST").status == 202
    service.kill()
    service.start()
    assert service.finished(path)["counts"]["failed"] == 1


def processor_time(pid):
    """A process's CPU time in kernel clock ticks."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def test_a_cancelled_job_gives_its_codec_back(make_service, tmp_path):
    service = make_service("--workers", "1")
    large = tmp_path / "large.png"
    # The largest allowed number of pixels, so that it takes a while.
    Image.effect_noise((7000, 7000), 90).save(large, "PNG", compress_level=1)
    path = submit(service, "class=cats", large).fields["location"]
    (codec,) = service.codecs()
    before = processor_time(codec)
    service.wait_for(
        lambda: processor_time(codec) > before, "the codec to begin with the large picture"
    )
    cancelled = service.get(f"{path}/cancel", "--request", "POST")
    if cancelled.json["state"] == "done":
        pytest.skip("the machine was faster than the request")
    assert cancelled.json["counts"]["cancelled"] == 1
    service.wait_for(lambda: codec not in service.codecs(), "the codec that had it to end")
    assert (
        submit(service, "class=cats", PHOTO, "--header", f"Prefer: wait={PATIENCE}").json["state"]
        == "done"
    )
    assert service.get(path).json["counts"]["cancelled"] == 1


def test_the_time_that_a_job_takes_is_told_once_something_was_measured(make_service, tmp_path):
    service = make_service("--workers", "1")
    first = submit(service, "class=cats", PHOTO, "--header", f"Prefer: wait={PATIENCE}")
    assert "eta_seconds" not in first.json
    arguments = form(
        tmp_path / "form", ((f"{number}.png", png(number, 400, 300)) for number in range(300))
    )
    flood = service.get("/v1/jobs?class=cats", *arguments)
    assert flood.json["eta_seconds"] >= 1, flood
    assert 1 <= int(flood.fields["retry-after"]) <= 30
    behind = submit(service)
    # The speed is measured continuously, so no exact number can be expected.
    assert behind.json["eta_seconds"] >= 0
    listed = service.get("/v1/jobs").json["jobs"]
    assert (
        {job["id"] for job in listed if "eta_seconds" in job}
        <= {flood.json["id"], behind.json["id"]}
    )


# ---- Disk ----


@pytest.fixture
def small_disk(tmp_path):
    """A 160 MiB disk of its own; only root can mount one."""
    if os.geteuid() != 0:
        pytest.skip("mounting needs root")
    path = tmp_path / "disk"
    path.mkdir()
    if (
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=160m", "tmpfs", path], check=False
        ).returncode
        != 0
    ):
        pytest.skip("nothing can be mounted here")
    yield path
    subprocess.run(["umount", "--lazy", path], check=True)


def fill(path, left):
    """Leaves this many bytes free on a disk."""
    free = os.statvfs(path).f_bavail * os.statvfs(path).f_frsize
    (path / "filler").write_bytes(bytes(max(free - left, 0)))
    return path / "filler"


def test_images_wait_while_the_disk_is_low_and_go_on_when_there_is_room(
    small_disk, weights, tmp_path
):
    service = Service(
        small_disk / "data", weights, ["--min-free-bytes", str(32 << 20), "--workers", "1"]
    ).start()
    try:
        arguments = form(
            tmp_path / "form", ((f"{number}.png", png(number, 300, 200)) for number in range(60))
        )
        path = service.get("/v1/jobs?class=cats", *arguments).fields["location"]
        service.kill()
        filler = fill(small_disk, 24 << 20)
        service.start(ready=False)
        service.wait_for(
            lambda: "images wait until there is room" in service.log(),
            "the workers to find the disk low",
        )
        before = service.get(path).json["counts"]
        assert before["queued"] > 0 and before["running"] == before["failed"] == 0, before
        ready = service.curl("/readyz")
        assert (
            ready.status == 503
            and ready.json["code"] == "disk_low"
            and "retry-after" in ready.fields
        ), ready
        refused = service.get("/v1/jobs?class=cats", "--data-binary", f"@{PHOTO}")
        assert refused.status == 507 and refused.json["code"] == "disk_low", refused
        assert service.get(path).json["counts"] == before
        filler.unlink()
        job = service.finished(path)
        assert job["state"] == "done" and job["counts"]["done"] == 60, job
        assert service.curl("/readyz").status == 200
    finally:
        service.stop()


def test_a_full_disk_fails_no_image(small_disk, weights, tmp_path):
    # Without a reserve, so that workers run out of disk space.
    service = Service(
        small_disk / "data", weights, ["--min-free-bytes", "0", "--workers", "2"]
    ).start()
    try:
        photos = [tmp_path / f"{number}.png" for number in range(8)]
        for number, photo in enumerate(photos):
            # Two megabytes in, about three out.
            photo.write_bytes(png(number, 1000, 700))
        path = service.get(
            "/v1/jobs", *sum((["-F", f"file=@{photo}"] for photo in photos), ["-F", "class=cats"])
        ).fields["location"]
        service.kill()
        filler = fill(small_disk, 3 << 20)
        service.start(ready=False)
        service.wait_for(
            lambda: "images wait until there is room" in service.log(),
            "the workers to find the disk full",
        )
        counts = service.get(path).json["counts"]
        assert counts["failed"] == counts["quarantined"] == 0 and counts["done"] < 8, counts
        filler.unlink()
        job = service.finished(path)
        assert job["state"] == "done" and job["counts"]["done"] == 8, job
        assert "the disk has room again" in service.log()
    finally:
        service.stop()


def fill_up(path):
    """Takes every byte left on a disk."""
    with open(path / "filler", "ab", buffering=0) as filler:
        for size in (1 << 20, 4096, 1):
            try:
                while True:
                    filler.write(bytes(size))
            except OSError as error:
                assert error.errno == errno.ENOSPC, error
    return path / "filler"


def test_on_a_disk_without_a_byte_jobs_are_erased_and_cancelled_and_work_goes_on_by_itself(
    small_disk, weights, tmp_path
):
    # The disk holds only the data folder; the log and curl's files are elsewhere.
    service = Service(small_disk, weights, ["--min-free-bytes", "0", "--workers", "1"]).start()
    try:
        done = [submit(service, f"class=c{number}").fields["location"] for number in range(2)]
        for path in done:
            service.finished(path)
        arguments = form(
            tmp_path / "form", ((f"{number}.png", png(number, 300, 200)) for number in range(80))
        )
        waiting, dropped = (
            service.get(f"/v1/jobs?class={label}", *arguments).fields["location"]
            for label in ("w", "d")
        )
        filler = fill_up(small_disk)
        answer = service.wait_for(
            lambda: (a := service.curl("/readyz")).status == 503 and a, "/readyz to answer 503"
        )
        assert (
            answer.json["code"] in ("disk_failed", "disk_low") and "retry-after" in answer.fields
        ), answer
        refused = service.get("/v1/jobs?class=cats", "--data-binary", f"@{PHOTO}")
        assert refused.status == 507 and refused.json["code"] in ("disk_failed", "disk_low"), (
            refused
        )
        cancelled = service.get(f"{dropped}/cancel", "--request", "POST")
        assert cancelled.status == 200 and cancelled.json["counts"]["queued"] == 0, cancelled
        for path in done:
            # Freed space is taken again.
            fill_up(small_disk)
            assert service.get(path, "--request", "DELETE").status == 204
            assert service.get(path).status == 404
        assert hashlib.sha256(PHOTO.read_bytes()).hexdigest() not in blobs(service)
        counts = service.get(waiting).json["counts"]
        assert counts["failed"] == counts["quarantined"] == 0, counts
        filler.unlink()
        job = service.finished(waiting)
        assert job["state"] == "done" and job["counts"]["done"] == 80, job
        service.wait_for(lambda: service.curl("/readyz").status == 200, "/readyz to answer 200")
        assert service.get(dropped, "--request", "DELETE").status == 204
    finally:
        service.stop()


def test_a_service_starts_on_a_disk_without_a_byte_and_makes_room(small_disk, weights):
    service = Service(small_disk, weights, ["--min-free-bytes", "0"]).start()
    try:
        path = submit(service).fields["location"]
        service.finished(path)
        assert service.stop() == 0
        filler = fill_up(small_disk)
        service.start(ready=False)
        assert service.get(path).json["state"] == "done"
        assert service.get(path, "--request", "DELETE").status == 204
        assert blobs(service) == []
        filler.unlink()
        service.wait_for(lambda: service.curl("/readyz").status == 200, "/readyz to answer 200")
        assert service.stop() == 0
    finally:
        service.stop()


# ---- Backup ----


def test_a_backup_under_load_is_restored_with_every_result_whole(make_service, weights, tmp_path):
    service = make_service()
    kept = [
        submit(service, "class=cats", photo).fields["location"]
        for photo in (PHOTO, FIXTURES / "parrots.jpg")
    ]
    for path in kept:
        service.finished(path)
    over = threading.Event()
    faults = []

    def load(worker):
        number = 0
        while not over.is_set():
            number += 1
            photo = tmp_path / f"{worker}-{number}.png"
            photo.write_bytes(png(worker * 10_000 + number, 80, 80))
            try:
                job = submit(service, "class=dogs", photo, "--header", "Prefer: wait=60").json
                if number % 2:
                    assert service.get(f"/v1/jobs/{job['id']}", "--request", "DELETE").status == 204
            except AssertionError as fault:
                faults.append(fault)
            photo.unlink()

    threads = [threading.Thread(target=load, args=(worker,)) for worker in range(3)]
    for thread in threads:
        thread.start()
    backup = tmp_path / "backup"
    try:
        # Created, then updated, all under load.
        for _ in range(4):
            result = subprocess.run(
                [BINARY, "backup", "--data", service.data, backup],
                capture_output=True,
                text=True,
                check=False,
            )
            assert result.returncode == 0, result
            assert result.stdout.endswith(" removed\n") and not result.stderr, result
    finally:
        over.set()
        for thread in threads:
            thread.join()
    assert not faults, faults
    key = service.key
    service.kill()

    restored = Service(backup, weights).start()
    try:
        assert restored.key == key
        jobs, cursor = [], ""
        while cursor is not None:
            page = restored.get(f"/v1/jobs?limit=500{cursor}").json
            jobs += page["jobs"]
            cursor = f"&cursor={page['next_cursor']}" if "next_cursor" in page else None
        assert {f"/v1/jobs/{job['id']}" for job in jobs} >= set(kept)
        assert len(jobs) > 2
        for job in jobs:
            path = f"/v1/jobs/{job['id']}"
            assert restored.finished(path)["state"] == "done"
            report = restored.get(f"{path}/images/1/report").json
            picture = restored.get(f"{path}/images/1.png").body
            assert hashlib.sha256(picture).hexdigest() == report["output_sha256"]
            assert Image.open(io.BytesIO(picture)).size == (report["width"], report["height"])
        # The restored service works like the original: the same photo, class and key give the same
        # bytes.
        again = submit(restored, "class=cats", PHOTO, "--header", f"Prefer: wait={PATIENCE}").json
        assert (
            restored.get(f"/v1/jobs/{again['id']}/images/1.png").body
            == restored.get(f"{kept[0]}/images/1.png").body
        )
    finally:
        restored.stop()


def test_a_backup_says_what_is_wrong(make_service, tmp_path):
    service = make_service()

    def backup(data, destination):
        result = subprocess.run(
            [BINARY, "backup", "--data", data, destination],
            capture_output=True,
            text=True,
            check=False,
        )
        return result.returncode, result.stderr

    status, words = backup(tmp_path / "none", tmp_path / "b")
    assert status == 1 and "is not a data folder" in words
    status, words = backup(service.data, service.data)
    assert status == 1 and "cannot be its own backup" in words
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos/a.jpg").write_bytes(b"x")
    status, words = backup(service.data, tmp_path / "photos")
    assert status == 1 and "holds a.jpg" in words
    assert not (tmp_path / "b").exists() and os.listdir(tmp_path / "photos") == ["a.jpg"]

    # With swapped arguments, backup does not overwrite the data folder. A backup that was served is
    # none any more.
    assert backup(service.data, tmp_path / "b") == (0, "")
    answer = service.get("/v1/jobs?class=c", "--data-binary", f"@{FIXTURES / 'hats.png'}")
    assert answer.status == 202, answer
    assert service.stop() == 0
    status, words = backup(tmp_path / "b", service.data)
    assert status == 1 and "is a data folder, not a backup" in words
    assert service.start().get(f"/v1/jobs/{answer.json['id']}").status == 200
    restored = make_service(name="b")
    assert restored.stop() == 0
    status, words = backup(service.data, tmp_path / "b")
    assert status == 1 and "has been served since" in words
    assert service.stop() == 0


def test_a_damaged_database_is_not_served(make_service):
    service = make_service()
    assert service.stop() == 0
    path = pathlib.Path(service.data) / "palimpsest.sqlite"
    pages = bytearray(path.read_bytes())
    # Everything except the header and the schema.
    pages[8192:] = bytes(len(pages) - 8192)
    path.write_bytes(pages)
    command = [BINARY, "serve", "--bind", "127.0.0.1:0", "--data", service.data]
    result = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert result.returncode == 1 and "The database is damaged: " in result.stderr, result
    assert json.dumps(result.stderr).count("\\n") <= 2
