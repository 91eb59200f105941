"""`palimpsest classes`: own semantic images for a service, by command line and over HTTP."""

import hashlib
import io
import os
import pathlib
import signal
import subprocess
import time

import numpy as np
import pytest
from archives import pixels
from PIL import Image
from service import BINARY, FIXTURES, PATIENCE


def noise(path, seed, side=40):
    path.parent.mkdir(parents=True, exist_ok=True)
    samples = np.random.default_rng(seed).integers(0, 256, (side, side, 3), dtype=np.uint8)
    Image.fromarray(samples).save(path)
    return path


def pixel_hash(path):
    return hashlib.sha256(Image.open(path).convert("RGB").tobytes()).hexdigest()


def expected_place(photo, count):
    """The index of the picture that a photo gets sample-wise, from the documented derivation."""
    seed = hashlib.sha256(
        b"palimpsest sample texture" + bytes(8) + hashlib.sha256(photo.read_bytes()).digest()
    ).digest()
    return int.from_bytes(seed[:8], "little") % count


def classes(*arguments):
    return subprocess.run(
        [BINARY, "classes", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def listed(data):
    """The lines of `classes list` as lists of columns."""
    result = classes("list", "--data", data)
    assert (result.returncode, result.stderr) == (0, ""), result
    return [line.split("\t") for line in result.stdout.splitlines()]


def stored(data):
    """Blob files, finished and unfinished, with their sizes."""
    return {
        str(path.relative_to(data)): path.stat().st_size
        for folder in ("blobs", "tmp")
        for path in (data / folder).rglob("*")
        if path.is_file()
    }


def protect(service, query, *photos):
    """Protects photos in one job and returns their reports."""
    form = [word for photo in photos for word in ("--form", f"file=@{photo}")]
    answer = service.get(f"/v1/jobs?{query}", *form)
    assert answer.status == 202, answer
    path = f"/v1/jobs/{answer.json['id']}"
    job = service.finished(path)
    assert job["counts"]["done"] == len(photos), job
    return (
        path,
        [service.get(f"{path}/images/{number + 1}/report").json for number in range(len(photos))]
    )


@pytest.fixture
def own(tmp_path):
    """Three pictures for `cat`, one for `dog`, and a file beside the folders."""
    folder = tmp_path / "own"
    for seed, name in enumerate(["cat/1.png", "cat/2.png", "cat/3.png", "dog/1.png"]):
        noise(folder / name, 70 + seed)
    (folder / "semantic-images.json").write_text("{}")
    return folder


@pytest.fixture
def stopped(make_service):
    """A service that was started once and stopped."""
    service = make_service()
    assert service.stop() == 0, service.log()
    return service


def test_imported_images_are_hidden_from_then_on(make_service, own, tmp_path):
    service = make_service()
    photos = [noise(tmp_path / f"photo-{number:02}.png", number) for number in range(30)]
    before = protect(service, "class=cat&mode=class-wise", photos[0])[1][0]
    assert service.stop() == 0
    ((label, name, owner, what),) = listed(service.data)
    assert (
        (label, name, what) == ("cat", "admin", "generated (version 2, index 0)")
        and owner.startswith("key_")
    )

    result = classes("import", own, "--data", service.data)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.splitlines() == [
        "cat: 3 semantic images imported", "dog: 1 semantic image imported"
    ]
    assert listed(service.data) == [
        ["cat", "admin", owner, "imported (3)"], ["dog", "admin", owner, "imported (1)"]
    ]
    modes = {path: path.stat().st_mode & 0o077 for path in service.data.rglob("*")}
    assert not any(modes.values()), modes

    service.start()
    path, (after,) = protect(service, "class=cat&mode=class-wise", photos[0])
    assert (
        after["semantic_image_sha256"]
        == pixel_hash(own / "cat/1.png")
        != before["semantic_image_sha256"]
    )
    assert after["output_sha256"] != before["output_sha256"] and 0 < after["linf"] <= 8
    released = pixels(service.get(f"{path}/images/1.png").body)[1]
    assert 0 < np.abs(released - pixels(photos[0].read_bytes())[1]).max() <= 8
    assert (
        protect(service, "class=dog&mode=class-wise", photos[1])[1][0]["semantic_image_sha256"]
        == pixel_hash(own / "dog/1.png")
    )
    # Another class keeps the generator.
    bird = protect(service, "class=bird&mode=class-wise", photos[0])[1][0]
    hashes = {pixel_hash(picture) for picture in own.glob("*/*.png")}
    assert bird["semantic_image_sha256"] not in hashes

    # Sample-wise, every photo has a picture of its own, the same one each time.
    expected = [pixel_hash(own / f"cat/{expected_place(photo, 3) + 1}.png") for photo in photos]
    assert len(set(expected)) == 3
    for _ in range(2):
        reports = protect(service, "class=cat&mode=sample-wise", *photos)[1]
        assert [report["semantic_image_sha256"] for report in reports] == expected

    # They outlive the jobs and the cleanup at server start; a new import replaces them.
    for job in service.get("/v1/jobs").json["jobs"]:
        assert service.get(f"/v1/jobs/{job['id']}", "-X", "DELETE").status == 204
    assert service.stop() == 0
    service.start()
    assert len(stored(service.data)) == 4
    assert protect(service, "class=cat&mode=class-wise", photos[0])[1][0] == after
    assert service.stop() == 0
    noise(own / "cat/0.png", 99)
    for name in ("1.png", "2.png", "3.png"):
        (own / "cat" / name).unlink()
    assert classes("import", own, "--data", service.data, "--key", "admin").returncode == 0
    service.start()
    assert (
        protect(service, "class=cat&mode=class-wise", photos[0])[1][0]["semantic_image_sha256"]
        == pixel_hash(own / "cat/0.png")
    )


def test_a_job_that_waits_keeps_the_image_that_its_class_had(make_service, own, tmp_path):
    service = make_service()
    photo = noise(tmp_path / "photo.png", 5)
    (before,) = protect(service, "class=cat&mode=class-wise", photo)[1]
    for pid in service.codecs():
        os.kill(pid, signal.SIGSTOP)
    answer = service.get("/v1/jobs?class=cat&mode=class-wise", "--form", f"file=@{photo}")
    assert answer.status == 202
    service.kill()
    assert classes("import", own, "--data", service.data).returncode == 0
    service.start()
    path = f"/v1/jobs/{answer.json['id']}"
    assert service.finished(path)["state"] == "done"
    report = service.get(f"{path}/images/1/report").json
    assert (
        report["semantic_image_sha256"]
        == before["semantic_image_sha256"]
        != pixel_hash(own / "cat/1.png")
    )
    (after,) = protect(service, "class=cat&mode=class-wise", photo)[1]
    assert after["semantic_image_sha256"] == pixel_hash(own / "cat/1.png")


def test_while_a_server_runs_nothing_is_imported(make_service, own, tmp_path):
    service = make_service()
    photo = noise(tmp_path / "photo.png", 5)
    before = protect(service, "class=cat&mode=class-wise", photo)[1][0]
    files = stored(service.data)
    for arguments in (["import", own], ["list"]):
        result = classes(*arguments, "--data", service.data)
        assert (result.returncode, result.stdout) == (1, "")
        assert result.stderr == (
            f"Error: The data folder {service.data} is in use by another palimpsest process. Stop "
            "the server first.\n"
        )
    assert stored(service.data) == files
    assert protect(service, "class=cat&mode=class-wise", photo)[1][0] == before
    assert service.stop() == 0


def broken_files():
    jpeg = (FIXTURES / "plane.jpg").read_bytes()
    bomb = io.BytesIO()
    Image.new("1", (12000, 12000)).save(bomb, "PNG")
    return {
        "empty": (b"", "image_empty: "),
        "text": (b"no picture", "image_unsupported: "),
        "truncated": (jpeg[: len(jpeg) // 2], "image_truncated: "),
        "bomb": (bomb.getvalue(), "image_too_large: The picture is 12000 x 12000"),
        "long": (None, "image_too_large: The file has more than 64 MiB."),
    }


@pytest.mark.parametrize("kind", list(broken_files()))
def test_with_one_broken_picture_nothing_is_imported(stopped, own, kind):
    content, words = broken_files()[kind]
    broken = own / "dog/2.png"
    if content is None:
        broken.touch()
        os.truncate(broken, (64 << 20) + 1)
    else:
        broken.write_bytes(content)
    result = classes("import", own, "--data", stopped.data)
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.startswith(
        f"Error: The semantic image {broken} cannot be used: {words}"
    ), result.stderr
    assert result.stderr.count("\n") == 1
    assert stored(stopped.data) == {} and listed(stopped.data) == []
    broken.unlink()
    assert classes("import", own, "--data", stopped.data).returncode == 0
    assert len(stored(stopped.data)) == 4


def test_an_import_allows_as_many_pixels_as_it_is_told(stopped, own):
    result = classes("import", own, "--data", stopped.data, "--max-pixels", "1599")
    assert (result.returncode, result.stdout) == (1, "")
    assert "1600 pixels; 1599 are allowed (--max-pixels" in result.stderr, result.stderr
    assert stored(stopped.data) == {} and listed(stopped.data) == []
    assert classes("import", own, "--data", stopped.data, "--max-pixels", "1600").returncode == 0
    assert len(stored(stopped.data)) == 4


def test_an_import_that_fails_leaves_the_earlier_one(stopped, own):
    assert classes("import", own, "--data", stopped.data).returncode == 0
    files, lines = stored(stopped.data), listed(stopped.data)
    for name in ("cat/1.png", "cat/2.png", "cat/3.png"):
        noise(own / name, 5)
    (own / "dog/1.png").write_bytes(b"no picture")
    assert classes("import", own, "--data", stopped.data).returncode == 1
    assert stored(stopped.data) == files and listed(stopped.data) == lines


def test_wrong_folders_are_refused_with_a_sentence(stopped, own, tmp_path):
    (tmp_path / "flat").mkdir()
    noise(tmp_path / "flat/1.png", 1)
    (tmp_path / "hollow/cat").mkdir(parents=True)
    noise(tmp_path / "odd" / ("a" * 65) / "1.png", 1)
    for folder, words, status in [
        (tmp_path / "nowhere", "is not a folder with a folder of pictures for each class.", 2),
        (tmp_path / "flat", f"There is no folder in {tmp_path}/flat", 2),
        (tmp_path / "hollow", f"There is no picture in {tmp_path}/hollow/cat.", 2),
        (tmp_path / "odd", f"{tmp_path}/odd/{'a' * 65}: The class is its folder's name.", 2),
    ]:
        result = classes("import", folder, "--data", stopped.data)
        assert result.returncode == status and words in result.stderr, result.stderr
        assert result.stderr.count("\n") == 1
    assert listed(stopped.data) == []
    for data in (tmp_path / "new", own):
        result = classes("import", own, "--data", data)
        assert result.returncode == 1 and "is not a data folder" in result.stderr
        assert not (data / "lock").exists()
    result = classes("import", own, "--data", stopped.data, "--key", "nobody")
    assert result.returncode == 1 and "There is no API key called nobody." in result.stderr
    assert stored(stopped.data) == {}


def children(process):
    paths = pathlib.Path(f"/proc/{process.pid}/task").glob("*/children")
    return [int(pid) for path in paths for pid in path.read_text().split()]


def begin_import(folder, data):
    return subprocess.Popen(
        [BINARY, "classes", "import", folder, "--data", data], stdout=subprocess.DEVNULL
    )


def wait_for(condition, process):
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if condition():
            return
        assert process.poll() is None, "the import ended before it was to be killed"
        time.sleep(0.001)
    raise AssertionError("waited in vain")


def test_killed_while_it_checks_pictures_an_import_has_done_nothing(stopped, own, tmp_path):
    assert classes("import", own, "--data", stopped.data).returncode == 0
    files, lines = stored(stopped.data), listed(stopped.data)
    for number in range(300):
        noise(tmp_path / f"many/cat/{number:03}.png", number, side=200)
    process = begin_import(tmp_path / "many", stopped.data)
    wait_for(lambda: len(list((stopped.data / "tmp").iterdir())) >= 3, process)
    # Stopped, it cannot finish before it is killed.
    for pid in children(process):
        os.kill(pid, signal.SIGSTOP)
    process.kill()
    process.wait()
    assert len(list((stopped.data / "tmp").iterdir())) < 300
    assert listed(stopped.data) == lines
    stopped.start()
    photo = noise(tmp_path / "photo.png", 5)
    report = protect(stopped, "class=cat&mode=class-wise", photo)[1][0]
    assert report["semantic_image_sha256"] == pixel_hash(own / "cat/1.png")
    assert (
        stopped.get(
            f"/v1/jobs/{stopped.get('/v1/jobs').json['jobs'][0]['id']}", "-X", "DELETE"
        ).status
        == 204
    )
    assert stopped.stop() == 0
    assert stored(stopped.data) == files


def test_killed_while_it_files_pictures_an_import_has_done_all_or_nothing(stopped, tmp_path):
    for number in range(150):
        noise(tmp_path / f"many/cat/{number:03}.png", number)
    process = begin_import(tmp_path / "many", stopped.data)
    wait_for(lambda: any((stopped.data / "blobs").iterdir()), process)
    process.kill()
    process.wait()
    lines = listed(stopped.data)
    stopped.start()
    assert stopped.stop() == 0
    # After the start, unreferenced files are gone and referenced ones are there.
    assert [line[3] for line in lines] in ([], ["imported (150)"])
    assert len(stored(stopped.data)) == (150 if lines else 0)
    assert classes("import", tmp_path / "many", "--data", stopped.data).returncode == 0
    assert (
        [line[3] for line in listed(stopped.data)] == ["imported (150)"]
        and len(stored(stopped.data)) == 150
    )


def test_help_tells_how():
    shown = classes("import", "--help")
    assert shown.returncode == 0
    for word in [
        "64 MiB", "1024 pixels", "--key", "--data", "server must be stopped",
        "replaces all its pictures",
    ]:  # fmt: skip
        assert word in " ".join(shown.stdout.split())
    assert classes("list", "--help").returncode == 0
    assert classes("paint").returncode == 2
