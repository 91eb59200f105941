"""The whole way: sign in, gather, name, preview, send, watch, compare, download, verify, erase."""

import base64
import hashlib
import io
import os
import pty
import re
import subprocess
import zipfile

import pytest
from browsing import picture
from PIL import Image, ImageChops
from playwright.sync_api import expect
from service import BINARY, FIXTURES, PATIENCE, Service

PHOTOS = [FIXTURES / name for name in ("parrots.jpg", "hats.png", "plane.jpg")]


def pixels(data):
    return Image.open(io.BytesIO(data) if isinstance(data, bytes) else data).convert("RGB")


def test_from_photos_to_verified_pictures(service, open_page, tmp_path):
    reader = open_page(service).sign_in()
    page = reader.page
    expect(page.locator("#send")).to_be_disabled()
    reader.choose(*PHOTOS)
    expect(page.locator(".staged")).to_have_count(3)
    expect(page.locator("#send")).to_be_disabled()
    expect(page.get_by_text("Name what these photos show")).to_be_visible()
    reader.name_class("bird")
    hats = page.get_by_label("Class of hats.png")
    hats.fill("hat")
    hats.press("Tab")
    expect(page.locator("section.class")).to_have_count(2)
    expect(page.locator("#send")).to_have_text("Protect 3 photos")
    job = reader.send()
    assert reader.finished() == "done"
    expect(page.locator("li.image[data-state=done]")).to_have_count(3)
    answer = service.get(f"/v1/jobs/{job}").json
    assert {entry["class"]: entry["images"] for entry in answer["classes"]} == {
        "bird": 2,
        "hat": 1,
    }
    expect(reader.row("hats.png")).to_contain_text("hat")

    zipped = reader.download(page.get_by_role("button", name="Download the ZIP"))
    assert zipped.suggested_filename == "protected.zip"
    with zipfile.ZipFile(zipped.path()) as archive:
        assert archive.testzip() is None
        # Nothing in it shows a photo as it was, though the page has previews made.
        assert set(archive.namelist()) == {
            "bird/parrots.png", "bird/plane.png", "hat/hats.png",
            "manifest.json", "manifest.json.sig", "SHA256SUMS",
        }  # fmt: skip
        archive.extractall(tmp_path / "protected")
    one = reader.download(page.get_by_role("button", name="Download the PNG: hats.png"))
    protected = (tmp_path / "protected/hat/hats.png").read_bytes()
    assert one.suggested_filename == "hats.protected.png"
    assert one.path().read_bytes() == protected

    # What the page says is what a look at both files says.
    changes = ImageChops.difference(pixels(PHOTOS[1]), pixels(protected))
    most = max(high for _, high in changes.getextrema())
    expect(reader.row("hats.png")).to_contain_text(f"largest change {most} level")

    # The shown command verifies, and does not where the picture was changed.
    page.get_by_role("button", name="Compare: hats.png").click()
    command = page.locator("dialog .command code").first.inner_text()
    words = f"no value differs by more than {most} of 255 levels"
    expect(page.locator("dialog")).to_contain_text(words)
    environment = os.environ | {"PATH": f"{BINARY.parent}:{os.environ['PATH']}"}

    def verify():
        return subprocess.run(
            ["bash", "-ec", f"cp {PHOTOS[1]} hats.png\n{command}"],
            cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip

    good = verify()
    assert good.returncode == 0 and good.stdout.strip().endswith("verified"), good
    (tmp_path / "protected/hat/hats.png").write_bytes((FIXTURES / "hats.png").read_bytes())
    assert verify().returncode == 1
    page.get_by_role("button", name="Close").click()

    page.get_by_role("button", name="Erase").click()
    page.get_by_role("dialog").get_by_role("button", name="Keep it").click()
    assert service.get(f"/v1/jobs/{job}").status == 200
    page.get_by_role("button", name="Erase").click()
    page.get_by_role("dialog").get_by_role("button", name="Erase").click()
    expect(page.locator(".news")).to_have_text("The job is erased with all its photos.")
    expect(page.get_by_text("Nothing has been sent yet.")).to_be_visible()
    assert service.get(f"/v1/jobs/{job}").status == 404


def test_the_difference_is_that_of_the_files_times_eight(service, open_page):
    """At 100 % each pixel of the screen is one of the picture, of both pictures at once."""
    reader = open_page(service).sign_in()
    page = reader.page
    page.get_by_role("button", name="Choose photos").wait_for()
    reader.choose(PHOTOS[1])
    reader.name_class("hat")
    job = reader.send()
    reader.finished()
    page.get_by_role("button", name="Compare: hats.png").click()
    expect(page.locator("dialog .figures")).to_be_visible()
    expect(page.locator("dialog .divider")).to_be_enabled()
    page.get_by_role("button", name="100 %", exact=True).click()
    expect(page.locator("dialog .zoom output")).to_have_text("100 %")
    original = pixels(PHOTOS[1])
    protected = pixels(service.get(f"/v1/jobs/{job}/images/1.png").body)

    def shown():
        stage = page.locator("dialog .stage canvas")
        # The canvas's own pixels: a picture of the screen would have the dialog's round corners.
        data = stage.evaluate("canvas => canvas.toDataURL('image/png').split(',')[1]")
        canvas = pixels(base64.b64decode(data))
        left, top = (canvas.width - original.width) // 2, (canvas.height - original.height) // 2
        return canvas.crop((left, top, left + original.width, top + original.height))

    def divide(share):
        page.locator("dialog .divider").fill(str(share))

    # Each end shows the picture whose name stands there.
    ends = page.locator("dialog .divider-row span")
    expect(ends).to_have_text(["Protected", "Original"])
    tags = page.locator("dialog .tag:visible")
    expect(tags).to_have_text(["Original", "Protected"])
    divide(100)
    expect(tags).to_have_text("Original")
    left = (0, 0, original.width - 2, original.height)
    assert ImageChops.difference(shown().crop(left), original.crop(left)).getbbox() is None
    divide(0)
    expect(tags).to_have_text("Protected")
    right = (2, 0, original.width, original.height)
    assert ImageChops.difference(shown().crop(right), protected.crop(right)).getbbox() is None
    page.get_by_role("button", name="Difference × 8").click()
    expect(page.locator("dialog .viewer-note")).to_be_hidden()
    expected = ImageChops.difference(original, protected).point(lambda value: min(value * 8, 255))
    assert expected.getbbox() is not None
    assert ImageChops.difference(shown(), expected).getbbox() is None


def test_the_preview_is_what_the_job_makes_and_leaves_nothing(service, open_page):
    reader = open_page(service).sign_in()
    page = reader.page
    files = {path for path in service.data.rglob("*") if path.is_file()}
    jobs = service.get("/v1/jobs").json["jobs"]
    reader.choose(PHOTOS[0])
    reader.name_class("preview-class")
    with page.expect_response(lambda answer: "/v1/preview" in answer.url) as answer:
        page.get_by_role("button", name="Preview on my photo").click()
    expect(page.locator(".preview .figures")).to_contain_text("SSIM")
    assert answer.value.status == 200
    with page.expect_response(lambda answer: "strength=2" in answer.url) as weaker:
        page.get_by_label("Strength").fill("2")
    assert weaker.value.status == 200
    expect(page.locator(".viewer")).not_to_have_attribute("aria-busy", "true")
    body = ["--data-binary", f"@{PHOTOS[0]}", "--header", "Content-Type: image/jpeg"]
    same = service.get("/v1/preview?class=preview-class&strength=2", *body)
    changes = ImageChops.difference(pixels(PHOTOS[0]), pixels(same.body))
    most = max(high for _, high in changes.getextrema())
    assert 1 <= most <= 2
    expect(page.locator(".preview .figures")).to_contain_text(f"largest change {most} level")
    assert service.get("/v1/jobs").json["jobs"] == jobs
    assert service.get("/v1/classes/preview-class").status == 404
    database = re.compile(r"palimpsest\.sqlite")
    assert {path for path in service.data.rglob("*") if path.is_file()
            and not database.match(path.name)} == {
        path for path in files if not database.match(path.name)}  # fmt: skip
    # Once the class is there, its preview is the job's picture byte for byte.
    job = reader.send()
    reader.finished()
    again = service.get("/v1/preview?class=preview-class&strength=2", *body)
    assert again.body == service.get(f"/v1/jobs/{job}/images/1.png").body


def test_a_link_signs_in_once(tmp_path, browser, open_page):
    """A person's terminal gets the page's address, and a link with a token that works once."""
    main, secondary = pty.openpty()
    service = Service(tmp_path / "data", None)
    command = [BINARY, "serve", "--bind", "127.0.0.1:0", "--data", service.data, "--workers", "1"]
    with open(service.log_path, "wb") as log:
        service.process = subprocess.Popen(command, stdout=secondary, stderr=log)
    os.close(secondary)
    try:
        service.port = service.wait_for(lambda: service.listening_port(0), "the port")
        text = ""
        while "#sign-in=" not in text or not text.endswith("\n"):
            text += os.read(main, 4096).decode()
        lines = text.splitlines()
        assert lines[0] == service.url("/")
        link = re.search(r"http\S+/#sign-in=\S+", lines[1])[0]
        assert service.key not in text and "sign-in=" not in service.log()
        reader = open_page(service, link.removeprefix(service.url("")))
        expect(reader.page.locator(".drop")).to_be_visible()
        assert "sign-in" not in reader.page.url
        assert reader.page.evaluate("sessionStorage.getItem('palimpsest-key')") == service.key
        second = open_page(service, link.removeprefix(service.url("")))
        expect(second.page.get_by_role("alert")).to_contain_text("This link was used already")
    finally:
        service.process.kill()
        service.process.wait(PATIENCE)
        os.close(main)


def test_without_a_terminal_the_banner_is_the_address_alone(service):
    assert service.banner_path.read_text() == f"{service.url('/')}\n"


def test_the_first_folder_is_the_class(service, open_page, tmp_path):
    for folder in ("photos/cat", "photos/dog/puppies"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "photos/cat/a.png").write_bytes(picture(1))
    (tmp_path / "photos/dog/b.png").write_bytes(picture(2))
    (tmp_path / "photos/dog/puppies/c.png").write_bytes(picture(3))
    (tmp_path / "photos/dog/.hidden.png").write_bytes(picture(4))
    reader = open_page(service).sign_in()
    reader.page.set_input_files("input[data-folder]", tmp_path / "photos")
    expect(reader.page.locator(".staged")).to_have_count(3)
    refused = reader.page.locator(".refused li")
    expect(refused).to_have_text(".hidden.png – a hidden file, no photo")
    job = reader.send()
    reader.finished()
    images = service.get(f"/v1/jobs/{job}/images").json["images"]
    assert {image["source"]: image["class"] for image in images} == {
        "a.png": "cat",
        "b.png": "dog",
        "c.png": "dog",
    }


def test_a_zip_is_sent_as_it_is(service, open_page):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("lamps/a.png", picture(5))
        archive.writestr("chairs/b.png", picture(6))
    reader = open_page(service).sign_in()
    reader.choose(("home.zip", file.getvalue()))
    expect(reader.page.locator("#send")).to_have_text("Protect 1 archive")
    job = reader.send()
    assert reader.finished() == "done"
    assert {entry["class"] for entry in service.get(f"/v1/jobs/{job}").json["classes"]} == {
        "lamps",
        "chairs",
    }


@pytest.mark.parametrize("way", ["drop", "paste"])
def test_files_are_dropped_and_pasted(service, open_page, way):
    reader = open_page(service).sign_in()
    reader.page.evaluate(
        """([way, bytes]) => {
            const transfer = new DataTransfer();
            const file = new File([new Uint8Array(bytes)], "gift.png", { type: "image/png" });
            transfer.items.add(file);
            document.dispatchEvent(way === "drop"
                ? new DragEvent("drop", { dataTransfer: transfer, bubbles: true })
                : new ClipboardEvent("paste", { clipboardData: transfer, bubbles: true }));
        }""",
        [way, list(picture(7))],
    )
    expect(reader.page.locator(".staged")).to_contain_text("gift.png")


def test_the_shown_command_sends_the_same(service, open_page, tmp_path):
    # Not among them are quotation marks, for which browsers and curl write %22 in a form.
    name = "it's $HOME; a, b\\ `c`.png"
    (tmp_path / name).write_bytes(picture(8))
    reader = open_page(service).sign_in()
    reader.choose(tmp_path / name)
    reader.name_class("it's <b>; $HOME")
    reader.page.get_by_text("The same with curl").click()
    command = reader.page.locator("details.curl code").inner_text()
    assert service.key not in command
    result = subprocess.run(
        ["bash", "-ec", command], cwd=tmp_path, env=os.environ | {"KEY": service.key},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    by_curl = re.search(r"job_\w+", result.stdout)[0]
    by_page = reader.send()
    reader.finished()
    service.finished(f"/v1/jobs/{by_curl}")
    one, other = (
        service.get(f"/v1/jobs/{job}/images").json["images"][0] for job in (by_curl, by_page)
    )
    assert one["class"] == other["class"] == "it's <b>; $HOME"
    assert one["source"] == other["source"] == name
    assert one["report"]["output_sha256"] == other["report"]["output_sha256"]
    png = service.get(f"/v1/jobs/{by_page}/images/1.png").body
    assert hashlib.sha256(png).hexdigest() == other["report"]["output_sha256"]


def test_the_list_of_jobs_is_the_keys_own_and_survives_a_reload(service, open_page):
    created = service.get("/v1/keys", "--json", '{"name": "guest", "scopes": ["submit", "read"]}')
    guest = created.json["secret"]
    reader = open_page(service).sign_in(guest)
    reader.page.get_by_role("link", name="Jobs").click()
    expect(reader.page.get_by_text("Nothing has been sent yet.")).to_be_visible()
    reader.page.get_by_role("link", name="Protect", exact=True).click()
    reader.choose(("own.png", picture(9)))
    reader.name_class("own")
    job = reader.send()
    reader.finished()
    reader.page.reload()
    expect(reader.row("own.png")).to_be_visible()
    expect(reader.page.locator(".job-head")).to_contain_text("erased in 24 hours")
    reader.page.get_by_role("link", name="Jobs", exact=True).click()
    expect(reader.page.locator(".job a")).to_have_attribute("href", f"#/jobs/{job}")
    expect(reader.page.locator(".job-classes")).to_have_text("own")
    other = open_page(service).sign_in()
    other.page.goto(service.url(f"/#/jobs/{job}"))
    expect(other.page.get_by_text("This key has no such job.")).to_be_visible()


def test_after_a_reload_the_original_is_asked_for_and_checked(service, open_page):
    reader = open_page(service).sign_in()
    page = reader.page
    reader.choose(PHOTOS[1])
    reader.name_class("hat")
    reader.send()
    reader.finished()
    page.reload()
    page.get_by_role("button", name="Compare: hats.png").click()
    expect(page.get_by_text("These are small previews")).to_be_visible()
    expect(page.get_by_role("button", name="Difference × 8")).to_be_disabled()
    page.set_input_files("dialog input[type=file]", PHOTOS[0])
    expect(page.get_by_role("alert")).to_contain_text("its hash differs")
    page.set_input_files("dialog input[type=file]", PHOTOS[1])
    expect(page.get_by_text("These are small previews")).to_be_hidden()
    expect(page.get_by_role("button", name="Difference × 8")).to_be_enabled()
