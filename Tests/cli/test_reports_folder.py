"""The folder of what is not published: where it is, its files, and what earlier releases left."""

import json
import os
import stat

from pictures import picture, report_of


def files(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def earlier_layout(out):
    """Moves everything to where earlier releases had it: among the pictures."""
    reports = out.with_name(out.name + "-reports")
    for path in sorted(reports.rglob("*")):
        if path.is_file():
            path.rename(out / path.relative_to(reports))
    for path in sorted(reports.rglob("*"), reverse=True):
        path.rmdir()
    reports.rmdir()


def test_what_is_published_holds_pictures_alone(palimpsest, tmp_path):
    picture(tmp_path / "in/c/a.png")
    result = palimpsest("protect", tmp_path / "in", "--out", tmp_path / "out", "--json")
    assert result.returncode == 0, result
    assert files(tmp_path / "out") == ["c/a.png"]
    assert files(tmp_path / "out-reports") == ["c/a.json", "palimpsest-classes.json"]
    seed = tmp_path / "out-reports/palimpsest-classes.json"
    assert stat.S_IMODE(seed.stat().st_mode) == 0o600 and str(seed) in result.stderr
    summary = json.loads(result.stdout)
    assert summary["folder"] == str(tmp_path / "out")
    assert summary["reports"] == str(tmp_path / "out-reports")


def test_another_folder_for_the_reports(palimpsest, tmp_path):
    picture(tmp_path / "in/c/a.png")
    call = ("protect", tmp_path / "in", "--out", tmp_path / "out", "--reports", tmp_path / "kept/x")
    assert palimpsest(*call).returncode == 0
    assert files(tmp_path / "kept/x") == ["c/a.json", "palimpsest-classes.json"]
    assert not (tmp_path / "out-reports").exists()
    assert "nothing to do" in palimpsest(*call).stderr
    # The folder of the pictures itself may be named, which is the layout of earlier releases.
    call = ("protect", tmp_path / "in", "--out", tmp_path / "one", "--reports", tmp_path / "one")
    assert palimpsest(*call).returncode == 0
    assert files(tmp_path / "one") == ["c/a.json", "c/a.png", "palimpsest-classes.json"]


def test_beside_the_working_folder(palimpsest, tmp_path):
    picture(tmp_path / "in/c/a.png")
    (tmp_path / "here").mkdir()
    result = palimpsest("protect", tmp_path / "in", "--out", ".", cwd=tmp_path / "here")
    assert result.returncode == 0, result
    assert files(tmp_path / "here") == ["c/a.png"]
    assert files(tmp_path / "here-reports") == ["c/a.json", "palimpsest-classes.json"]


def test_a_dry_run_leaves_neither_folder(palimpsest, tmp_path):
    picture(tmp_path / "in/c/a.png")
    result = palimpsest("protect", tmp_path / "in", "--out", tmp_path / "out", "--dry-run")
    assert result.returncode == 0 and result.stdout.endswith(f"{tmp_path}/out/c/a.png\n"), result
    assert sorted(os.listdir(tmp_path)) == ["in"]


def test_the_folder_of_the_reports_is_not_searched_for_photos(palimpsest, tmp_path):
    picture(tmp_path / "c/a.png")
    call = ("protect", tmp_path, "--out", tmp_path / "out")
    assert palimpsest(*call).returncode == 0
    result = palimpsest(*call)
    assert result.returncode == 0 and "passed over" not in result.stderr, result


def test_results_of_earlier_releases_are_known_and_their_seed_moves(palimpsest, tmp_path):
    picture(tmp_path / "in/c/a.png")
    out = tmp_path / "out"
    call = ("protect", tmp_path / "in", "--out", out)
    assert palimpsest(*call).returncode == 0
    classes = (tmp_path / "out-reports/palimpsest-classes.json").read_bytes()
    first = (out / "c/a.png").read_bytes()
    earlier_layout(out)
    assert files(out) == ["c/a.json", "c/a.png", "palimpsest-classes.json"]

    result = palimpsest(*call)
    assert result.returncode == 0 and "1 photo has a result already" in result.stderr, result
    picture(tmp_path / "in/c/b.png", seed=1)
    result = palimpsest(*call, "--skip-existing")
    assert result.returncode == 0 and "no longer among the pictures" in result.stderr, result
    # The seed has left the pictures; the old report stays where it is until its picture is remade.
    assert files(out) == ["c/a.json", "c/a.png", "c/b.png"]
    assert (tmp_path / "out-reports/palimpsest-classes.json").read_bytes() == classes

    assert palimpsest(*call, "--force").returncode == 0
    assert files(out) == ["c/a.png", "c/b.png"]
    assert (out / "c/a.png").read_bytes() == first
    assert json.loads(report_of(out / "c/a.png").read_text())["class"] == "c"


def test_what_is_protected_is_refused_by_its_report_wherever_that_lies(palimpsest, tmp_path):
    picture(tmp_path / "in/c/a.png")
    out = tmp_path / "out"
    assert palimpsest("protect", tmp_path / "in", "--out", out).returncode == 0
    again = ("protect", out / "c/a.png", "--class", "c", "--out", tmp_path / "again")
    assert "image_already_protected" in palimpsest(*again).stderr
    earlier_layout(out)
    assert "image_already_protected" in palimpsest(*again).stderr
    (out / "c/a.json").unlink()
    assert palimpsest(*again).returncode == 0
