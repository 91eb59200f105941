"""A transfer goes on while its reader looks at something else."""

import itertools
import re

import pytest
from browsing import picture
from playwright.sync_api import expect


class Line:
    """Holds back what the page sends, until the test lets it go."""

    def __init__(self, page):
        self.page, self.routes = page, []
        page.route("**/v1/jobs?*preview*", lambda route: self.routes.append(route))

    def wait(self):
        self.page.wait_for_timeout(0)
        while not self.routes:
            self.page.wait_for_timeout(20)

    def let_go(self):
        self.routes.pop(0).continue_()


@pytest.fixture
def service(make_service):
    return make_service()


def begin(reader, count=3):
    line = Line(reader.page)
    reader.choose(*[(f"{n}.png", picture(n)) for n in range(count)])
    reader.name_class("cat")
    reader.page.locator("#send").click()
    expect(reader.page.get_by_role("button", name="Stop")).to_be_visible()
    line.wait()
    return line


def place(reader, name):
    reader.page.get_by_role("link", name=name, exact=True).click()


def jobs(service):
    return service.get("/v1/jobs").json["jobs"]


def test_a_transfer_outlives_its_view_and_is_not_begun_twice(service, open_page):
    reader = open_page(service).sign_in()
    page = reader.page
    line = begin(reader)
    place(reader, "Jobs")
    row = page.locator(".job")
    expect(row).to_contain_text("3 photos")
    expect(row.locator(".chip")).to_have_text("sending")
    expect(page.get_by_text("Nothing has been sent yet.")).to_be_hidden()
    place(reader, "Protect")
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    expect(page.get_by_role("progressbar", name="Sent")).to_be_visible()
    expect(page.locator("#send")).to_be_disabled()
    reader.choose(("more.png", picture(9)))
    expect(page.locator("#send")).to_be_disabled()
    expect(page.get_by_text("Wait until the photos before are sent.")).to_be_visible()
    assert len(line.routes) == 1
    line.let_go()
    # Who has gathered more meanwhile is not taken away from it.
    expect(page.get_by_role("link", name="everything is on the server")).to_be_visible()
    expect(page.locator(".staged")).to_have_count(1)
    assert [job["counts"]["total"] for job in jobs(service)] == [3]
    expect(page.get_by_label("Class of more.png")).to_have_value("")


def test_its_end_leaves_readers_of_other_views_where_they_are(service, open_page):
    reader = open_page(service).sign_in()
    page = reader.page
    line = begin(reader, 1)
    place(reader, "Jobs")
    expect(page.locator(".job .chip")).to_have_text("sending")
    line.let_go()
    expect(page.locator(".job a")).to_have_attribute("href", re.compile("#/jobs/job_"))
    assert page.url.endswith("#/jobs")
    # Back in the view that sends, there is nothing left of it.
    place(reader, "Protect")
    expect(page.get_by_text("Choose photos first.")).to_be_visible()
    expect(page.locator(".sending")).to_be_empty()


def test_what_is_stopped_after_a_look_elsewhere_is_still_there(service, open_page):
    reader = open_page(service).sign_in()
    page = reader.page
    begin(reader)
    place(reader, "Jobs")
    place(reader, "Protect")
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_text("Stopped. What was not sent is still in the list.")).to_be_visible()
    expect(page.locator(".staged")).to_have_count(3)
    expect(page.locator("#send")).to_be_enabled()
    assert jobs(service) == []


def test_a_refusal_during_a_look_elsewhere_is_told_there_and_back(service, open_page):
    reader = open_page(service).sign_in()
    page = reader.page
    line = begin(reader)
    place(reader, "Jobs")
    problem = '{"code": "body_too_large", "detail": "It is too large."}'
    line.routes.pop().fulfill(status=413, body=problem)
    expect(page.locator(".job")).to_contain_text("Photos that were not sent")
    expect(page.locator(".job")).to_contain_text("It is too large.")
    page.locator(".job a").click()
    expect(page.locator(".sending").get_by_role("alert")).to_contain_text("It is too large.")
    expect(page.locator(".staged")).to_have_count(3)


def test_who_signs_out_ends_the_transfer(service, open_page):
    reader = open_page(service).sign_in()
    begin(reader)
    reader.page.get_by_role("button", name="Sign out").click()
    reader.sign_in()
    expect(reader.page.locator(".staged")).to_have_count(0)
    expect(reader.page.locator(".sending")).to_be_empty()
    assert jobs(service) == []


def test_the_wait_before_the_next_try_counts_down(service, open_page):
    reader = open_page(service).sign_in()
    page = reader.page
    reader.page.clock.install()
    line = begin(reader)
    problem = '{"code": "draining", "detail": "The service is stopping."}'
    line.routes.pop().fulfill(status=503, headers={"Retry-After": "60"}, body=problem)
    timer = page.get_by_role("timer")
    expect(page.get_by_text("The same photos go out again in 60 seconds")).to_be_visible()
    for _ in range(3):
        page.clock.run_for(7000)
    expect(timer).to_have_text(re.compile("^3[5-9] seconds$"))
    # The view that is come back to counts on.
    place(reader, "Jobs")
    place(reader, "Protect")
    seconds = [int(timer.inner_text().split()[0])]
    for _ in itertools.repeat(None, 2):
        page.clock.run_for(5000)
        seconds.append(int(timer.inner_text().split()[0]))
    assert seconds[0] > seconds[1] > seconds[2]
    page.clock.run_for(30_000)
    line.wait()
    line.let_go()
    expect(page.locator(".job-head")).to_be_visible()
    assert len(jobs(service)) == 1
