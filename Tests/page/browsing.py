"""A reader of the page: a browser tab and the steps that people take in it."""

import io
import shutil

from PIL import Image
from playwright.sync_api import expect
from service import PATIENCE

# Long enough for a loaded machine; no successful test waits this long.
expect.set_options(timeout=PATIENCE * 1000)


def launch(playwright):
    """Starts Chromium without its own windows, which would take half of the processor's time."""
    path = shutil.which("chromium-headless-shell")
    assert path, "the browser is missing: run `scripts/install-packages page` first"
    # Tests may run as root, where Chromium's own sandbox does not start.
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
    return playwright.chromium.launch(executable_path=path, args=arguments)


class Reader:
    """A tab of a fresh profile."""

    def __init__(self, browser, service, path="/", **options):
        self.service = service
        options = {"viewport": {"width": 1280, "height": 900}, "locale": "en-US"} | options
        self.context = browser.new_context(accept_downloads=True, **options)
        self.context.set_default_timeout(PATIENCE * 1000)
        self.page = self.context.new_page()
        self.faults, self.requests = [], []
        # Chromium reports answers of 4xx and lost connections as errors too, which tests provoke.
        self.page.on("console", lambda message: self.note(message.text, message.type))
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        # A listener from the start: one that begins with a key press may come after the dialog.
        self.page.on("filechooser", lambda chooser: None)
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(service.url(path))
        expect(self.page.locator("h1")).to_be_visible()

    def note(self, text, type):
        if type in ("error", "warning") and not text.startswith("Failed to load resource"):
            self.faults.append(text)

    def close(self):
        own = (self.service.url("/"), f"blob:{self.service.url('/')}")
        assert [url for url in self.requests if not url.startswith(own)] == []
        assert self.faults == []
        # A handler that still waits for an answer would fail in the next test.
        self.page.unroute_all(behavior="ignoreErrors")
        self.context.close()

    # ---- Steps ----

    def sign_in(self, key=None):
        self.page.get_by_label("API key").fill(key or self.service.key)
        self.page.get_by_role("button", name="Sign in").click()
        expect(self.page.locator(".drop, .job-head, [data-place=jobs] h1").first).to_be_visible()
        return self

    def choose(self, *files):
        """Chooses files in the drop zone's dialog; each a path, or a name and its bytes."""
        named = [
            file if isinstance(file, tuple) else (file.name, file.read_bytes()) for file in files
        ]
        self.page.set_input_files(
            "input[data-files]",
            [{"name": name, "mimeType": "", "buffer": content} for name, content in named],
        )

    def name_class(self, label, at=0):
        field = self.page.locator(".class-name").nth(at)
        field.fill(label)
        field.press("Tab")

    def send(self):
        """Sends what is staged and waits for the job's place; returns the job's id."""
        self.page.locator("#send").click()
        expect(self.page.locator(".job-head")).to_be_visible()
        return self.page.url.rpartition("/")[2]

    def finished(self):
        """Waits until the job that is shown has ended."""
        states = ("done", "partly", "failed", "cancelled")
        chip = self.page.locator(
            ", ".join(f".job-head .chip[data-state={state}]" for state in states)
        )
        expect(chip).to_be_visible()
        return chip.get_attribute("data-state")

    def row(self, name):
        return self.page.locator("li.image").filter(has_text=name)

    def download(self, button):
        with self.page.expect_download() as download:
            button.click()
        return download.value


def picture(seed, side=32, format="PNG"):
    """The bytes of a picture that differs for every seed."""
    # The pattern comes again after so many pixels, down and across.
    period = min(side, 256)
    rows = [
        bytes((seed * 31 + x * 7 + y * 13 + c * 50) % 256 for x in range(period) for c in range(3))
        for y in range(period)
    ]
    pixels = b"".join((rows[y % period] * (side // period + 1))[: side * 3] for y in range(side))
    file = io.BytesIO()
    Image.frombytes("RGB", (side, side), pixels).save(file, format)
    return file.getvalue()
