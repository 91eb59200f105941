"""Picture formats, their metadata, and already protected pictures, through the service."""

import hashlib
import io
import json
import pathlib
import subprocess
import zipfile

import pytest
from PIL import Image
from service import BINARY, FIXTURES
from test_requests import blobs, jobs, problem

DRAWN = pathlib.Path(__file__).resolve().parents[1] / "ImagingTests/Fixtures"


def protect(service, *files, query="", form=()):
    arguments = ["--form", "class=a", *form]
    for file in files:
        arguments += ["--form", f"file=@{file}"]
    answer = service.get(f"/v1/jobs{query}", *arguments)
    assert answer.status == 202, answer
    return service.finished(f"/v1/jobs/{answer.json['id']}")


def picture(service, job, number=1):
    answer = service.get(f"/v1/jobs/{job['id']}/images/{number}.png")
    assert answer.status == 200 and answer.fields["content-type"] == "image/png", answer
    return answer.body


def test_every_format_becomes_a_png_that_verify_proves(shared_service, tmp_path):
    names = [
        "turned.webp", "turned.heic", "turned.avif", "alpha.heic", "deep.avif", "rgb_16.png",
        "ycck.jpg",
    ]  # fmt: skip
    job = protect(shared_service, *(DRAWN / name for name in names))
    assert (job["state"], job["counts"]["done"]) == ("done", len(names)), job
    archive = zipfile.ZipFile(
        io.BytesIO(shared_service.get(f"/v1/jobs/{job['id']}/archive.zip").body)
    )
    (tmp_path / "manifest.json").write_bytes(archive.read("manifest.json"))
    images = json.loads(archive.read("manifest.json"))["images"]
    for name, image in zip(names, images, strict=True):
        report = image["report"]
        assert report["input_format"] == {"jpg": "jpeg"}.get(name.split(".")[1], name.split(".")[1])
        deep = name in ("deep.avif", "rgb_16.png")
        assert (report["bit_depth"], report["bound"]) == ((16, 8 * 257) if deep else (8, 8))
        (tmp_path / "made.png").write_bytes(archive.read(image["file"]))
        command = [
            BINARY, "verify", DRAWN / name, tmp_path / "made.png",
            "--manifest", tmp_path / "manifest.json",
        ]  # fmt: skip
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        assert result.returncode == 0, (name, result)


def test_what_is_not_read_fails_with_its_own_error(shared_service):
    job = protect(shared_service, DRAWN / "animated.webp", DRAWN / "cmyk_profile.jpg")
    assert job["state"] == "failed"
    codes = [failure["error"]["code"] for failure in job["failures"]]
    assert codes == ["image_animated", "image_cmyk_unsupported"]


@pytest.mark.parametrize("type", ["image/webp", "image/heic", "image/avif"])
def test_a_raw_picture_of_any_type_is_taken(shared_service, type):
    file = DRAWN / f"turned.{type.split('/')[1]}"
    arguments = [
        "--header", f"Content-Type: {type}", "--header", "Prefer: wait=60",
        "--data-binary", f"@{file}",
    ]  # fmt: skip
    answer = shared_service.get("/v1/jobs?class=a", *arguments)
    assert (answer.status, answer.json["state"]) == (200, "done"), answer


# ---- Metadata ----


@pytest.fixture
def photo(tmp_path):
    exif = Image.Exif()
    exif[0x013B], exif[0x8298], exif[0x010F], exif[0x0112] = "Zoë", "(c) Zoë", "Camera works", 6
    path = tmp_path / "photo.jpg"
    Image.open(DRAWN / "lossless.webp").save(path, exif=exif)
    return path


