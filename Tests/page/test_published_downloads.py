"""Choosing how pictures are published: the format and the size, before sending and after."""

import io
import zipfile

import pytest
from browsing import picture
from PIL import Image, ImageChops
from playwright.sync_api import expect

SENTENCE = "The proven bound holds for the PNG only."


@pytest.mark.parametrize(
    ("value", "name", "extension"), [("jpeg", "JPEG", "jpg"), ("webp", "WebP", "webp")]
)
def test_pictures_for_the_web_are_downloaded_one_by_one_and_as_a_job(
    service, open_page, value, name, extension
):
    reader = open_page(service).sign_in()
    page = reader.page
    photo = Image.effect_noise((1600, 1200), 40).convert("RGB").resize((1600, 1200))
    file = io.BytesIO()
    photo.save(file, "PNG")
    reader.choose(("large.png", file.getvalue()), ("small.png", picture(7, side=200)))
    reader.name_class("c")
    expect(page.locator(".publish")).to_contain_text(SENTENCE.rstrip("."))
    page.get_by_label("Format").select_option(value)
    page.get_by_label("Largest side").select_option("1280")
    # The preview is of the change, whatever the format.
    page.get_by_role("button", name="Preview: small.png").click()
    expect(page.locator(".preview .figures")).to_contain_text("SSIM")
    job = reader.send()
    assert reader.finished() == "done"
    settings = service.get(f"/v1/jobs/{job}").json["settings"]
    assert (settings["format"], settings["max_side"]) == (value, 1280)

    one = reader.download(page.get_by_role("button", name=f"Download the {name}: large.png"))
    assert one.suggested_filename == f"large.protected.{extension}"
    image = Image.open(one.path())
    assert (image.format, image.size) == (name.upper(), (1280, 960))
    zipped = reader.download(page.get_by_role("button", name="Download the ZIP"))
    with zipfile.ZipFile(zipped.path()) as archive:
        assert archive.read(f"c/large.{extension}") == one.path().read_bytes()

    # The original lies over the smaller picture in one frame, and the words are those of the files.
    small = service.get(f"/v1/jobs/{job}/images/2.{extension}").body
    changes = ImageChops.difference(
        Image.open(io.BytesIO(small)).convert("RGB"), Image.open(io.BytesIO(picture(7, side=200)))
    )
    most = max(high for _, high in changes.getextrema())
    page.get_by_role("button", name="Compare: small.png").click()
    dialog = page.locator("dialog")
    expect(dialog).to_contain_text(f"the largest difference is {most} of 255 levels. {SENTENCE}")
    expect(dialog.get_by_role("button", name=f"Download the {name}")).to_be_visible()
    dialog.get_by_role("button", name="Close").click()
    page.get_by_role("button", name="Compare: large.png").click()
    expect(dialog.locator("canvas")).to_have_attribute("aria-label", "Left of the divider the "
                                                       "original, right of it the protected photo")
    expect(dialog.get_by_role("button", name="Difference × 8")).to_be_disabled()


def test_the_sentence_is_said_in_german_too(service, open_page):
    reader = open_page(service).sign_in()
    reader.page.get_by_role("button", name="Deutsch").click()
    reader.choose(("a.png", picture(3)))
    expect(reader.page.locator(".publish")).to_contain_text(
        "Die bewiesene Grenze gilt nur für das PNG."
    )
