"""The documentation made of the contract, and the addresses in problem documents."""

import html.parser
import json
import re
import subprocess
import urllib.parse

import pytest
from conftest import ROOT
from test_openapi import DOCUMENT, operations, resolved


class Anchors(html.parser.HTMLParser):
    """The ids of a page, and the addresses that it names."""

    def __init__(self, text):
        super().__init__()
        self.ids, self.links, self.loaded, self.tags = [], [], [], set()
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.tags.add(tag)
        self.ids += [attributes["id"]] if "id" in attributes else []
        if tag == "a":
            self.links.append(attributes["href"])
        else:
            self.loaded += [attributes[name] for name in ("src", "href") if name in attributes]


@pytest.fixture(scope="module")
def pages(worked):
    found = {}
    for path in ("/docs", "/docs/problems"):
        answer = worked.curl(path)
        assert answer.status == 200
        found[path] = Anchors(answer.body.decode())
    return found


def test_it_was_made_of_this_contract():
    result = subprocess.run(
        [ROOT / "scripts/make-api-docs", "--check"], capture_output=True, text=True, check=False
    )
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_it_has_every_operation_schema_and_code(pages):
    ids = pages["/docs"].ids
    assert {operation["operationId"].lower() for _, _, operation in operations()} <= set(ids)
    assert {f"schema-{name.lower()}" for name in DOCUMENT["components"]["schemas"]} <= set(ids)
    assert set(DOCUMENT["x-problems"]) <= set(pages["/docs/problems"].ids)
    for page in pages.values():
        assert len(page.ids) == len(set(page.ids))


def test_its_links_lead_somewhere_and_it_loads_only_its_own_files(pages, worked):
    for path, page in pages.items():
        assert not {"script", "style", "iframe", "form", "object"} & page.tags
        for address in [*page.links, *page.loaded]:
            target, _, fragment = address.partition("#")
            assert not urllib.parse.urlsplit(address).netloc, address
            if target:
                assert worked.curl(target).status == 200, address
            if fragment:
                assert fragment in pages[target or path].ids, address


def test_links_within_the_markdown_lead_somewhere():
    text = (ROOT / "docs/api.md").read_text()
    # As GitHub makes anchors of headings.
    headings = re.findall(r"^#+ (.*)$", text, re.M)
    anchors = {re.sub(r"[^\w -]", "", one.lower()).replace(" ", "-") for one in headings}
    links = re.findall(r"\]\(#([^)]*)\)", text)
    assert len(links) > 100 and sorted(set(links) - anchors) == []


def test_the_catalogue_has_the_codes_of_all_operations_with_their_statuses():
    documented = {}
    for _, _, operation in operations():
        for status, response in operation["responses"].items():
            for code in resolved(response).get("x-problem-codes", []):
                documented.setdefault(code, set()).add(int(status))
    catalogue = DOCUMENT["x-problems"]
    for code, statuses in documented.items():
        assert statuses <= set(catalogue[code]["status"]), code
    general = DOCUMENT["components"]["schemas"]["Problem"]["description"]
    for code, problem in catalogue.items():
        assert problem["meaning"].endswith("."), code
        assert code in documented or re.search(rf"\b{code}\b", general), code


def test_every_error_of_an_image_is_listed():
    sources = "\n".join(
        path.read_text()
        for folder in ("CodecChild", "CodecHost", "DeepHiding", "HTTPAPI", "Imaging", "JobModel",
                       "JobRunner", "Methods", "Protection", "SQLiteStore")
        for path in sorted((ROOT / "Sources" / folder).rglob("*.swift"))
    )  # fmt: skip
    codes = set(re.findall(r'ImageFailure\(\s*code: "([a-z_]+)"', sources))
    codes |= set(re.findall(r'case \w+ = "(image_[a-z_]+)"', sources))
    assert len(codes) > 12, codes
    assert sorted(codes - set(DOCUMENT["x-image-errors"])) == []


@pytest.mark.parametrize(
    ("path", "options", "code"),
    [
        ("/v1/jobs/none", [], "job_unknown"),
        ("/none", [], "not_found"),
        ("/v1/jobs?limit=0", [], "limit_invalid"),
        ("/v1/jobs", ["--request", "PUT"], "method_not_allowed"),
        ("/v1/jobs", ["--header", "Host: a b"], "host_malformed"),
    ],
)
def test_the_type_of_a_live_problem_leads_to_its_code(pages, worked, path, options, code):
    answer = worked.get(path, *options)
    problem = json.loads(answer.body)
    page, _, fragment = problem["type"].partition("#")
    assert (problem["code"], fragment) == (code, code)
    assert fragment in pages[page].ids
    assert answer.status in DOCUMENT["x-problems"][code]["status"]
