"""Class names in any script: upload, database, archive, third-party unpackers, command line."""

import hashlib
import html.parser
import http.client
import io
import json
import pathlib
import subprocess
import tarfile
import unicodedata
import urllib.parse
import zipfile

import numpy as np
import pytest
from PIL import Image
from service import BINARY, PATIENCE
from test_archives_in import TAR, ZIP, send
from test_classes import classes, listed
from test_submit import submit

COMPOSED, DECOMPOSED = "M\u00fcller", "Mu\u0308ller"
# Labels with their folders, by hand.
FOLDERS = {
    "Vacaciones 2024": "Vacaciones 2024",
    COMPOSED: COMPOSED,
    "日本": "日本",
    "Was ist das? <1>": "Was ist das%3F %3C1%3E",
    "a & \"b\"": "a & %22b%22",
    "100 %41": "100 %2541",
    "Straße": "Straße",
    "STRASSE": "STRASSE",
    "❤️": "❤️",
    # Earlier versions allowed these classes, whose folders Windows could not create.
    "con": "%63on",
    "a.": "a%2E",
    "manifest.json": "%6Danifest.json",
}  # fmt: skip


def photo(seed):
    file = io.BytesIO()
    Image.fromarray(np.random.default_rng(seed).integers(0, 256, (32, 32, 3), np.uint8)).save(
        file, "PNG"
    )
    return file.getvalue()


def finished(service, answer):
    assert answer.status == 202, answer
    job = service.finished(f"/v1/jobs/{answer.json['id']}")
    assert job["state"] == "done" and job["counts"]["failed"] == 0, job
    return job


def images(service, job):
    return service.get(f"/v1/jobs/{job['id']}/images").json["images"]


class Page(html.parser.HTMLParser):
    """The links, pictures and captions of a page."""

    def __init__(self, text):
        super().__init__()
        self.links, self.pictures, self.captions, self.tags = [], [], [], set()
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        for name, value in attributes:
            if name == "href":
                self.links.append(urllib.parse.unquote(value.removeprefix("./")))
                self.captions.append("")
            if name == "src":
                self.pictures.append(urllib.parse.unquote(value.removeprefix("./")))

    def handle_data(self, data):
        if self.lasttag == "a" and self.captions and not self.captions[-1]:
            self.captions[-1] = data


