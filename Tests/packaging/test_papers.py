"""The papers: their links lead somewhere, the index is whole, the licence is the licence."""

import json
import pathlib
import re
import struct

import pytest
from places import ROOT

PAPERS = sorted(
    path.relative_to(ROOT)
    for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("Training/*.md")]
)


def anchors(text):
    """The anchors of a document's headings, as GitHub makes them."""
    text = re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)
    for heading in re.findall(r"^#+ (.*)$", text, re.M):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        yield re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")


@pytest.mark.parametrize("paper", PAPERS, ids=str)
def test_every_link_leads_somewhere(paper):
    text = re.sub(r"^```.*?^```", "", (ROOT / paper).read_text(), flags=re.M | re.S)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"\w+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (ROOT / paper).parent / path if path else ROOT / paper
        assert file.exists(), f"{paper}: {target}"
        if anchor:
            assert anchor in set(anchors(file.read_text())), f"{paper}: {target}"


def test_the_index_has_every_page():
    index = (ROOT / "docs/README.md").read_text()
    linked = set(re.findall(r"\]\((\w[\w-]*\.md)\)", index))
    assert linked == {path.name for path in (ROOT / "docs").glob("*.md")} - {"README.md"}


def test_the_licence_is_that_of_debian_and_of_the_weights():
    debian = pathlib.Path("/usr/share/common-licenses/Apache-2.0")
    assert (ROOT / "LICENSE").read_text().split() == debian.read_text().split()
    weights = (ROOT / "Sources/DeepHiding/Resources/deep-hiding.safetensors").read_bytes()
    (length,) = struct.unpack("<Q", weights[:8])
    assert "Apache-2.0" in json.loads(weights[8 : 8 + length])["__metadata__"]["licence"]
