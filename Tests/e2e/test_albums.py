"""Albums packed with common tools: folders become classes, other files are counted."""

import json
import subprocess
import zipfile

import pytest
from archives import members
from service import BINARY, FIXTURES
from test_archives_in import TAR, ZIP, send, tarred, zipped
from test_requests import blobs, jobs, problem
from test_submit import environment, picture, submit

PLANE = (FIXTURES / "plane.jpg").read_bytes()


@pytest.fixture
def photos(tmp_path):
    """A folder of class folders, with the files that macOS adds."""
    folder = tmp_path / "my photos"
    for number, name in enumerate(["birds/1.png", "birds/deep/2.png", "things/3.png"]):
        picture(folder / name, number)
    for name in (".DS_Store", "birds/.DS_Store", "birds/IMG_1.MOV", "birds/IMG_1.AAE"):
        (folder / name).write_bytes(b"x")
    return folder


def classes(job):
    return [(entry["class"], entry["images"]) for entry in job["classes"]]


def images(service, job):
    return service.get(f"/v1/jobs/{job['id']}/images").json["images"]


def zip_of(path, photos, top, mac=False):
    """A ZIP of a folder as Finder makes it, or without the enclosing folder."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(photos.rglob("*")):
            name = file.relative_to(photos)
            archive.write(file, f"{top}{name}" + "/" * file.is_dir())
            if mac and file.is_file():
                archive.writestr(f"__MACOSX/{top}{name.parent / f'._{name.name}'}", b"\0\5\x16\7")
    return path.read_bytes()


# ---- Wrappers ----


@pytest.mark.parametrize(
    "pack",
    ["zip -qr {out} 'my photos'", "zip -q0r {out} .", "cd 'my photos' && zip -qr {out} .",
    "tar -cf {out} 'my photos'", "tar -cf {out} .",
     "tar -C 'my photos' -cf {out} .",
     "tar --format=posix -cf {out} 'my photos/birds' 'my photos/things'"],
)  # fmt: skip
def test_a_folder_is_the_same_job_with_and_without_the_folder_around(shared_service, photos, pack):
    out = photos.parent.parent / f"{photos.parent.name}.packed"
    subprocess.run(["bash", "-c", pack.format(out=out)], cwd=photos.parent, check=True)
    answer = send(shared_service, out.read_bytes(), TAR if "tar" in pack else ZIP)
    out.unlink()
    assert answer.status == 202, answer
    # tar takes a folder's files in disk order.
    assert sorted(classes(answer.json)) == [("birds", 2), ("things", 1)]
    assert sorted(image["file"] for image in images(shared_service, answer.json)) == [
        "birds/1.png", "birds/2.png", "things/3.png"
    ]
    # The last command does not name the hidden file beside the class folders.
    hidden = {"system": 1 if "posix" in pack else 2}
    assert answer.json["passed_over"]["reasons"] == {"video": 1, "sidecar": 1} | hidden


def test_what_finder_packs(shared_service, photos, tmp_path):
    answer = send(shared_service, zip_of(tmp_path / "f.zip", photos, "my photos/", mac=True), ZIP)
    assert answer.status == 202 and classes(answer.json) == [("birds", 2), ("things", 1)], answer
    assert answer.json["passed_over"]["reasons"] == {"video": 1, "sidecar": 1, "system": 2 + 7}
    assert "__MACOSX/my photos/._.DS_Store" in answer.json["passed_over"]["examples"]
    # The same is reported whenever the job is fetched, but in no list.
    job = shared_service.finished(f"/v1/jobs/{answer.json['id']}")
    assert (
        (job["classes"], job["passed_over"]) == (answer.json["classes"], answer.json["passed_over"])
    )
    listed = next(other for other in jobs(shared_service) if other["id"] == job["id"])
    assert "classes" not in listed and "passed_over" not in listed


def test_a_takeout(shared_service):
    top = "Takeout/Google Photos"
    body = zipped(
        ("Takeout/archive_browser.html", b"<html>"), (f"{top}/Rome-2019/metadata.json", b"{}"),
        (f"{top}/Rome-2019/IMG_1.jpg", PLANE),
        (f"{top}/Rome-2019/IMG_1.jpg.supplemental-metadata.json", b"{}"),
        (f"{top}/Rome-2019/IMG_2.MP4", b"x"),
        (f"{top}/Oslo/IMG_1.jpg", PLANE), (f"{top}/user-generated-memory-titles.json", b"{}"),
    )  # fmt: skip
    answer = send(shared_service, body, ZIP, "?class=unused")
    assert answer.status == 202 and classes(answer.json) == [("Rome-2019", 1), ("Oslo", 1)], answer
    assert answer.json["passed_over"]["total"] == 5
    assert (
        [image["source"] for image in images(shared_service, answer.json)]
        == [f"{top}/Rome-2019/IMG_1.jpg", f"{top}/Oslo/IMG_1.jpg"]
    )


def test_a_single_album_is_its_class(shared_service):
    for names, expected in [
        (["trip/1.jpg", "trip/day1/2.jpg"], [("trip", 2)]),
        (["all/trip/1.jpg", "all/trip/day1/2.jpg"], [("trip", 2)]),
        (["trip/1.jpg"], [("trip", 1)]),
        (["trip/day1/1.jpg", "trip/day2/2.jpg"], [("day1", 1), ("day2", 1)]),
        (["trip/1.jpg", "2.jpg"], [("trip", 1), ("rest", 1)]),
    ]:
        for pack, type in [(tarred, TAR), (zipped, ZIP)]:
            answer = send(
                shared_service, pack(*((name, PLANE) for name in names)), type, "?class=rest"
            )
            assert answer.status == 202 and classes(answer.json) == expected, (names, answer)


def test_forms_list_their_classes_and_take_a_class_behind_the_files(shared_service):
    form = []
    for word in [
        f"file=@{FIXTURES / 'plane.jpg'}",
        f"file=@{FIXTURES / 'hats.png'};filename=trip/hats.png",
        "class=later",
    ]:
        form += ["--form", word]
    answer = shared_service.get("/v1/jobs", *form)
    assert answer.status == 202 and classes(answer.json) == [("later", 2)], answer
    assert [(image["file"], image["source"]) for image in images(shared_service, answer.json)] == [
        ("later/plane.png", "plane.jpg"), ("later/hats.png", "trip/hats.png"),
    ]  # fmt: skip
    between = shared_service.get("/v1/jobs", *form[:2], "--form", "class=first", *form[2:])
    assert [image["class"] for image in images(shared_service, between.json)] == ["later", "first"]


# ---- Faults ----


@pytest.mark.parametrize("pack, type", [(tarred, TAR), (zipped, ZIP)])
def test_bad_folders_and_loose_photos_fail_alone_by_their_paths(shared_service, pack, type):
    long = "x" * 65
    body = pack(
        ("loose.jpg", PLANE),
        ("things/plane.jpg", PLANE),
        (f"{long}/a.jpg", PLANE),
        ("other.jpg", PLANE),
    )
    answer = send(shared_service, body, type, "", "--header", "Prefer: wait=60")
    assert (
        (answer.status, answer.json["state"], answer.json["counts"]["failed"]) == (200, "done", 3)
    ), answer
    assert [(failure["source"],
        failure["error"]["code"]) for failure in answer.json["failures"]] == [
        ("loose.jpg", "class_missing"), (f"{long}/a.jpg", "class_invalid"),
        ("other.jpg", "class_missing"),
    ]  # fmt: skip
    assert all(
        "class" not in failure and "file" not in failure for failure in answer.json["failures"]
    )
    assert classes(answer.json) == [("things", 1)]
    path = f"/v1/jobs/{answer.json['id']}"
    files = members(shared_service.get(f"{path}/archive.zip").body)
    assert [name for name in files if name.endswith(".png")] == ["things/plane.png"]
    manifest = {
        image["number"]: image["source"] for image in json.loads(files["manifest.json"])["images"]
    }
    assert manifest == {1: "loose.jpg", 2: "things/plane.jpg", 3: f"{long}/a.jpg", 4: "other.jpg"}
    assert b"loose.jpg" not in files["things/plane.png"]
    # They were never stored, so they cannot be retried.
    assert problem(
        shared_service.get(f"{path}/retry", "--request", "POST"), 409, "nothing_to_retry"
    )
    events = shared_service.get(f"{path}/events", "--max-time", "20").body.decode()
    assert '"source":"loose.jpg"' in events and '"source":"things/plane.jpg"' in events
    state = shared_service.get(f"{path}/images?state=failed").json["images"]
    assert [image["number"] for image in state] == [1, 3, 4]


def test_all_faults_are_told_at_once(make_service):
    service = make_service()
    body = zipped(
        *((f"IMG_{number:04}.jpg", PLANE[:3000]) for number in range(130)),
        (f"{'x' * 65}/a.jpg", PLANE),
    )
    answer = send(service, body, ZIP)
    document = problem(answer, 400, "class_missing")
    assert (len(document["faults"]), document["faults_total"]) == (100, 131)
    assert document["faults"][99] | {"detail": ""} == {
        "source": "IMG_0099.jpg", "code": "class_missing", "detail": ""
    }
    two = problem(
        send(service, zipped(("a.jpg", PLANE), (f"{'x' * 65}/a.jpg", PLANE)), ZIP),
        400,
        "class_missing",
    )
    assert [fault["code"] for fault in two["faults"]] == ["class_missing", "class_invalid"]
    hostile = problem(
        send(service, tarred(("a/b.jpg", PLANE), ("../../etc/passwd", PLANE))),
        400,
        "archive_member_invalid",
    )
    assert [fault["source"] for fault in hostile["faults"]] == ["../../etc/passwd"]
    assert (jobs(service), blobs(service)) == ([], [])
    assert service.stop() == 0


# ---- Names ----


def test_names_are_told_as_they_were_sent(shared_service):
    names = [
        "Müller/Été 1.jpg",
        "Mu\u0308ller/x.jpg",
        "a\\b.jpg",
        "a/line\nend\x1b[2J\u202egpj.jpg",
        "a/" + "é" * 1500 + ".jpg",
    ]
    answer = send(shared_service, tarred(*((name, PLANE) for name in names)), TAR)
    assert answer.status == 202, answer
    sources = [image["source"] for image in images(shared_service, answer.json)]
    assert sources[:4] == [*names[:3], "a/line\ufffdend\ufffd[2J\ufffdgpj.jpg"]
    assert (
        sources[4].startswith("…é")
        and sources[4].endswith("é.jpg")
        and 1020 <= len(sources[4].encode()) <= 1024
    )


def test_submit_tells_the_photos_names_and_not_where_they_lie(make_service, tmp_path):
    service = make_service()
    folder = tmp_path / "private" / "in"
    names = ["cats/a.png", "cats/x/a.png", 'dogs/q"u;o,te.png']
    for number, name in enumerate(names):
        picture(folder / name, number)
    (folder / "cats/a.mov").write_bytes(b"x")
    (folder / "dogs/text.jpg").write_text("no picture")
    out = tmp_path / "out"
    result = submit(service, folder, "--out", out)
    assert (
        result.returncode == 1 and f"{folder}/dogs/text.jpg: image_unsupported: " in result.stderr
    ), result
    assert "classes: cats (2 photos), dogs (2 photos)" in result.stderr
    assert f"passed over 1 file: {folder}/cats/a.mov (1 video)" in result.stderr
    (job,) = jobs(service)
    sent = {image["number"]: image["source"] for image in images(service, job)}
    # curl escapes a quotation mark in a name as browsers do.
    assert list(sent.values()) == [
        "in/cats/a.png", "in/cats/x/a.png", "in/dogs/q%22u;o,te.png", "in/dogs/text.jpg"
    ]
    assert "private" not in json.dumps(images(service, job))
    reports = {
        path.name: json.loads(path.read_text())["source"]
        for path in out.with_name("out-reports").glob("[cd]*s/*.json")
    }
    assert (
        reports.pop("a.json") == f"{folder}/cats/a.png"
        and reports.pop("a-2.json") == f"{folder}/cats/x/a.png"
    )
    assert list(reports.values()) == [f'{folder}/dogs/q"u;o,te.png']
    assert service.stop() == 0


def test_submit_passes_through_wrappers_as_protect_does(make_service, tmp_path, weights):
    service = make_service()
    for number, name in enumerate(["w/cats/1.png", "w/dogs/2.png"]):
        picture(tmp_path / "in" / name, number)
    (tmp_path / "linked").mkdir()
    picture(tmp_path / "linked/3.png", 3)
    (tmp_path / "in/w/linked").symlink_to("../../linked")
    result = submit(service, tmp_path / "in", "--out", tmp_path / "out")
    assert result.returncode == 0 and f"passed through {tmp_path}/in/w, " in result.stderr, result
    local = subprocess.run([BINARY, "protect", tmp_path / "in", "--out", tmp_path / "local",
                           "--weights", weights],
                           env=environment(service), capture_output=True, text=True,
                           check=False)  # fmt: skip
    assert local.returncode == 0, local
    both = [
        sorted(str(path.relative_to(out)) for path in out.rglob("*.png"))
        for out in (tmp_path / "out", tmp_path / "local")
    ]
    assert both == [["cats/1.png", "dogs/2.png", "linked/3.png"]] * 2
    assert service.stop() == 0
