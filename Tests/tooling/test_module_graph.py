"""The architecture's drawing is that of Package.swift, and the files that it names are there."""

import re
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "docs/architecture.md"


def graph(root, *options):
    return subprocess.run([root / "scripts/module-graph", *options], capture_output=True, text=True)


def arrows(text):
    pairs = re.findall(r"^    (\w+) --> (.*)$", text, re.MULTILINE)
    return {module: set(below.split(" & ")) for module, below in pairs}


def test_the_drawing_is_that_of_the_manifest():
    outcome = graph(ROOT, "--check")
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr


def test_a_new_dependency_is_drawn_and_an_old_drawing_is_refused(tmp_path):
    for name in ("Sources", "Migrations", "Public"):
        shutil.copytree(ROOT / name, tmp_path / name)
    for name in ("scripts/module-graph", "docs/architecture.md", "Package.swift"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    manifest = (ROOT / "Package.swift").read_text()
    changed = re.sub(r'(module\(\s*"Archive",\s*\[)', r'\1"PublicFiles", ', manifest, count=1)
    assert changed != manifest
    (tmp_path / "Package.swift").write_text(changed)
    before, after = arrows(graph(ROOT).stdout), arrows(graph(tmp_path).stdout)
    assert after["Archive"] == {"PublicFiles"} and "Archive" not in before
    # What another path implies is not drawn.
    assert "PublicFiles" in before["HTTPAPI"] and "PublicFiles" not in after["HTTPAPI"]
    assert graph(tmp_path, "--check").returncode == 1
    assert graph(tmp_path, "--insert").returncode == 0
    assert graph(tmp_path, "--check").returncode == 0


def test_every_module_of_the_drawing_is_described():
    text = DOCUMENT.read_text()
    drawn = arrows(text)
    modules = set(drawn).union(*drawn.values())
    rows = re.findall(r"^\| (`\w+`(?:, `\w+`)*) \|", text, re.MULTILINE)
    described = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    assert described == modules


def test_every_file_that_the_architecture_names_is_there():
    named = re.findall(r"`([\w+./-]+/[\w+./-]+)`", DOCUMENT.read_text())
    assert len(named) > 30
    missing = [
        name
        for name in named
        if not any(
            (ROOT / f"{place}{name}{end}").exists()
            for place in ("", "Sources/")
            for end in ("", ".swift")
        )
    ]
    assert missing == []
