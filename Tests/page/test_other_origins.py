"""The JavaScript example in a page of another origin, in a real browser."""

import functools
import http.server
import threading

import pytest
from conftest import ROOT
from playwright.sync_api import Error
from service import FIXTURES


@pytest.fixture
def origin(tmp_path):
    """The origin of a server with a page and the example."""
    (tmp_path / "index.html").write_text("<!doctype html><title>Elsewhere</title>")
    (tmp_path / "protect.mjs").write_bytes((ROOT / "docs/clients/protect.mjs").read_bytes())
    (tmp_path / "photo.jpg").write_bytes((FIXTURES / "parrots.jpg").read_bytes())
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=tmp_path)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


PROTECT = """async ([service, key]) => {
    const { protect } = await import("/protect.mjs");
    const blob = await (await fetch("/photo.jpg")).blob();
    const archive = await protect(service, key, "birds", [{ name: "parrots.jpg", blob }]);
    const start = new Uint8Array(await archive.slice(0, 4).arrayBuffer());
    return [archive.size, String.fromCharCode(...start)];
}"""


def test_a_listed_origin_may_protect_photos_and_another_may_not(browser, make_service, origin):
    page = browser.new_context().new_page()
    page.goto(origin)
    for origins, allowed in (([origin], True), (["http://127.0.0.1:9"], False), ([], False)):
        service = make_service(*(["--cors-origins", ",".join(origins)] if origins else []))
        if allowed:
            size, start = page.evaluate(PROTECT, [service.url(""), service.key])
            assert start == "PK\x03\x04" and size > 10_000
        else:
            with pytest.raises(Error, match="Failed to fetch"):
                page.evaluate(PROTECT, [service.url(""), service.key])
            assert service.get("/v1/jobs").json["jobs"] == []


def test_a_refusal_can_be_read_elsewhere(browser, make_service, origin):
    page = browser.new_context().new_page()
    page.goto(origin)
    service = make_service("--cors-origins", origin)
    with pytest.raises(Error, match="key_invalid: The API key is not known"):
        page.evaluate(PROTECT, [service.url(""), "plm_wrong"])
