"""`/v1/classes`: own assignments and pictures over HTTP, while the service runs."""

import io
import json
import os
import signal
import threading

import numpy as np
import pytest
from archives import pixels
from PIL import Image
from service import FIXTURES
from test_classes import classes, noise, pixel_hash, protect, stored


def as_json(service, path, document, key=None):
    return service.curl(
        path, "--request", "PUT", "--header", "Content-Type: application/json",
        "--data-binary", json.dumps(document), key=key or service.key,
    )  # fmt: skip


def send(service, path, file, key=None, type="image/png"):
    return service.curl(
        path, "--header", f"Content-Type: {type}", "--upload-file", file, key=key or service.key
    )


def problem(answer, status, code):
    assert (answer.status, answer.json["code"]) == (status, code), answer


def test_an_assignment_moves_to_another_service(make_service):
    """The same assignment hides the same image: the protected pictures have the same bytes."""
    photo = FIXTURES / "parrots.jpg"
    first, second = make_service(name="first"), make_service(name="second")
    query = "class=cat&mode=class-wise"
    path, (report,) = protect(first, query, photo)
    shown = first.get("/v1/classes/cat").json
    assert (
        shown["semantic_image"] == "generated"
        and shown["imported_count"] == 0
        and shown["links"] == {"self": "/v1/classes/cat"}
    )
    assignment = shown["assignment"]

    made = as_json(second, "/v1/classes/cat", assignment)
    assert (made.status, made.json) == (201, shown)
    again = as_json(second, "/v1/classes/cat", assignment)
    assert (again.status, again.json) == (200, shown)
    moved, (same,) = protect(second, query, photo)
    assert same == report
    assert second.get(f"{moved}/images/1.png").body == first.get(f"{path}/images/1.png").body

    # An assignment never changes, and no two classes of a key share an index in a family.
    other = {**assignment, "texture_seed": str(int(assignment["texture_seed"]) ^ 1)}
    problem(as_json(second, "/v1/classes/cat", other), 409, "class_assigned")
    problem(as_json(second, "/v1/classes/dog", assignment), 409, "class_index_taken")
    for member, value in [
        ("generator_version", 1), ("class_index", -1), ("class_index", 10**6),
        ("family_seed", str(2**64)), ("family_seed", 5),
        ("texture_seed", "07"), ("texture_seed", None),
    ]:  # fmt: skip
        problem(
            as_json(second, "/v1/classes/dog", {**assignment, member: value}),
            400,
            f"{member}_invalid",
        )
    problem(
        as_json(second, "/v1/classes/dog", {**assignment, "color": "red"}), 400, "member_unknown"
    )
    problem(as_json(second, "/v1/classes/.dog", assignment), 400, "class_invalid")
    problem(second.get("/v1/classes/dog"), 404, "class_unknown")

    # Another family's class of the same place is another image.
    elsewhere = {**assignment, "family_seed": str(int(assignment["family_seed"]) ^ 1)}
    foreign = as_json(second, "/v1/classes/cow", elsewhere)
    assert foreign.status == 201 and foreign.json["assignment"] == elsewhere
    _, (stranger,) = protect(second, "class=cow&mode=class-wise&force=true", photo)
    assert stranger["semantic_image_sha256"] != report["semantic_image_sha256"]

    # Without a body a class gets a new assignment, which its photos then use.
    made = second.get("/v1/classes/dog", "--request", "PUT")
    assert (
        made.status == 201
        and made.json["assignment"]["class_index"] == assignment["class_index"] + 1
    )
    assert second.get("/v1/classes/dog", "--request", "PUT").json == made.json
    protect(second, "class=dog", photo)
    assert second.get("/v1/classes/dog").json == made.json


