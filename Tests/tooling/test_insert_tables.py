"""The documents show the tables as measured."""

import json
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "scripts/insert-tables"


def test_every_table_in_the_documents_is_the_measured_one():
    outcome = subprocess.run([SCRIPT, "--check"], capture_output=True, text=True)
    assert outcome.returncode == 0, outcome.stdout


def test_a_table_that_is_out_of_date_is_seen_and_mended(tmp_path):
    (tmp_path / "scripts").mkdir()
    (tmp_path / "docs").mkdir()
    copy = shutil.copy(SCRIPT, tmp_path / "scripts")
    (tmp_path / "result.md").write_text("| a |\n|---|\n| 1 |\n\n- a fact\n")
    (tmp_path / "README.md").write_text(
        "Before\n<!-- table: result.md#1 -->\n| old |\n<!-- end -->\nafter\n"
    )
    (tmp_path / "docs/page.md").write_text("<!-- table: result.md -->\n<!-- end -->\n")
    assert subprocess.run([copy, "--check"], capture_output=True).returncode == 1
    assert "old" in (tmp_path / "README.md").read_text()
    assert subprocess.run([copy]).returncode == 0
    assert (
        (tmp_path / "README.md").read_text()
        == "Before\n<!-- table: result.md#1 -->\n| a |\n|---|\n| 1 |\n<!-- end -->\nafter\n"
    )
    assert "- a fact\n<!-- end -->" in (tmp_path / "docs/page.md").read_text()
    assert subprocess.run([copy, "--check"]).returncode == 0


def test_a_quote_is_the_list_at_its_place_in_the_file(tmp_path):
    (tmp_path / "scripts").mkdir()
    copy = shutil.copy(SCRIPT, tmp_path / "scripts")
    long = "word " * 30 + "end."
    (tmp_path / "texts.json").write_text(json.dumps({"en": {"limits": ["First.", long]}}))
    (tmp_path / "README.md").write_text("<!-- quote: texts.json en limits -->\nold\n<!-- end -->\n")
    assert subprocess.run([copy, "--check"], capture_output=True).returncode == 1
    assert subprocess.run([copy]).returncode == 0
    lines = (tmp_path / "README.md").read_text().splitlines()
    assert lines[1] == "1. First." and lines[2].startswith("2. word word")
    assert len(lines) == 5 and max(map(len, lines)) <= 100 and lines[3].startswith("   word")
    assert " ".join(line.strip() for line in lines[2:4]) == f"2. {long}"
    assert subprocess.run([copy, "--check"]).returncode == 0
