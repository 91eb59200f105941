"""For everybody: small screens, dark rooms, keyboards, screen readers, German, slow lines."""

import json
import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from browsing import picture
from playwright.sync_api import expect
from service import FIXTURES, ROOT

VALUE = re.compile(r"\{\w+\}")
STRINGS = json.loads((ROOT / "Public/strings.json").read_text())


def unfold(page):
    page.evaluate("for (const one of document.querySelectorAll('main details')) one.open = true;")


def walk(reader, look):
    """Takes a reader to every place, and looks at each."""
    page = reader.page
    page.locator("details.curl summary").first.click()
    look("sign-in")
    reader.page.locator("input[type=password]").fill(reader.service.key)
    reader.page.locator("button[type=submit]").click()
    expect(page.locator(".drop")).to_be_visible()
    look("empty")
    reader.choose(FIXTURES / "hats.png", ("notes.txt", b"x"))
    expect(page.locator(".staged")).to_have_count(1)
    look("unnamed")
    reader.name_class("hat-" + "long" * 10)
    page.locator(".strength button").click()
    expect(page.locator(".preview .figures")).to_contain_text("SSIM")
    unfold(page)
    look("staged")
    reader.send()
    reader.finished()
    expect(page.locator("li.image[data-state=done] canvas")).to_be_visible()
    unfold(page)
    look("job")
    page.locator("li.image .row-actions button").first.click()
    expect(page.locator("dialog .figures")).to_be_visible()
    expect(page.locator("dialog .divider")).to_be_enabled()
    look("compare")
    page.locator("dialog [data-mode=difference]").click()
    expect(page.locator("dialog .divider")).to_be_disabled()
    look("difference")
    page.keyboard.press("Escape")
    page.locator("main .actions .danger").click()
    look("question")
    page.keyboard.press("Escape")
    page.locator("nav a[href='#/jobs']").click()
    expect(page.locator(".job")).not_to_have_count(0)
    look("jobs")
    page.goto(reader.service.url("/#/jobs/job_none"))
    expect(page.get_by_role("alert")).to_be_visible()
    look("unknown")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("locale", ["en-US", "de-DE"])
def test_axe_finds_nothing(service, open_page, scheme, locale):
    reader = open_page(service, color_scheme=scheme, locale=locale, reduced_motion="reduce")
    seen = []

    def look(place):
        results = Axe().run(reader.page)
        seen.append(place)
        # An empty page would pass as well.
        assert len(results.response["passes"]) > 10, place
        assert results.violations_count == 0, f"{place}: {results.generate_report()}"

    walk(reader, look)
    assert len(seen) == 10


@pytest.mark.parametrize("locale", ["en-US", "de-DE"])
def test_nothing_is_cut_off_at_320_pixels(service, open_page, locale):
    reader = open_page(
        service, viewport={"width": 320, "height": 568}, locale=locale, reduced_motion="reduce"
    )

    def look(place):
        width = reader.page.evaluate("document.documentElement.scrollWidth")
        assert width <= 320, f"{place} is {width} pixels wide"
        # What a box cuts off by itself would not widen the page.
        outside = reader.page.evaluate(
            """() => [...document.querySelectorAll(
                    (document.querySelector("dialog[open]") ? "dialog " : "body ")
                    + ":is(button, a, input, select, h1, h2, h3, p, label, span)")]
                .filter((element) => element.checkVisibility() && !element.closest(".unseen, .skip")
                    && element.type !== "file" && element.getBoundingClientRect().right > 320.5)
                .map((element) => element.outerHTML.slice(0, 200))"""
        )
        assert outside == [], place

    walk(reader, look)


def test_with_reduced_motion_nothing_moves(service, open_page):
    moving = """() => [...document.querySelectorAll("*")].filter((element) =>
        getComputedStyle(element).transitionDuration !== "0s").length"""
    assert open_page(service).sign_in().page.evaluate(moving) > 0
    reader = open_page(service, reduced_motion="reduce")

    def look(place):
        assert reader.page.evaluate(moving) == 0, place
        assert reader.page.evaluate("document.getAnimations().length") == 0, place

    walk(reader, look)


def test_dark_is_dark_and_light_is_light(service, open_page):
    def brightness(scheme):
        page = open_page(service, color_scheme=scheme).page
        color = page.evaluate("getComputedStyle(document.body).backgroundColor")
        return sum(int(part) for part in color[4:-1].split(","))

    assert brightness("dark") < 150 < 600 < brightness("light")


