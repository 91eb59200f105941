"""Jobs whose pictures are for publishing: names, types and figures, and what is refused."""

import hashlib
import io
import json
import subprocess

import numpy as np
import pytest
from archives import members
from PIL import Image
from service import BINARY, FIXTURES

PARROTS, HATS = FIXTURES / "parrots.jpg", FIXTURES / "hats.png"


def submitted(service, query, *arguments, files=(PARROTS, HATS)):
    forms = [argument for file in files for argument in ("--form", f"file=@{file}")]
    answer = service.get(f"/v1/jobs?class=birds&{query}", *forms, *arguments)
    assert answer.status == 202, answer
    path = f"/v1/jobs/{answer.json['id']}"
    job = service.finished(path)
    assert job["state"] == "done", job
    return path, job


@pytest.mark.parametrize(
    ("format", "extension", "settings"),
    [
        ("jpeg", "jpg", {"quality": 90, "chroma": "4:2:0", "max_side": 96}),
        ("webp", "webp", {"quality": 90, "chroma": "4:2:0", "max_side": 96}),
        ("png", "png", {"max_side": 96}),
    ],
)
def test_what_is_asked_for_is_published(
    shared_service, tmp_path, format, extension, settings
):
    service = shared_service
    query = f"format={format}&max_side=96"
    if format != "png":
        query += "&quality=90&chroma=4:2:0&preview=true"
    path, job = submitted(service, query)
    wanted = settings if format == "png" else {"format": format, **settings}
    assert {key: job["settings"][key] for key in wanted} == wanted
    assert format != "png" or "format" not in job["settings"]
    archive = service.get(f"{path}/archive.zip").body
    files = members(archive)
    sums = dict(line.split("  ")[::-1] for line in files["SHA256SUMS"].decode().splitlines())
    manifest = json.loads(files["manifest.json"])
    for number, fixture in enumerate((PARROTS, HATS), 1):
        name = f"birds/{fixture.stem}.{extension}"
        data = files[name]
        assert hashlib.sha256(data).hexdigest() == sums[name]
        answer = service.get(f"{path}/images/{number}.{extension}")
        assert answer.body == data and answer.fields["content-type"] == f"image/{format}"
        assert answer.fields["content-disposition"].endswith(f'"{fixture.stem}.{extension}"')
        image = Image.open(io.BytesIO(data))
        assert image.format == format.upper() and max(image.size) == 96
        report = service.get(f"{path}/images/{number}/report").json
        assert report == manifest["images"][number - 1]["report"]
        assert manifest["images"][number - 1]["file"] == name
        assert (report["format"], report["max_side"]) == (format, 96)
        scaled = Image.open(fixture).convert("RGB").resize(image.size, Image.BICUBIC)
        change = np.abs(
            np.asarray(image.convert("RGB"), np.int16) - np.asarray(scaled, np.int16)
        ).max()
        # Pillow's own rounding makes one level.
        assert abs(int(change) - report["linf"]) <= 1
        assert report["bound"] == (8 if format == "png" else None)
        assert ("png" in report) == (format != "png")
        for other in {"png", "jpg", "webp"} - {extension}:
            refused = service.get(f"{path}/images/{number}.{other}")
            assert (refused.status, refused.json["code"]) == (404, "image_format_other"), refused
            assert f"images/{number}.{extension}" in refused.json["detail"]
    if format != "png":
        page = files["index.html"].decode()
        assert f'href="./birds/parrots.{extension}"' in page and "holds for PNG only" in page
    # Anybody who has the photo checks what was published.
    (tmp_path / "p").write_bytes(files[f"birds/parrots.{extension}"])
    for name in ("manifest.json", "manifest.json.sig"):
        (tmp_path / name).write_bytes(files[name])
    (tmp_path / "key").write_bytes(service.curl("/v1/signing-key").body)
    result = subprocess.run(
        [BINARY, "verify", PARROTS, tmp_path / "p", "--manifest", tmp_path / "manifest.json",
         "--key", tmp_path / "key"], capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert result.returncode == 0 and "by that key" in result.stdout, result
    assert ("measured, without a bound" in result.stdout) == (format != "png")


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("format=jpg", "format_invalid"), ("format=", "format_invalid"),
        ("quality=90", "quality_invalid"), ("format=png&quality=90", "quality_invalid"),
        ("format=jpeg&quality=0", "quality_invalid"), ("format=jpeg&quality=9x", "quality_invalid"),
        ("format=jpeg&quality=101", "quality_invalid"), ("chroma=4:4:4", "chroma_invalid"),
        ("format=jpeg&chroma=4:2:2", "chroma_invalid"),
        ("format=webp&chroma=4:4:4", "chroma_invalid"), ("max_side=63", "max_side_invalid"),
        ("max_side=16384", "max_side_invalid"), ("max_side=big", "max_side_invalid"),
    ],
)  # fmt: skip
def test_a_bad_value_is_refused_by_its_name(shared_service, query, code):
    answer = shared_service.get(f"/v1/jobs?class=a&{query}", "--data-binary", f"@{PARROTS}")
    assert (answer.status, answer.json["code"]) == (400, code), answer
    assert answer.fields["content-type"] == "application/problem+json"