def test_a_picture_of_ones_own_is_hidden_from_the_next_photo_on(make_service, tmp_path):
    service = make_service()
    own, other = noise(tmp_path / "own.png", 1), noise(tmp_path / "other.png", 2)
    photo = noise(tmp_path / "photo.png", 3)
    query, path = "class=cat&mode=class-wise", "/v1/classes/cat/semantic-image"
    (before,) = protect(service, query, photo)[1]
    problem(service.get(path), 404, "semantic_image_missing")

    answer = send(service, path, own)
    assert answer.status == 200, answer
    assert answer.json["semantic_image"] == "imported" and answer.json["imported_count"] == 1
    assert answer.json["links"]["semantic_image"] == path
    kept = service.get(path)
    assert (kept.status, kept.fields["content-type"]) == (200, "image/png")
    assert (pixels(kept.body)[1] == pixels(own.read_bytes())[1]).all()
    assert service.get(path, "--header", f"If-None-Match: {kept.fields['etag']}").status == 304
    assert service.get(path, "--range", "0-7").body == b"\x89PNG\r\n\x1a\n"
    (after,) = protect(service, query, photo)[1]
    assert after["semantic_image_sha256"] == pixel_hash(own) != before["semantic_image_sha256"]

    # Another picture replaces it; the same one again changes nothing.
    for _ in range(2):
        assert send(service, path, other).status == 200
        assert (
            protect(service, f"{query}&force=true", photo)[1][0]["semantic_image_sha256"]
            == pixel_hash(other)
        )
    assert len([name for name in stored(service.data) if name.startswith("tmp")]) == 0
    service.kill()
    service.start()
    assert (pixels(service.get(path).body)[1] == pixels(other.read_bytes())[1]).all()

    # Afterwards the generator draws again, as before.
    assert service.get(path, "--request", "DELETE").status == 204
    problem(service.get(path, "--request", "DELETE"), 404, "semantic_image_missing")
    problem(service.get(path), 404, "semantic_image_missing")
    assert (
        protect(service, query, photo)[1][0]["semantic_image_sha256"]
        == before["semantic_image_sha256"]
    )
    # The files of all of them are removed with the last jobs that used them.
    for job in service.get("/v1/jobs").json["jobs"]:
        assert service.get(f"/v1/jobs/{job['id']}", "--request", "DELETE").status == 204
    assert stored(service.data) == {}
    # A class may start with its picture.
    assert send(service, "/v1/classes/new/semantic-image", own).status == 201
    assert (
        protect(service, "class=new&mode=class-wise", photo)[1][0]["semantic_image_sha256"]
        == pixel_hash(own)
    )


def test_a_job_never_gets_two_pictures_for_one_class(make_service, tmp_path):
    service = make_service()
    first, other = noise(tmp_path / "first.png", 1), noise(tmp_path / "own/cat/other.png", 2)
    photos = [noise(tmp_path / f"photo-{number}.png", 10 + number) for number in range(3)]
    path, query = "/v1/classes/cat/semantic-image", "class=cat&mode=class-wise"
    assert send(service, path, first).status == 201
    for pid in service.codecs():
        os.kill(pid, signal.SIGSTOP)
    forms = [word for photo in photos for word in ("--form", f"file=@{photo}")]
    answer = service.get(f"/v1/jobs?{query}", *forms)
    assert answer.status == 202
    # Replaced while the job waits: none of it is protected yet, and the restarted service uses the
    # new picture.
    service.kill()
    assert classes("import", tmp_path / "own", "--data", service.data).returncode == 0
    service.start()
    job = f"/v1/jobs/{answer.json['id']}"
    assert service.finished(job)["state"] == "done"
    reports = [service.get(f"{job}/images/{number}/report").json for number in (1, 2, 3)]
    assert [report["semantic_image_sha256"] for report in reports] == [pixel_hash(first)] * 3
    # The next job uses the class's current picture; the old one is removed with the last job that
    # used it.
    (after,) = protect(service, query, photos[0])[1]
    assert after["semantic_image_sha256"] == pixel_hash(other)
    before = len(stored(service.data))
    assert service.get(job, "--request", "DELETE").status == 204
    # Three outputs, the picture, and two originals, since the third belongs to the next job too.
    assert len(stored(service.data)) == before - 6


