"""What goes wrong, and how the page says so."""

import datetime
import re

import pytest
from browsing import picture
from playwright.sync_api import expect
from service import FIXTURES

# A name that would run as markup, if it ever became markup.
HOSTILE = "<img src=x onerror='window.hacked=true'>.png"


def test_what_is_no_photo_is_refused_at_once_with_the_reason(service, open_page):
    reader = open_page(service).sign_in()
    good = picture(1)
    reader.choose(
        ("good.png", good), ("empty.jpg", b""), ("notes.jpg", b"no picture"),
        ("clip.gif", b"GIF89a"), ("Thumbs.db", b"x"),
    )  # fmt: skip
    expect(reader.page.locator(".refused h2")).to_have_text("4 files are not taken")
    expect(reader.page.locator(".refused li")).to_have_text(
        [
            "empty.jpg – the file is empty",
            "notes.jpg – not a JPEG, PNG, WebP, HEIC or AVIF by its content",
            "clip.gif – not a JPEG, PNG, WebP, HEIC or AVIF by its content",
            "Thumbs.db – a hidden file, no photo",
        ]
    )
    expect(reader.page.locator(".staged")).to_have_count(1)
    reader.name_class("a")
    reader.send()
    assert reader.finished() == "done"


def test_a_broken_file_fails_alone_and_only_what_may_succeed_is_tried_again(service, open_page):
    whole = (FIXTURES / "parrots.jpg").read_bytes()
    reader = open_page(service).sign_in()
    reader.choose(
        ("broken.jpg", whole[: len(whole) // 2]), ("good.png", picture(2)),
        ("worse.png", picture(3)[:60]),
    )  # fmt: skip
    reader.name_class("a")
    job = reader.send()
    assert reader.finished() == "partly"
    failures = {
        image["source"]: image["error"]["detail"]
        for image in service.get(f"/v1/jobs/{job}").json["failures"]
    }
    assert set(failures) == {"broken.jpg", "worse.png"}
    for name, detail in failures.items():
        expect(reader.row(name)).to_have_attribute("data-state", "failed")
        expect(reader.row(name)).to_contain_text(detail)
    expect(reader.row("good.png")).to_have_attribute("data-state", "done")
    # Neither would end otherwise a second time.
    retry = reader.page.get_by_role("button", name=re.compile("^Try "))
    expect(retry).to_have_count(0)

    # As if the service's disk had been the reason for one of them.
    def blame_the_disk(route):
        answer = route.fetch()
        document = answer.json()
        for image in document.get("failures", []) + document.get("images", []):
            if image["source"] == "worse.png" and image.get("error"):
                image["error"]["code"] = "storage_failed"
        route.fulfill(response=answer, json=document)

    reader.page.route("**/events", lambda route: route.abort())
    reader.page.route(f"**/v1/jobs/{job}", blame_the_disk)
    reader.page.route(f"**/v1/jobs/{job}/images?*", blame_the_disk)
    reader.page.reload()
    expect(retry).to_have_count(2)
    expect(reader.row("worse.png").get_by_role("button", name="Try again")).to_be_visible()
    for button, numbers in (("Try again: worse.png", [3]), ("Try all failed again", [1, 3])):
        before = service.get(f"/v1/jobs/{job}/images").json["images"]
        with reader.page.expect_response(lambda answer: "/retry" in answer.url) as answer:
            reader.page.get_by_role("button", name=button).click()
        assert answer.value.status == 202
        # The answer is the job with the images queued, before any worker has taken one.
        counts = answer.value.json()["counts"]
        assert counts["done"] == 1 and counts["failed"] == 2 - len(numbers)
        assert reader.finished() == "partly"
        assert before[1] == service.get(f"/v1/jobs/{job}/images").json["images"][1]


def test_a_preview_of_a_broken_photo_says_why(service, open_page):
    reader = open_page(service).sign_in()
    whole = (FIXTURES / "parrots.jpg").read_bytes()
    reader.choose(("broken.jpg", whole[: len(whole) // 2]))
    reader.page.get_by_role("button", name="Preview: broken.jpg").click()
    expect(reader.page.locator(".preview .figures")).to_contain_text("image_truncated")


def test_names_are_text_and_never_markup(service, open_page):
    reader = open_page(service).sign_in()
    reader.choose((HOSTILE, picture(4)), (HOSTILE + ".txt", b"no picture"))
    expect(reader.page.locator(".refused li b")).to_have_text(HOSTILE + ".txt")
    label = "<img src=x onerror=window.hacked=true>"
    reader.name_class(label)
    expect(reader.page.locator(".staged .name")).to_contain_text(HOSTILE)
    reader.page.get_by_text("The same with curl").click()
    reader.send()
    reader.finished()
    expect(reader.row(HOSTILE)).to_contain_text(label)
    reader.page.get_by_role("button", name=f"Compare: {HOSTILE}").click()
    expect(reader.page.locator("dialog h2")).to_contain_text("img src=x onerror")
    expect(reader.page.locator("dialog .figures")).to_be_visible()
    reader.page.reload()
    expect(reader.row(HOSTILE)).to_be_visible()
    assert reader.page.locator("img[src=x]").count() == 0
    assert reader.page.evaluate("window.hacked") is None


def test_a_server_that_is_killed_while_it_receives_gets_the_same_job_again(
    make_service, open_page
):
    service = make_service()
    reader = open_page(service).sign_in()
    # So slow that the transfer cannot end before the server does.
    reader.context.new_cdp_session(reader.page).send(
        "Network.emulateNetworkConditions",
        {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 200_000},
    )
    names = [f"{number}.png" for number in range(4)]
    reader.choose(*[(name, picture(n, side=256, format="PNG") + bytes(300_000)) for n, name
                    in enumerate(names)])  # fmt: skip
    reader.name_class("a")
    reader.page.locator("#send").click()
    service.wait_for(
        lambda: any(path.stat().st_size for path in (service.data / "tmp").rglob("*")
                    if path.is_file()),
        "a part of the upload",
    )  # fmt: skip
    service.kill()
    expect(reader.page.get_by_text("The service cannot be reached or is busy.")).to_be_visible()
    reader.context.new_cdp_session(reader.page).send(
        "Network.emulateNetworkConditions",
        {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1},
    )
    service.extra += ["--bind", f"127.0.0.1:{service.port}"]
    service.start()
    expect(reader.page.locator(".job-head")).to_be_visible()
    reader.finished()
    (job,) = service.get("/v1/jobs").json["jobs"]
    assert job["counts"]["total"] == 4


def test_a_job_goes_on_after_its_server_was_killed_and_the_page_sees_it(make_service, open_page):
    service = make_service()
    reader = open_page(service).sign_in()
    names = [f"{number}.png" for number in range(12)]
    reader.choose(*[(name, picture(n, side=700)) for n, name in enumerate(names)])
    reader.name_class("a")
    job = reader.send()
    service.kill()
    expect(reader.page.get_by_role("alert")).to_contain_text("Your photos are safe there")
    service.extra += ["--bind", f"127.0.0.1:{service.port}"]
    service.start()
    assert reader.finished() == "done"
    assert service.get(f"/v1/jobs/{job}").json["counts"]["done"] == 12
    expect(reader.page.locator("li.image[data-state=done]")).to_have_count(12)


def test_without_streams_the_page_asks(service, open_page):
    reader = open_page(service)
    reader.page.route("**/events", lambda route: route.abort())
    reader.sign_in()
    reader.choose(("a.png", picture(5, side=300)), ("b.png", picture(6, side=300)))
    reader.name_class("a")
    reader.send()
    assert reader.finished() == "done"
    expect(reader.page.locator("li.image[data-state=done]")).to_have_count(2)


@pytest.mark.parametrize("how", ["expired", "revoked"])
def test_a_key_that_ends_brings_back_the_sign_in_and_loses_nothing(service, open_page, how):
    made = service.get(
        "/v1/keys", "--json", f'{{"name": "{how}", "scopes": ["submit", "read"]}}'
    ).json
    reader = open_page(service).sign_in(made["secret"])
    reader.choose(("a.png", picture(7)))
    reader.name_class("a")
    path = f"/v1/keys/{made['id']}"
    if how == "revoked":
        assert service.get(f"{path}/revoke", "--request", "POST").status == 200
    else:
        end = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=2)
        change = f'{{"expires_at": "{end:%Y-%m-%dT%H:%M:%S}Z"}}'
        kind = "Content-Type: application/merge-patch+json"
        changed = service.get(path, "--request", "PATCH", "--header", kind, "--data", change)
        assert changed.status == 200, changed
        service.wait_for(
            lambda: service.curl("/v1/jobs", key=made["secret"]).status == 401, "the key to expire"
        )
    reader.page.locator("#send").click()
    expect(reader.page.get_by_role("alert")).to_contain_text("has expired or was revoked")
    assert reader.page.evaluate("sessionStorage.getItem('palimpsest-key')") is None
    reader.sign_in()
    expect(reader.page.locator(".staged")).to_contain_text("a.png")
    reader.send()
    assert reader.finished() == "done"


def test_a_wrong_key_is_told_and_not_kept(service, open_page):
    reader = open_page(service)
    for wrong in ("plm_wrong", "schlüssel"):
        reader.page.get_by_label("API key").fill(wrong)
        reader.page.get_by_role("button", name="Sign in").click()
        expect(reader.page.get_by_role("alert")).to_contain_text("This key is not known")
        assert reader.page.evaluate("sessionStorage.length") == 0


def test_a_thousand_files(service, open_page):
    reader = open_page(service).sign_in()
    reader.choose(*[(f"{number:04}.png", picture(number, side=8)) for number in range(1000)])
    expect(reader.page.get_by_text("1,000 photos", exact=True)).to_be_visible()
    # Not all are drawn at once.
    assert reader.page.locator(".staged").count() < 100
    reader.name_class("many")
    expect(reader.page.locator("#send")).to_have_text("Protect 1,000 photos")
    job = reader.send()
    assert reader.finished() == "done"
    expect(reader.page.locator(".bars")).to_contain_text("1,000 of 1,000 protected")
    assert service.get(f"/v1/jobs/{job}").json["counts"]["done"] == 1000
    expect(reader.page.locator("li.image")).to_have_count(50)
    reader.page.get_by_role("button", name="Show more").click()
    expect(reader.page.locator("li.image")).to_have_count(100)
    expect(reader.row("0000.png")).to_have_attribute("data-state", "done")
    last = service.get(f"/v1/jobs/{job}/images?cursor=999").json["images"]
    assert [image["source"] for image in last] == ["0999.png"]


def test_a_job_is_cancelled(make_service, open_page):
    service = make_service()
    reader = open_page(service).sign_in()
    reader.choose(*[(f"{n}.png", picture(n, side=1200)) for n in range(20)])
    reader.name_class("a")
    job = reader.send()
    reader.page.get_by_role("button", name="Cancel the job").click()
    reader.page.get_by_role("dialog").get_by_role("button", name="Cancel the job").click()
    reader.finished()
    counts = service.get(f"/v1/jobs/{job}").json["counts"]
    assert counts["cancelled"] > 0 and counts["queued"] == counts["running"] == 0
    expect(reader.page.locator(".bars")).to_contain_text(f"{counts['cancelled']} cancelled")


def test_photos_whose_answer_was_lost_are_not_taken_twice(make_service, open_page):
    service = make_service()
    reader = open_page(service).sign_in()
    answers = []

    def lose_the_first(route):
        answer = route.fetch()
        answers.append(answer.status)
        if len(answers) == 1:
            route.abort("connectionreset")
        else:
            route.fulfill(response=answer)

    reader.page.route("**/v1/jobs?*preview*", lose_the_first)
    reader.choose(("a.png", picture(8)))
    reader.name_class("a")
    reader.page.locator("#send").click()
    expect(reader.page.locator(".job-head")).to_be_visible()
    assert answers[0] == 202 and len(answers) == 2
    assert len(service.get("/v1/jobs").json["jobs"]) == 1


@pytest.mark.parametrize(
    ("option", "said"),
    [
        (["--max-images-per-job", "2"], "A job may have at most 2 images"),
        (
            ["--max-body-bytes", "1000000", "--max-image-bytes", "1000000"],
            "bytes that are accepted here",
        ),
    ],
)
def test_an_upload_beyond_a_limit_is_refused_and_stays_in_the_list(
    make_service, open_page, option, said
):
    reader = open_page(make_service(*option)).sign_in()
    reader.choose(*[(f"{n}.png", picture(n) + bytes(900_000)) for n in range(3)])
    reader.name_class("a")
    reader.page.locator("#send").click()
    expect(reader.page.locator(".sending").get_by_role("alert")).to_contain_text(said)
    expect(reader.page.locator(".staged")).to_have_count(3)
    expect(reader.page.locator("#send")).to_be_enabled()


def test_who_signs_out_leaves_nothing_in_the_tab(service, open_page):
    reader = open_page(service).sign_in()
    reader.choose(("secret.png", picture(9)))
    reader.name_class("secret")
    reader.page.get_by_role("button", name="Sign out").click()
    expect(reader.page.get_by_label("API key")).to_be_visible()
    assert reader.page.evaluate("sessionStorage.length") == 0
    reader.sign_in()
    expect(reader.page.locator(".staged")).to_have_count(0)
    assert "secret" not in reader.page.content()


def test_who_does_not_want_to_wait_tries_at_once(service, open_page):
    reader = open_page(service).sign_in()
    answers = iter([503])

    def be_busy_once(route):
        if next(answers, None):
            problem = '{"code": "draining", "detail": "The service is stopping."}'
            route.fulfill(status=503, headers={"Retry-After": "3600"}, body=problem)
        else:
            route.continue_()

    reader.page.route("**/v1/jobs?*preview*", be_busy_once)
    reader.choose(("a.png", picture(10)))
    reader.name_class("a")
    reader.page.locator("#send").click()
    expect(reader.page.get_by_text("go out again in 60 minutes")).to_be_visible()
    reader.page.get_by_role("button", name="Try now").click()
    expect(reader.page.locator(".job-head")).to_be_visible()


def test_a_page_that_is_opened_while_the_service_is_away_comes_when_it_is_back(
    make_service, open_page
):
    service = make_service()
    reader = open_page(service).sign_in()
    reader.choose(("a.png", picture(11)))
    reader.name_class("a")
    job = reader.send()
    reader.finished()
    reader.page.get_by_role("link", name="Jobs", exact=True).click()
    expect(reader.page.locator(".job")).to_have_count(1)
    service.kill()
    reader.page.locator(".job a").click()
    # What the page knew of the job stays, below the news.
    away = reader.page.get_by_role("alert")
    expect(away).to_contain_text("The service cannot be reached. Your photos are safe there")
    expect(reader.page.locator(".job-head .chip")).to_have_text("done")
    expect(reader.row("a.png")).to_have_attribute("data-state", "done")
    head = reader.page.locator(".job-head").bounding_box()
    assert away.bounding_box()["y"] < head["y"]
    service.extra += ["--bind", f"127.0.0.1:{service.port}"]
    service.start()
    expect(away).to_have_count(0)
    expect(reader.row("a.png")).to_have_attribute("data-state", "done")
    assert reader.page.url.endswith(job)
