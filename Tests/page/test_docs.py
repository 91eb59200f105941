"""The documentation of the API, as a reader meets it."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ["/docs", "/docs/problems"])
def test_it_can_be_read_by_everybody(service, open_page, path, scheme):
    reader = open_page(service, path, color_scheme=scheme)
    results = Axe().run(reader.page)
    assert len(results.response["passes"]) > 10
    assert results.violations_count == 0, results.generate_report()


@pytest.mark.parametrize("path", ["/docs", "/docs/problems"])
def test_it_fits_a_small_screen(service, open_page, path):
    page = open_page(service, path, viewport={"width": 320, "height": 568}).page
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_the_page_leads_to_it_and_a_problem_to_its_code(service, open_page):
    page = open_page(service).page
    page.get_by_role("link", name="The HTTP API").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("API")
    page.goto(service.url(service.get("/v1/jobs/none").json["type"]))
    expect(page.locator("tr:target")).to_contain_text("The key has no such job.")