def test_what_is_no_picture_leaves_nothing(make_service, tmp_path):
    service = make_service("--max-image-bytes", "200000")
    path = "/v1/classes/cat/semantic-image"
    jpeg = (FIXTURES / "plane.jpg").read_bytes()
    bomb = io.BytesIO()
    Image.new("1", (12000, 12000)).save(bomb, "PNG")
    for content, status, code, words in [
        (b"no picture", 422, "semantic_image_unusable", "image_unsupported: "),
        (jpeg[: len(jpeg) // 2], 422, "semantic_image_unusable", "image_truncated: "),
        (
            bomb.getvalue(),
            422,
            "semantic_image_unusable",
            "image_too_large: The picture is 12000 x 12000",
        ),
        (bytes(200_001), 413, "image_too_large", "200000 bytes"),
        (b"", 400, "job_empty", ""),
    ]:
        (tmp_path / "file").write_bytes(content)
        answer = send(service, path, tmp_path / "file")
        problem(answer, status, code)
        assert words in answer.json["detail"]
    problem(
        send(service, path, FIXTURES / "hats.png", type="text/plain"), 415, "media_type_unsupported"
    )
    problem(
        send(service, path, FIXTURES / "hats.png", type="application/x-tar"),
        415,
        "media_type_unsupported",
    )
    problem(
        send(service, "/v1/classes/a%0Ab/semantic-image", FIXTURES / "hats.png"),
        400,
        "class_invalid",
    )
    problem(
        send(service, f"{path}?mode=class-wise", FIXTURES / "hats.png"), 400, "parameter_unknown"
    )
    assert stored(service.data) == {}
    assert service.get("/v1/classes").json == {"classes": []}
    assert service.stop() == 0


def test_nobody_sees_anothers_classes(make_service, tmp_path):
    service = make_service()
    own = noise(tmp_path / "own.png", 1)
    key = {}
    for name, scopes in {
        "alice": ["submit", "read"], "bob": ["submit", "read"], "reader": ["read"]
    }.items():
        body = json.dumps(
            {
                "name": name,
                "scopes": scopes,
                **({"quotas": {"jobs_per_minute": 1}} if name == "bob" else {}),
            }
        )
        answer = service.get(
            "/v1/keys", "--header", "Content-Type: application/json", "--data-binary", body
        )
        key[name] = answer.json["secret"]
    path = "/v1/classes/cat/semantic-image"
    assert send(service, path, own, key=key["alice"]).status == 201
    for label in ("a", "B", "cat.1"):
        assert (
            service.curl(f"/v1/classes/{label}", "--request", "PUT", key=key["alice"]).status == 201
        )

    assert (
        [item["label"] for item in service.curl("/v1/classes", key=key["alice"]).json["classes"]]
        == ["B", "a", "cat", "cat.1"]
    )
    pages, cursor = [], ""
    while cursor is not None:
        page = (
            service.curl(
                f"/v1/classes?limit=3{cursor and '&cursor=' + cursor}", key=key["alice"]
            ).json
        )
        pages.append([item["label"] for item in page["classes"]])
        cursor = page.get("next_cursor")
    assert pages == [["B", "a", "cat"], ["cat.1"]]
    problem(service.curl("/v1/classes?cursor=cat", key=key["alice"]), 400, "cursor_invalid")

    for name in ("bob", "reader"):
        assert service.curl("/v1/classes", key=key[name]).json == {"classes": []}
        problem(service.curl("/v1/classes/cat", key=key[name]), 404, "class_unknown")
        problem(service.curl(path, key=key[name]), 404, "semantic_image_missing")
    problem(
        service.curl(path, "--request", "DELETE", key=key["bob"]), 404, "semantic_image_missing"
    )
    problem(send(service, path, own, key=key["reader"]), 403, "scope_missing")
    problem(
        service.curl("/v1/classes/cat", "--request", "PUT", key=key["reader"]), 403, "scope_missing"
    )
    problem(service.curl("/v1/classes/cat"), 401, "key_missing")
    # An import counts as a job; a failed one does not.
    (tmp_path / "file").write_bytes(b"no picture")
    problem(send(service, path, tmp_path / "file", key=key["bob"]), 422, "semantic_image_unusable")
    answer = send(service, path, own, key=key["bob"])
    assert answer.status == 201 and answer.fields["ratelimit"].startswith('"jobs";r=0')
    problem(send(service, path, own, key=key["bob"]), 429, "rate_limited")
    assert service.curl(path, "--request", "DELETE", key=key["bob"]).status == 204
    assert service.curl(path, key=key["alice"]).status == 200


def test_photos_go_on_while_the_picture_changes(make_service, tmp_path):
    """Replacing a picture while photos are in progress costs none of them."""
    service = make_service()
    pictures = [noise(tmp_path / f"own-{number}.png", number) for number in range(2)]
    photos = [noise(tmp_path / f"photo-{number:03}.png", 100 + number) for number in range(120)]
    path = "/v1/classes/cat/semantic-image"
    assert send(service, path, pictures[0]).status == 201
    ended = threading.Event()

    def replace():
        number = 0
        while not ended.is_set():
            number += 1
            assert send(service, path, pictures[number % 2]).status == 200

    thread = threading.Thread(target=replace)
    thread.start()
    try:
        reports = protect(service, "class=cat&mode=class-wise", *photos)[1]
    finally:
        ended.set()
        thread.join()
    assert (
        {report["semantic_image_sha256"] for report in reports}
        <= {pixel_hash(picture) for picture in pictures}
    )
    assert service.stop() == 0


def test_a_codec_that_dies_of_a_picture(make_service, tmp_path):
    """A request whose codec is killed while it reads the picture is retried once, and answered."""
    service = make_service("--workers", "1")
    own = noise(tmp_path / "own.png", 1, side=1000)
    (codec,) = service.codecs()
    os.kill(codec, signal.SIGSTOP)
    answers = []
    thread = threading.Thread(
        target=lambda: answers.append(send(service, "/v1/classes/cat/semantic-image", own))
    )
    thread.start()
    service.wait_for(
        lambda: any(name.startswith("tmp") for name in stored(service.data)), "the upload"
    )
    os.kill(codec, signal.SIGKILL)
    thread.join()
    assert answers[0].status == 201, answers
    assert stored(service.data) and not np.array_equal(service.codecs(), [codec])