def test_the_keyboard_is_enough(service, open_page):
    page = open_page(service).page
    keys = page.keyboard
    expect(page.get_by_label("API key")).to_be_focused()
    keys.type(service.key)
    keys.press("Enter")
    expect(page.locator(".drop")).to_be_visible()

    def tab_to(wanted):
        for _ in range(60):
            keys.press("Tab")
            if page.evaluate("wanted => document.activeElement.matches(wanted)", wanted):
                return
        raise AssertionError(f"Tab never reaches {wanted}")

    tab_to(".drop")
    with page.expect_file_chooser() as chooser:
        keys.press("Enter")
    chooser.value.set_files(FIXTURES / "hats.png")
    expect(page.locator(".staged")).to_have_count(1)
    tab_to(".class-name")
    keys.type("hat")
    tab_to("#send")
    keys.press("Enter")
    expect(page.locator("li.image[data-state=done]")).to_have_count(1)
    tab_to("li.image button")
    keys.press("Enter")
    expect(page.locator("dialog .divider")).to_be_enabled()
    tab_to("dialog .divider")
    expect(page.locator("dialog .divider")).to_have_attribute("aria-valuetext", "50 % original")
    keys.press("ArrowRight")
    expect(page.locator("dialog .divider")).to_have_attribute("aria-valuetext", "51 % original")
    tab_to("dialog .stage")
    keys.press("1")
    expect(page.locator("dialog .zoom output")).to_have_text("100 %")
    keys.press("+")
    expect(page.locator("dialog .zoom output")).to_have_text("200 %")
    keys.press("Escape")
    expect(page.locator("dialog")).to_have_count(0)


def test_german_is_chosen_and_kept(service, open_page):
    page = open_page(service, locale="fr-FR").page
    expect(page.locator("html")).to_have_attribute("lang", "en")
    page.get_by_role("button", name="Deutsch").click()
    expect(page.locator("html")).to_have_attribute("lang", "de")
    expect(page.get_by_role("button", name="Anmelden")).to_be_visible()
    page.reload()
    expect(page.get_by_role("button", name="Anmelden")).to_be_visible()


def test_every_text_is_there_in_both_languages_and_none_is_unused():
    english, german = STRINGS["en"], STRINGS["de"]
    assert list(english) == list(german)
    scripts = "\n".join(path.read_text() for path in (ROOT / "Public/page").glob("*.js"))
    for key, text in english.items():
        assert sorted(VALUE.findall(str(text))) == sorted(VALUE.findall(str(german[key]))), key
        stem = key.removesuffix(".one").removesuffix(".other")
        family = stem.rpartition(".")[0]
        # Some keys are put together: those of states, of error codes, and of the choices.
        is_built = f"`{family}.${{" in scripts or family in (
            "mask", "mode", "metadata", "format", "side"
        )
        assert is_built or f'"{stem}"' in scripts, f"{key} is unused"


@pytest.mark.parametrize(
    ("locale", "place"),
    [
        ("en-US", "in the file admin-key of the service's data folder, whatever"),
        ("de-DE", "in der Datei admin-key im Datenordner des Dienstes, wie immer"),
    ],
)
def test_who_has_no_key_is_told_the_file_that_has_it(service, open_page, locale, place):
    page = open_page(service, locale=locale).page
    page.locator("details.curl summary").click()
    expect(page.locator("details.curl")).to_contain_text(place)
    assert service.key == (service.data / "admin-key").read_text().strip()


def test_buttons_keep_their_distance_on_a_phone(service, open_page):
    reader = open_page(service, viewport={"width": 360, "height": 740}, locale="de-DE")
    page = reader.page
    page.locator("input[type=password]").fill(service.key)
    page.locator("button[type=submit]").click()
    reader.choose(FIXTURES / "hats.png")
    field = page.locator(".staged .label").bounding_box()
    preview = page.locator(".staged .row-actions button").first
    expect(preview).to_have_text("Vorschau")
    assert preview.bounding_box()["y"] - field["y"] - field["height"] >= 8


def test_the_limits_are_five_sentences_beside_the_button_and_in_the_readme(service, open_page):
    limits = STRINGS["en"]["limits"]
    assert len(limits) == len(STRINGS["de"]["limits"]) == 5
    reader = open_page(service).sign_in()
    expect(reader.page.locator(".limits li")).to_have_text(limits)
    assert reader.page.locator(".finish:has(#send) .limits").count() == 1
    readme = " ".join((ROOT / "README.md").read_text().split())
    assert all(sentence in readme for sentence in limits)


def test_the_page_is_light_as_it_is_fetched(service, browser):
    """What goes over the line for the first view, heads included."""
    context = browser.new_context()
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    sizes = []
    session.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    page.goto(service.url("/"))
    expect(page.locator("h1")).to_be_visible()
    page.wait_for_load_state("networkidle")
    assert len(sizes) > 20 and 20_000 < sum(sizes) < 80_000
    context.close()


def test_markup_made_of_text_is_refused_by_the_browser(service, browser):
    """The policy is in force: what a mistake in the page's code would do is blocked."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(service.url("/"))
    expect(page.locator("h1")).to_be_visible()
    with page.expect_console_message():
        blocked = page.evaluate(
            """() => {
                try { document.body.innerHTML = "<b>x</b>"; } catch (error) { return error.name; }
            }"""
        )
    assert blocked == "TypeError"
    with page.expect_console_message(lambda message: "Content Security Policy" in message.text):
        page.evaluate(
            """() => {
                const image = document.createElement("img");
                image.src = "https://example.org/x.png";
                document.body.append(image);
            }"""
        )
    context.close()
