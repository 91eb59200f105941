"""The same photo and semantic image give the same bytes, by any command and number of processes."""

import io
import subprocess
import zipfile

import pytest
from service import BINARY, FIXTURES, PATIENCE
from test_classes import classes, noise

PHOTOS = ["parrots.jpg", "plane.jpg", "hats.png"]


def by_command(out, own, mode, jobs):
    photos = [FIXTURES / name for name in PHOTOS]
    command = [
        BINARY, "protect", *photos, "--class", "cat", "--out", out, "--semantic-images", own,
        "--mode", mode, "--jobs", str(jobs),
    ]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True, timeout=PATIENCE)
    return {path.name: path.read_bytes() for path in (out / "cat").glob("*.png")}


def by_service(service, mode):
    form = [word for name in PHOTOS for word in ("--form", f"file=@{FIXTURES / name}")]
    answer = service.get(f"/v1/jobs?class=cat&mode={mode}", *form)
    assert answer.status == 202, answer
    path = f"/v1/jobs/{answer.json['id']}"
    assert service.finished(path)["counts"]["done"] == len(PHOTOS)
    with zipfile.ZipFile(io.BytesIO(service.get(f"{path}/archive.zip").body)) as archive:
        return {
            name.split("/")[-1]: archive.read(name)
            for name in archive.namelist()
            if name.endswith(".png")
        }


@pytest.mark.parametrize("mode", ["class-wise", "sample-wise"])
def test_service_and_command_give_the_same_bytes_with_one_and_two_codecs(
    make_service, tmp_path, mode
):
    own = tmp_path / "own"
    for number in range(3):
        noise(own / f"cat/{number}.png", number)
    service = make_service()
    assert service.stop() == 0
    assert classes("import", own, "--data", service.data).returncode == 0
    results = [by_service(service.start(), mode)]
    results += [by_command(tmp_path / f"out-{jobs}", own, mode, jobs) for jobs in (1, 2)]
    assert sorted(results[0]) == ["hats.png", "parrots.png", "plane.png"]
    assert results[0] == results[1] == results[2]