@pytest.mark.parametrize(
    ("policy", "tags"),
    [
        (None, set()),
        ("strip", set()),
        ("copyright", {0x013B, 0x8298}),
        ("all", {0x013B, 0x8298, 0x010F, 0x0112}),
    ],
)
def test_metadata_is_kept_as_asked(shared_service, photo, policy, tags):
    for query, form in ((f"?metadata={policy}", ()), ("", ("--form", f"metadata={policy}"))):
        job = protect(
            shared_service, photo, query=query if policy else "", form=form if policy else ()
        )
        assert job["settings"]["metadata"] == (policy or "strip")
        with Image.open(io.BytesIO(picture(shared_service, job))) as made:
            exif = made.getexif()
            assert set(exif) == tags and made.size == (23, 41)
            assert exif.get(0x0112, 1) == 1
        report = shared_service.get(f"/v1/jobs/{job['id']}/images/1/report").json
        assert report["metadata"] == (policy or "strip")


def test_a_policy_that_does_not_exist_is_refused(shared_service, photo):
    answer = shared_service.get(
        "/v1/jobs?class=a&metadata=some",
        "--header",
        "Content-Type: image/jpeg",
        "--data-binary",
        f"@{photo}",
    )
    problem(answer, 400, "metadata_invalid")


# ---- Colours ----


def test_a_profile_that_is_left_out_is_told_in_report_and_manifest(shared_service, tmp_path):
    """Gray with a colour profile, as some scanners write it; and beside it one that matches."""
    profile = (DRAWN / "srgb.icc").read_bytes()
    for name, mode in (("gray", "L"), ("colour", "RGB")):
        Image.open(DRAWN / "lossless.webp").convert(mode).save(
            tmp_path / f"{name}.jpg", icc_profile=profile
        )
    job = protect(shared_service, tmp_path / "gray.jpg", tmp_path / "colour.jpg")
    assert (job["state"], job["counts"]["done"]) == ("done", 2), job
    expected = [[{"part": "icc_profile", "reason": "wrong_color_space"}], []]
    for number, left_out in enumerate(expected, 1):
        assert (
            shared_service.get(f"/v1/jobs/{job['id']}/images/{number}/report").json["left_out"]
            == left_out
        )
        with Image.open(io.BytesIO(picture(shared_service, job, number))) as made:
            assert made.info.get("icc_profile") == (None if left_out else profile)
    archive = zipfile.ZipFile(
        io.BytesIO(shared_service.get(f"/v1/jobs/{job['id']}/archive.zip").body)
    )
    images = json.loads(archive.read("manifest.json"))["images"]
    assert [image["report"]["left_out"] for image in images] == expected


# ---- Protected already ----


def test_a_picture_that_was_protected_here_is_refused_unless_forced(make_service, tmp_path):
    service = make_service()
    first = protect(service, FIXTURES / "parrots.jpg")
    made = tmp_path / "made.png"
    made.write_bytes(picture(service, first))
    before = blobs(service)
    assert protect(service, made)["state"] == "failed"
    # Only the refusal's row is left.
    assert blobs(service) == before and len(jobs(service)) == 2

    job = protect(service, made, FIXTURES / "plane.jpg")
    assert (job["state"], job["counts"]["done"], job["counts"]["failed"]) == ("done", 1, 1)
    assert (
        [(each["number"], each["error"]["code"]) for each in job["failures"]]
        == [(1, "image_already_protected")]
    )
    assert "force=true" in job["failures"][0]["error"]["detail"]

    forced = protect(service, made, query="?force=true")
    assert forced["state"] == "done"
    again = picture(service, forced)
    assert hashlib.sha256(again).digest() != hashlib.sha256(made.read_bytes()).digest()
    # That result is recognised as well.
    made.write_bytes(again)
    assert protect(service, made)["state"] == "failed"

    # A changed file is a different picture.
    Image.open(made).transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(made)
    assert protect(service, made)["state"] == "done"

    # Once the job that made a picture is erased, the picture is no longer recognised.
    made.write_bytes(picture(service, first))
    assert service.get(f"/v1/jobs/{first['id']}", "--request", "DELETE").status == 204
    assert protect(service, made)["state"] == "done"


def test_force_is_a_truth_value(shared_service):
    answer = shared_service.get(
        "/v1/jobs?class=a&force=maybe", "--header", "Content-Type: image/jpeg", "--data-binary", "x"
    )
    problem(answer, 400, "force_invalid")