def test_a_form_may_name_the_format_of_the_querys_quality(shared_service):
    path, job = submitted(shared_service, "quality=70", "--form", "format=jpeg", files=[HATS])
    assert (job["settings"]["format"], job["settings"]["quality"]) == ("jpeg", 70)
    answer = shared_service.get(
        "/v1/jobs?class=a&quality=70", "--form", f"file=@{HATS}", "--form", "mask=none"
    )
    assert (answer.status, answer.json["code"]) == (400, "quality_invalid")


@pytest.mark.parametrize(
    ("query", "code"),
    [("format=jpeg", "recovery_needs_png"), ("format=webp", "recovery_needs_png"),
     ("max_side=100", "recovery_needs_full_size")],
)  # fmt: skip
def test_the_way_back_needs_the_whole_png(shared_service, query, code):
    secret = ("--header", "Palimpsest-Recovery-Passphrase: correct horse battery")
    before = len(shared_service.get("/v1/jobs?limit=500").json["jobs"])
    for arguments in (
        (f"/v1/jobs?class=a&{query}", *secret, "--data-binary", f"@{PARROTS}"),
        ("/v1/jobs?class=a", *secret, "--form", query, "--form", f"file=@{PARROTS}"),
    ):
        answer = shared_service.get(*arguments)
        assert (answer.status, answer.json["code"]) == (400, code), answer
    assert len(shared_service.get("/v1/jobs?limit=500").json["jobs"]) == before


def test_a_repeated_request_is_the_same_job_and_another_format_is_another_request(shared_service):
    def post(query):
        return shared_service.get(
            f"/v1/jobs?class=a&{query}", "--header", "Idempotency-Key: publishing",
            "--data-binary", f"@{HATS}",
        )  # fmt: skip

    first = post("format=jpeg")
    # The default is part of the request, whether it is named or not.
    again = post("format=jpeg&quality=92&chroma=4:4:4")
    assert (first.status, again.status, again.json["id"]) == (202, 202, first.json["id"])
    assert again.fields["idempotent-replayed"] == "true"
    for query in ("", "format=jpeg&quality=91", "format=webp", "format=jpeg&max_side=99"):
        assert post(query).json["code"] == "idempotency_key_reused", query


def test_what_is_published_is_known_when_it_is_sent_again(shared_service, tmp_path):
    path, _ = submitted(shared_service, "format=jpeg", files=[HATS])
    (tmp_path / "p.jpg").write_bytes(shared_service.get(f"{path}/images/1.jpg").body)
    answer = shared_service.get("/v1/jobs?class=a", "--data-binary", f"@{tmp_path / 'p.jpg'}")
    job = shared_service.finished(f"/v1/jobs/{answer.json['id']}")
    assert job["state"] == "failed"
    assert job["failures"][0]["error"]["code"] == "image_already_protected"


def test_submit_sends_and_writes_the_format(shared_service, tmp_path):
    out = tmp_path / "out"
    result = subprocess.run(
        [BINARY, "submit", HATS, "--class", "c", "--server", shared_service.url(""), "--out", out,
         "--format", "webp", "--quality", "70", "--max-side", "80"],
        env={"PATH": "/usr/bin:/bin", "PALIMPSEST_KEY": shared_service.key}, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result
    assert [str(path.relative_to(out)) for path in out.rglob("*.*")] == ["c/hats.webp"]
    assert max(Image.open(out / "c/hats.webp").size) == 80
    report = json.loads((tmp_path / "out-reports/c/hats.json").read_text())
    assert (report["format"], report["quality"], report["max_side"]) == ("webp", 70, 80)
    assert list((tmp_path / "out-reports/palimpsest-manifests").glob("*.json"))
