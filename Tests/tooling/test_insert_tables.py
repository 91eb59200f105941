"""The documents show the tables as measured."""

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
