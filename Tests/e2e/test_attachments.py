"""Previews and recovery files: requested on upload, in the archive and one by one.

Only the owner can open a recovery file.
"""

import hashlib
import html.parser
import io
import json
import subprocess
import urllib.parse

import numpy as np
import pytest
from archives import members
from PIL import Image
from service import BINARY, FIXTURES

PARROTS, HATS = FIXTURES / "parrots.jpg", FIXTURES / "hats.png"
PASSPHRASE = "correct horse battery"


def upload(service, *arguments, query="", files=(PARROTS, HATS)):
    forms = [argument for file in files for argument in ("--form", f"file=@{file}")]
    answer = service.get(f"/v1/jobs?class=birds&{query}", *forms, *arguments)
    assert answer.status == 202, answer
    path = f"/v1/jobs/{answer.json['id']}"
    job = service.finished(path)
    assert job["state"] == "done"
    return path, job


def recover(*arguments):
    return subprocess.run([BINARY, "recover", *arguments], capture_output=True, text=True)


@pytest.fixture(scope="module")
def recoverable(shared_service):
    return upload(shared_service, "--header", f"Palimpsest-Recovery-Passphrase: {PASSPHRASE}")


def test_the_owner_gets_the_photo_back_to_the_last_bit(shared_service, recoverable, tmp_path):
    path, job = recoverable
    assert job["recovery"] is True and job["preview"] is False
    files = members(shared_service.get(f"{path}/archive.zip").body)
    secret = tmp_path / "passphrase"
    secret.write_text(PASSPHRASE + "\n")
    for number, original in enumerate([PARROTS, HATS], 1):
        name = f"birds/{original.stem}"
        sealed = shared_service.get(f"{path}/images/{number}/recovery").body
        assert files[f"{name}.recovery"] == sealed
        (tmp_path / "protected.png").write_bytes(files[f"{name}.png"])
        (tmp_path / "file.recovery").write_bytes(sealed)
        output = tmp_path / f"{number}.png"
        result = recover(
            tmp_path / "protected.png",
            tmp_path / "file.recovery",
            "-o",
            output,
            "--passphrase-file",
            secret,
        )
        assert result.returncode == 0, result.stderr
        assert (np.asarray(Image.open(output)) == np.asarray(Image.open(original))).all()
        # Nothing is overwritten.
        again = recover(
            tmp_path / "protected.png",
            tmp_path / "file.recovery",
            "-o",
            output,
            "--passphrase-file",
            secret,
        )
        assert again.returncode == 1 and "File exists" in again.stderr


def test_the_passphrase_can_be_piped_to_curl(shared_service, tmp_path):
    """As in the README, so that no process list shows it."""
    field = tmp_path / "field"
    field.write_text(f"Palimpsest-Recovery-Passphrase: {PASSPHRASE}\n")
    with open(field) as pipe:
        sent = subprocess.run(["curl", "-s", "-u", f"{shared_service.key}:", "-H", "@-", "-F",
                              "class=c", "-F", f"file=@{HATS}", shared_service.url("/v1/jobs")],
                              stdin=pipe, capture_output=True, check=True)  # fmt: skip
    assert json.loads(sent.stdout)["recovery"] is True, sent


def test_nobody_else_does(shared_service, recoverable, tmp_path):
    path, _ = recoverable
    protected, sealed, secret, output = (
        tmp_path / name for name in ("p.png", "f.recovery", "s", "out.png")
    )
    protected.write_bytes(shared_service.get(f"{path}/images/1.png").body)
    sealed.write_bytes(shared_service.get(f"{path}/images/1/recovery").body)
    secret.write_text("another passphrase")
    result = recover(protected, sealed, "-o", output, "--passphrase-file", secret)
    assert result.returncode == 1 and "passphrase is wrong" in result.stderr
    secret.write_text("0" * 64)
    result = recover(protected, sealed, "-o", output, "--key-file", secret)
    assert result.returncode == 1 and "--passphrase-file" in result.stderr
    protected.write_bytes(shared_service.get(f"{path}/images/2.png").body)
    secret.write_text(PASSPHRASE)
    result = recover(protected, sealed, "-o", output, "--passphrase-file", secret)
    assert result.returncode == 1 and "not the picture" in result.stderr
    assert not output.exists()
    # The passphrase is not on the server's disk, and what was added to the photo is there only in
    # sealed form: the content of a recovery file would be a hash and a PNG.
    stored = [file.read_bytes() for file in shared_service.data.rglob("*") if file.is_file()]
    assert not any(PASSPHRASE.encode() in content for content in stored)
    assert PASSPHRASE not in shared_service.log()
    assert sealed.read_bytes() in stored
    signature = b"\x89PNG\r\n\x1a\n"
    assert not any(signature in content[1:] for content in stored)