def test_labels_come_out_of_an_archive_as_they_went_in(make_service, tmp_path):
    service = make_service()
    photos = {label: photo(seed) for seed, label in enumerate(FOLDERS)}
    form = ["--form-string", "preview=true"]
    for number, (label, content) in enumerate(photos.items()):
        (tmp_path / f"{number}.png").write_bytes(content)
        # Umlauts as macOS sends them.
        form += ["--form-string", f"class={unicodedata.normalize('NFD', label)}"]
        form += ["--form", f"file=@{tmp_path / f'{number}.png'};filename=\"e\u0301te\u0301.png\""]
    job = finished(service, service.get("/v1/jobs", *form))
    assert [image["class"] for image in images(service, job)] == list(FOLDERS)

    archive = tmp_path / "archive.zip"
    archive.write_bytes(service.get(f"/v1/jobs/{job['id']}/archive.zip").body)
    with zipfile.ZipFile(archive) as opened:
        assert opened.testzip() is None and all(
            info.flag_bits & 1 << 11 for info in opened.infolist()
        )
        names = opened.namelist()
    # No two files collide, even where a file system ignores case.
    assert len({unicodedata.normalize("NFD", name).casefold() for name in names}) == len(names)
    assert not any(
        pathlib.PureWindowsPath(name).is_reserved() or set(name) & set('<>:"|?*\\')
        for name in names
    )

    unpacked = tmp_path / "unpacked"
    unzip = subprocess.run(
        ["unzip", "-q", archive, "-d", unpacked],
        env={"LC_ALL": "C.UTF-8"},
        capture_output=True,
        check=False,
    )
    assert (unzip.returncode, unzip.stdout, unzip.stderr) == (0, b"", b"")
    assert {path.name for path in unpacked.iterdir() if path.is_dir()} == set(FOLDERS.values())
    assert (
        sorted(str(path.relative_to(unpacked)) for path in unpacked.rglob("*") if path.is_file())
        == sorted(names)
    )
    subprocess.run(
        ["sha256sum", "--check", "--quiet", "--strict", "SHA256SUMS"], cwd=unpacked, check=True
    )

    manifest = json.loads((unpacked / "manifest.json").read_text())
    assert [image["class"] for image in manifest["images"]] == list(FOLDERS)
    (tmp_path / "key.pem").write_bytes(service.get("/v1/signing-key").body)
    for number, image in enumerate(manifest["images"]):
        assert image["file"] == f"{FOLDERS[image['class']]}/{image['name']}.png"
        assert image["report"]["class"] == image["class"]
        protected = unpacked / image["file"]
        assert (
            image["report"]["output_sha256"] == hashlib.sha256(protected.read_bytes()).hexdigest()
        )
        verify = subprocess.run(
            [BINARY, "verify", tmp_path / f"{number}.png", protected, "--manifest",
            unpacked / "manifest.json", "--key", tmp_path / "key.pem"],
            capture_output=True, text=True, timeout=PATIENCE, check=False,
        )  # fmt: skip
        assert verify.returncode == 0, verify.stdout + verify.stderr
    assert (
        {
            image["name"]
            for image in manifest["images"]
            if image["class"] not in ("STRASSE", "Straße")
        }
        == {"\u00e9t\u00e9"}
    )
    assert (
        sorted(image["name"] for image in manifest["images"] if "tra" in image["class"].lower())
        == ["\u00e9t\u00e9", "\u00e9t\u00e9-2"]
    )

    page = Page((unpacked / "index.html").read_text())
    assert page.links == [image["file"] for image in manifest["images"]]
    assert page.captions == [
        f"{image['class']}/{image['name']}.png" for image in manifest["images"]
    ]
    assert len(page.pictures) == 2 * len(FOLDERS) and all(
        (unpacked / name).is_file() for name in page.links + page.pictures
    )
    assert page.tags <= {
        "html", "head", "meta", "title", "style", "body", "h1", "p", "figure", "figcaption", "a",
        "img",
    }  # fmt: skip

    # Each class has the URL that its link gives; the log holds none of them.
    shown = service.get("/v1/classes?limit=100").json["classes"]
    assert {document["label"] for document in shown} == set(FOLDERS)
    for document in shown:
        assert document["links"]["self"] == "/v1/classes/" + urllib.parse.quote(
            document["label"], safe=""
        )
        assert service.get(document["links"]["self"]).json == document
    assert service.get("/v1/classes/" + urllib.parse.quote(DECOMPOSED)).json["label"] == COMPOSED
    assert sorted(line[0] for line in listed_of(service)) == sorted(FOLDERS)
    for label in ("Vacaciones", COMPOSED, "M%C3%BCller", "日本", "Was ist"):
        assert label not in service.log()


def listed_of(service):
    assert service.stop() == 0
    lines = listed(service.data)
    service.start()
    return lines


class MacOSInfo(zipfile.ZipInfo):
    """A name as the Finder writes it: decomposed UTF-8, without a flag that says so."""

    def _encodeFilenameFlags(self):  # noqa: N802
        return unicodedata.normalize("NFD", self.filename).encode(), self.flag_bits & ~(1 << 11)


class WindowsInfo(zipfile.ZipInfo):
    """A name as Windows Explorer writes it: in the console's code page."""

    def _encodeFilenameFlags(self):  # noqa: N802
        return self.filename.encode("cp437"), self.flag_bits & ~(1 << 11)


