"""What lies ready to be sent: classes, removing and bringing back, what is missing, leaving."""

import pytest
from browsing import picture
from playwright.sync_api import expect


def names(reader):
    return reader.page.locator(".staged:not(.removed) .name")


@pytest.fixture
def reader(service, open_page):
    reader = open_page(service).sign_in()
    expect(reader.page.locator(".drop")).to_be_visible()
    return reader


def test_the_button_says_what_is_missing(reader):
    send = reader.page.locator("#send")
    expect(send).to_be_disabled()
    expect(send).to_have_accessible_description("Choose photos first.")
    reader.choose(*[(f"{n}.png", picture(n)) for n in range(3)])
    chosen = "Format: PNG, with the proven bound · Largest side: as it is · Strength: 8"
    expect(send).to_have_accessible_description(f"Give 3 photos a class first. {chosen}")
    one = reader.page.get_by_label("Class of 1.png")
    one.fill("a/b")
    one.press("Tab")
    expect(reader.page.get_by_text("Give 2 photos a class first.")).to_be_visible()
    expect(reader.page.locator("section.class")).to_have_count(2)
    reader.name_class("cat")
    expect(send).to_have_accessible_description(f"Correct the class of 1 photo first. {chosen}")
    one.fill("dog")
    one.press("Tab")
    expect(send).to_be_enabled()
    expect(send).to_have_accessible_description(chosen)


def test_the_caret_stays_where_a_click_put_it(reader):
    page = reader.page
    reader.choose(*[(f"{n}.png", picture(n)) for n in range(2)])
    reader.name_class("wolf")
    expect(page.get_by_label("Class of 1.png")).to_have_value("wolf")
    page.get_by_label("Class of 0.png").fill("cat")
    other = page.get_by_label("Class of 1.png")
    other.click(position={"x": other.bounding_box()["width"] / 2, "y": 10})
    # Leaving the first field draws the list anew, with the second one in it.
    expect(page.locator("section.class")).to_have_count(2)
    page.keyboard.type("hound")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Class of 1.png")).to_have_value("wolfhound")


def test_typing_replaces_a_class_that_came_while_its_field_was_entered(reader):
    page = reader.page
    reader.choose(*[(f"{n}.png", picture(n)) for n in range(2)])
    page.locator(".class-name").fill("wolf")
    # Empty when it is clicked; the class of both is in it before a key is pressed.
    page.get_by_label("Class of 1.png").click()
    expect(page.get_by_label("Class of 1.png")).to_have_value("wolf")
    page.keyboard.type("hound")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Class of 1.png")).to_have_value("hound")
    expect(page.get_by_label("Class of 0.png")).to_have_value("wolf")


def test_new_photos_have_no_class_of_an_earlier_job_but_the_format_is_shown(reader):
    page = reader.page
    reader.choose(("a.png", picture(1)))
    reader.name_class("cat")
    # What comes to a list in which somebody has named a class is of that class.
    reader.choose(("b.png", picture(2)))
    expect(page.get_by_label("Class of b.png")).to_have_value("cat")
    page.get_by_label("Format").select_option("webp")
    reader.send()
    reader.finished()
    page.get_by_role("link", name="Protect", exact=True).click()
    reader.choose(("c.png", picture(3)))
    expect(page.get_by_label("Class of c.png")).to_have_value("")
    expect(page.locator("#send")).to_be_disabled()
    expect(page.locator("#send-how")).to_contain_text("Format: WebP for the web")


def test_pressing_twice_removes_one_photo_which_can_come_back(reader):
    page = reader.page
    reader.choose(*[(f"{n}.png", picture(n)) for n in range(4)])
    cross = page.get_by_role("button", name="Remove: 1.png").bounding_box()
    page.mouse.dblclick(cross["x"] + cross["width"] / 2, cross["y"] + cross["height"] / 2)
    expect(page.get_by_text("1.png is removed.")).to_be_visible()
    expect(names(reader)).to_contain_text(["0.png", "2.png", "3.png"])
    expect(page.locator("#send")).to_have_text("Protect 3 photos")
    page.get_by_role("button", name="Undo: 1.png").click()
    expect(names(reader)).to_contain_text(["0.png", "1.png", "2.png", "3.png"])
    # By keyboard the focus stays where the row was.
    page.get_by_role("button", name="Remove: 2.png").press("Enter")
    expect(page.get_by_role("button", name="Undo: 2.png")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Remove: 2.png")).to_be_focused()


def test_a_removed_class_can_come_back(reader):
    page = reader.page
    reader.choose(*[(f"{n}.png", picture(n)) for n in range(3)])
    reader.name_class("cat")
    last = page.get_by_label("Class of 2.png")
    expect(last).to_have_value("cat")
    last.fill("dog")
    last.press("Tab")
    expect(page.locator("section.class")).to_have_count(2)
    cross = page.get_by_role("button", name="Remove: cat").bounding_box()
    page.mouse.dblclick(cross["x"] + cross["width"] / 2, cross["y"] + cross["height"] / 2)
    expect(names(reader)).to_have_count(1)
    expect(page.locator(".removed")).to_contain_text("cat (2 photos) is removed.")
    page.get_by_role("button", name="Undo: cat").click()
    expect(names(reader)).to_contain_text(["0.png", "1.png", "2.png"])
    # What is removed is not sent.
    page.get_by_role("button", name="Remove: cat").click()
    job = reader.send()
    reader.finished()
    images = reader.service.get(f"/v1/jobs/{job}/images").json["images"]
    assert [(image["source"], image["class"]) for image in images] == [("2.png", "dog")]
    page.get_by_role("link", name="Protect", exact=True).click()
    expect(page.locator(".staged, .removed")).to_have_count(0)


def test_the_focus_goes_with_a_row_that_moves(reader):
    page = reader.page
    reader.choose(*[(f"{n}.png", picture(n)) for n in range(3)])
    page.get_by_label("Class of 0.png").fill("dog")
    page.keyboard.press("Tab")
    expect(page.locator("section.class")).to_have_count(2)
    expect(page.get_by_role("button", name="Preview: 0.png")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Remove: 0.png")).to_be_focused()
    # A class that gets another one's name joins it.
    page.locator(".class-name").nth(1).fill("dog")
    page.keyboard.press("Tab")
    expect(page.locator("section.class")).to_have_count(1)
    expect(page.get_by_role("button", name="Remove: dog")).to_be_focused()


def test_a_click_just_after_typing_is_not_lost(reader):
    page = reader.page
    reader.choose(*[(f"{n}.png", picture(n)) for n in range(2)])
    page.get_by_label("Class of 1.png").press_sequentially("dog")
    page.get_by_role("button", name="Remove: 0.png").click()
    expect(names(reader)).to_contain_text(["1.png"])
    expect(page.locator("#send")).to_be_enabled()


@pytest.mark.parametrize("staged", [True, False])
def test_leaving_asks_only_while_photos_wait(reader, staged):
    page = reader.page
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    if staged:
        reader.choose(("a.png", picture(1)))
        expect(page.locator(".staged")).to_have_count(1)
    page.reload()
    expect(page.locator(".drop")).to_be_visible()
    assert asked == ["beforeunload"] * staged