def test_a_key_instead_of_a_passphrase(shared_service, tmp_path):
    key = hashlib.sha256(b"any").hexdigest()
    path, _ = upload(shared_service, "--header", f"Palimpsest-Recovery-Key: {key}", files=[HATS])
    (tmp_path / "p.png").write_bytes(shared_service.get(f"{path}/images/1.png").body)
    (tmp_path / "r").write_bytes(shared_service.get(f"{path}/images/1/recovery").body)
    (tmp_path / "key").write_text(key)
    result = recover(
        tmp_path / "p.png", tmp_path / "r", "-o", tmp_path / "o.png", "--key-file", tmp_path / "key"
    )
    assert result.returncode == 0, result.stderr
    assert (np.asarray(Image.open(tmp_path / "o.png")) == np.asarray(Image.open(HATS))).all()


def test_a_secret_that_is_sent_twice_is_refused(shared_service):
    for field in (
        "Palimpsest-Recovery-Passphrase: long enough", "Palimpsest-Recovery-Key: " + "0" * 64
    ):
        answer = shared_service.get(
            "/v1/jobs?class=a", "--header", field, "--header", field, "--data-binary", f"@{PARROTS}"
        )
        assert (answer.status, answer.json["code"]) == (400, "recovery_invalid")
        assert "once" in answer.json["detail"]


@pytest.mark.parametrize(
    "fields",
    [
        ["Palimpsest-Recovery-Passphrase: short"],
        ["Palimpsest-Recovery-Passphrase: pässwörter"],
        ["Palimpsest-Recovery-Key: 12"],
        ["Palimpsest-Recovery-Key: " + "0" * 64, "Palimpsest-Recovery-Passphrase: long enough"],
    ],
)
def test_a_bad_secret_is_refused(shared_service, fields):
    headers = [argument for field in fields for argument in ("--header", field)]
    answer = shared_service.get("/v1/jobs?class=a", *headers, "--data-binary", f"@{PARROTS}")
    assert (
        (answer.status, answer.json["code"])
        == ((400, "recovery_invalid") if len(fields) == 1 else (422, "recovery_ambiguous"))
    )


class Page(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.sources, self.links = [], []

    def handle_starttag(self, tag, attributes):
        if tag == "img":
            self.sources.append(urllib.parse.unquote(dict(attributes)["src"]).removeprefix("./"))
        if tag == "a":
            self.links.append(urllib.parse.unquote(dict(attributes)["href"]).removeprefix("./"))


def test_previews(shared_service, tmp_path):
    odd = tmp_path / "a & <b> #1.jpg"
    odd.write_bytes(PARROTS.read_bytes())
    path, job = upload(shared_service, query="preview=true", files=[odd, HATS])
    assert job["preview"] is True and job["recovery"] is False
    files = members(shared_service.get(f"{path}/archive.zip").body)
    page = Page()
    page.feed(files["index.html"].decode())
    assert len(page.sources) == 4 and set(page.sources) | set(page.links) <= set(files)
    for number, original in enumerate([odd, HATS], 1):
        png = page.links[number - 1]
        for kind, expected in (("before", original.read_bytes()), ("after", files[png])):
            jpeg = files[png.removesuffix(".png") + f".{kind}.jpg"]
            assert shared_service.get(f"{path}/images/{number}/{kind}.jpg").body == jpeg
            preview, whole = Image.open(io.BytesIO(jpeg)), Image.open(io.BytesIO(expected))
            assert preview.format == "JPEG" and preview.size == whole.size
            difference = np.abs(
                np.asarray(preview, np.int16) - np.asarray(whole.convert("RGB"), np.int16)
            )
            assert difference.mean() < 6
    assert (
        f"{hashlib.sha256(files['index.html']).hexdigest()}  index.html"
        in files["SHA256SUMS"].decode()
    )


def test_an_archive_without_previews_holds_no_photo_as_it_was(shared_service):
    path, _ = upload(shared_service, query="preview=true", files=[HATS])
    whole = members(shared_service.get(f"{path}/archive.zip").body)
    less = members(shared_service.get(f"{path}/archive.zip?previews=false").body)
    assert set(whole) - set(less) == {
        "birds/hats.before.jpg", "birds/hats.after.jpg", "index.html",
    }  # fmt: skip
    sums = dict(
        reversed(line.split("  ", 1)) for line in less.pop("SHA256SUMS").decode().splitlines()
    )
    assert sums == {name: hashlib.sha256(data).hexdigest() for name, data in less.items()}


def test_what_was_not_asked_for_is_not_there(shared_service):
    path, _ = upload(shared_service, files=[HATS])
    for name in ("recovery", "before.jpg", "after.jpg"):
        answer = shared_service.get(f"{path}/images/1/{name}")
        assert (answer.status, answer.json["code"]) == (404, "attachment_missing")
    assert "index.html" not in members(shared_service.get(f"{path}/archive.zip").body)


def test_erased_with_the_job(make_service):
    service = make_service()
    path, _ = upload(
        service, "--header", f"Palimpsest-Recovery-Passphrase: {PASSPHRASE}", query="preview=true"
    )
    blobs = lambda: [file for file in (service.data / "blobs").rglob("*") if file.is_file()]
    assert len(blobs()) == 2 * 5
    assert service.curl(path, "-X", "DELETE", key=service.key).status == 204
    assert blobs() == []
