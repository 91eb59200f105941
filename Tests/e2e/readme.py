"""The examples of docs/quickstart.md that tests run."""

import re

from service import ROOT


def example(name):
    """The text of one example, verbatim."""
    found = re.search(
        rf"<!-- example: {name} -->\n```bash\n(.*?)```\n<!-- end -->",
        (ROOT / "docs/quickstart.md").read_text(),
        re.S,
    )
    assert found, name
    return found.group(1)
