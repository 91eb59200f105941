"""Takes the pictures of the page in docs, of a service of its own: `make screenshots`."""

import pathlib
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Tests/e2e"))

from browsing import Reader, launch  # noqa: E402
from PIL import Image  # noqa: E402
from playwright.sync_api import expect, sync_playwright  # noqa: E402
from service import FIXTURES, Service  # noqa: E402


def take(target, name, **options):
    """Writes one picture of a page or a part of it."""
    path = ROOT / f"docs/page-{name}.png"
    target.screenshot(path=path, animations="disabled", **options)
    Image.open(path).convert("RGB").save(path, optimize=True)
    print(f"docs/{path.name}: {path.stat().st_size >> 10} KiB")


def walk(reader, suffix):
    page = reader.page
    page.locator("input[type=password]").fill(reader.service.key)
    page.locator("button[type=submit]").click()
    expect(page.locator(".drop")).to_be_visible()
    reader.choose(*[FIXTURES / name for name in ("parrots.jpg", "hats.png", "plane.jpg")])
    reader.name_class("bird")
    hat = page.locator(".staged .label").nth(1)
    hat.fill("hat")
    hat.press("Tab")
    page.locator(".strength button").click()
    expect(page.locator(".preview .figures")).to_contain_text("SSIM")
    page.mouse.move(0, 0)
    expect(page.locator(".staged .thumb canvas")).to_have_count(3)
    take(page, f"protect{suffix}", full_page=True)
    reader.send()
    reader.finished()
    # Thumbnails are made when they come into sight.
    page.locator("li.image").last.scroll_into_view_if_needed()
    expect(page.locator(".image .thumb canvas")).to_have_count(3)
    page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
    take(page, f"job{suffix}", full_page=True)
    page.locator("li.image .row-actions button").first.click()
    expect(page.locator("dialog .divider")).to_be_enabled()
    expect(page.locator("dialog .figures")).to_be_visible()
    take(page.locator("dialog"), f"compare{suffix}")


def main():
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        service = Service(pathlib.Path(folder) / "data", None).start()
        browser = launch(playwright)
        try:
            walk(Reader(browser, service), "")
            narrow = {"width": 320, "height": 720}
            walk(
                Reader(browser, service, viewport=narrow, color_scheme="dark", locale="de-DE"),
                "-narrow",
            )
        finally:
            browser.close()
            service.stop()


if __name__ == "__main__":
    main()