def macos_tar(*entries):
    """As macOS's bsdtar writes: pax headers, decomposed names, extended attributes, ._ files."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, content in entries:
            folder, _, file = unicodedata.normalize("NFD", name).rpartition("/")
            for place, data in (
                (f"{folder}/._{file}", b"\0\5\x16\7" + bytes(100)), (f"{folder}/{file}", content)
            ):
                info = tarfile.TarInfo(place)
                info.size, info.mtime = len(data), 1700000000.25
                info.pax_headers = {
                    "LIBARCHIVE.xattr.com.apple.lastuseddate#PS": "AAAA",
                    "SCHILY.xattr.com.apple.metadata:x": "b\u0308",
                }
                archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def zipped(kind, *entries):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries:
            archive.writestr(kind(name), content)
            if kind is MacOSInfo:
                archive.writestr(
                    kind("__MACOSX/" + name.replace("/", "/._")), b"\0\5\x16\7" + bytes(100)
                )
    return buffer.getvalue()


def test_albums_from_macos_windows_and_linux_are_one_class(make_service):
    service = make_service()
    names = [f"{COMPOSED}/\u00e9t\u00e9 1.png", f"{COMPOSED}/2.png", "Vacaciones 2024/3.png"]
    bodies = [
        (macos_tar, TAR), (lambda *entries: zipped(MacOSInfo, *entries), ZIP),
        (lambda *entries: zipped(WindowsInfo, *entries), ZIP),
        (lambda *entries: zipped(zipfile.ZipInfo, *entries), ZIP),
    ]  # fmt: skip
    for number, (make, type) in enumerate(bodies):
        body = make(*((name, photo(10 * number + index)) for index, name in enumerate(names)))
        job = finished(service, send(service, body, type))
        assert [(image["class"], image["file"]) for image in images(service, job)] == [
            (COMPOSED, f"{COMPOSED}/\u00e9t\u00e9 1.png"), (COMPOSED, f"{COMPOSED}/2.png"),
            ("Vacaciones 2024", "Vacaciones 2024/3.png"),
        ]  # fmt: skip
        # The output can be uploaded again, into the same classes.
        with zipfile.ZipFile(
            io.BytesIO(service.get(f"/v1/jobs/{job['id']}/archive.zip").body)
        ) as results:
            again = [
                (name, results.read(name)) for name in results.namelist() if name.endswith(".png")
            ]
        assert [name for name, _ in again] == names
        job = finished(service, send(service, zipped(zipfile.ZipInfo, *again), ZIP, "?force=true"))
        assert [image["file"] for image in images(service, job)] == names
    assert (
        [document["label"] for document in service.get("/v1/classes").json["classes"]]
        == [COMPOSED, "Vacaciones 2024"]
    )
    assert service.stop() == 0


def test_what_is_no_text_makes_no_class(make_service):
    """In a code other than UTF-8, two folders would become one class of question marks."""
    service = make_service()
    body = bytearray(macos_tar(("Muller/1.png", photo(1))).replace(b"Muller", b"M\xfcller"))
    for start in range(0, len(body), 512):
        if body[start + 257 : start + 262] == b"ustar":
            body[start + 148 : start + 156] = b" " * 8
            body[start + 148 : start + 156] = b"%06o\0 " % sum(body[start : start + 512])
    answer = send(service, bytes(body), TAR)
    assert (
        (answer.status, answer.json["code"]) == (400, "class_invalid")
        and "UTF-8" in answer.json["detail"]
    )
    assert service.get("/v1/classes").json == {"classes": []}
    assert service.stop() == 0


def test_either_spelling_is_the_same_request(make_service):
    service = make_service()
    (service.data.parent / "photo.png").write_bytes(photo(1))
    first, second = (
        service.get(
            "/v1/jobs", "--header", "Idempotency-Key: one", "--form-string", f"class={label}",
            "--form", f"file=@{service.data.parent / 'photo.png'};filename=\"{label}.png\"",
        )
        for label in (DECOMPOSED, COMPOSED)
    )  # fmt: skip
    assert (first.status, second.status) == (202, 202)
    assert first.json["id"] == second.json["id"] and second.fields["idempotent-replayed"] == "true"
    service.finished(f"/v1/jobs/{first.json['id']}")
    query = service.get(
        f"/v1/jobs?class={urllib.parse.quote(DECOMPOSED)}&name=a&force=true", "--header",
        "Content-Type: image/png",
        "--data-binary", f"@{service.data.parent / 'photo.png'}",
    )  # fmt: skip
    assert (
        [image["file"] for image in images(service, finished(service, query))]
        == [f"{COMPOSED}/a.png"]
    )
    assert service.stop() == 0


def test_submit_and_import_take_albums_of_any_script(make_service, tmp_path):
    service = make_service()
    albums = {
        DECOMPOSED: COMPOSED,
        "Vacaciones 2024": "Vacaciones 2024",
        "日本": "日本",
        "Was?": "Was%3F",
        "con": "%63on",
    }
    for seed, name in enumerate(albums):
        for place in ("photos", "own"):
            path = tmp_path / place / name / "e\u0301.png"
            path.parent.mkdir(parents=True)
            path.write_bytes(photo(seed + (100 if place == "own" else 0)))
    assert service.stop() == 0
    result = classes("import", tmp_path / "own", "--data", service.data)
    assert result.returncode == 0, result.stderr
    assert sorted(result.stdout.splitlines()) == sorted(
        f"{unicodedata.normalize('NFC', name)}: 1 semantic image imported" for name in albums
    )
    assert sorted(line[0] for line in listed(service.data)) == sorted(
        unicodedata.normalize("NFC", name) for name in albums
    )
    service.start()

    out = tmp_path / "out"
    result = submit(service, tmp_path / "photos", "--out", out, "--mode", "class-wise")
    assert result.returncode == 0, result.stderr
    for seed, (name, folder) in enumerate(albums.items()):
        report = json.loads((tmp_path / "out-reports" / folder / "\u00e9.json").read_text())
        assert report["class"] == unicodedata.normalize("NFC", name)
        assert (
            report["output_sha256"]
            == hashlib.sha256((out / folder / "\u00e9.png").read_bytes()).hexdigest()
        )
        own = Image.open(io.BytesIO(photo(seed + 100))).convert("RGB")
        assert report["semantic_image_sha256"] == hashlib.sha256(own.tobytes()).hexdigest()
    assert {path.name for path in out.iterdir()} == set(albums.values())
    label = service.get("/v1/classes/Was%3F/semantic-image")
    assert (
        label.status == 200
        and "filename*=UTF-8''Was%253F.png" in label.fields["content-disposition"]
    )
    assert service.stop() == 0


# ---- Names of files ----


def test_a_nul_in_one_name_does_not_refuse_the_others(make_service):
    service = make_service()
    files = [("one.png", 'filename="one.png"'), ("two.png", 'filename="t\0wo.png"'),
             ("three.png", "filename*=UTF-8''thr%00ee.png"),
             ("Icon.png", 'filename="Icon\r"'), ("_NUL.png", 'filename="NUL.png"'),
             ("_com¹.png", 'filename="com¹.jpg"'),
             ("\u00e9.png", 'filename="e\u0301.heic"')]  # fmt: skip
    body = b'--X\r\nContent-Disposition: form-data; name="class"\r\n\r\na\r\n'
    for seed, (_, name) in enumerate(files):
        body += (
            f'--X\r\nContent-Disposition: form-data; name="file"; {name}\r\n\r\n'.encode()
            + photo(seed)
            + b"\r\n"
        )
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=PATIENCE)
    connection.request(
        "POST", "/v1/jobs", body + b"--X--\r\n",
        {"Authorization": f"Bearer {service.key}",
        "Content-Type": "multipart/form-data; boundary=X"},
    )  # fmt: skip
    response = connection.getresponse()
    answer = json.loads(response.read())
    assert response.status == 202, answer
    job = service.finished(f"/v1/jobs/{answer['id']}")
    assert job["counts"]["done"] == len(files)
    assert [image["file"] for image in images(service, job)] == [f"a/{name}" for name, _ in files]
    assert service.stop() == 0


# ---- JSON ----


@pytest.mark.parametrize(
    "encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-8-sig", "latin-1"]
)
def test_json_is_utf8(shared_service, tmp_path, encoding):
    (tmp_path / "body").write_bytes(
        json.dumps({"name": "Zo\u00eb", "scopes": ["read"]}, ensure_ascii=False).encode(encoding)
    )
    before = len(shared_service.get("/v1/keys").json["keys"])
    for method, path, type in [
        ("POST", "/v1/keys", "application/json"),
        ("PATCH", "/v1/keys/key_00000000000000000000000000", "application/merge-patch+json"),
        ("PUT", "/v1/classes/x", "application/json"),
    ]:  # fmt: skip
        answer = shared_service.get(
            path, "--request", method, "--header", f"Content-Type: {type}",
            "--data-binary", f"@{tmp_path / 'body'}",
        )  # fmt: skip
        assert (answer.status, answer.json["code"]) == (400, "body_encoding_invalid"), (
            method, answer
        )
    assert len(shared_service.get("/v1/keys").json["keys"]) == before


def test_a_member_stands_once(shared_service):
    for body in (
        '{"name":"a","scopes":["read"],"scopes":["admin"]}',
        '{"name":"a","scopes":["read"],"sc\\u006fpes":["admin"]}',
        '{"name":"a","scopes":["read"],"quotas":{"images_queued":1,"images_queued":2}}',
    ):
        answer = shared_service.get(
            "/v1/keys", "--header", "Content-Type: application/json", "--data-binary", body
        )
        assert (answer.status, answer.json["code"]) == (400, "member_repeated"), answer
    assert all(key["name"] != "a" for key in shared_service.get("/v1/keys").json["keys"])
