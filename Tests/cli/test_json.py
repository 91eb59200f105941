"""`--json` of every command, `--dry-run`, and `-` for the standard input and output."""

import json
import re
import shutil
import subprocess

import pytest
from pictures import picture, report_of


def of(result, status=0):
    """The one JSON object on the standard output."""
    assert result.returncode == status, result
    return json.loads(result.stdout)


@pytest.fixture
def photos(tmp_path):
    """Photos of two classes, and one that cannot be read."""
    for number, name in enumerate(("birds/a.png", "birds/b.png", "cats/c.png")):
        picture(tmp_path / "photos" / name, seed=number)
    (tmp_path / "photos/cats/broken.jpg").write_bytes(b"\xff\xd8\xff no photo")
    return tmp_path / "photos"


@pytest.fixture
def served(palimpsest, binary, environment, tmp_path):
    """A data folder that a service has made and left."""
    data = tmp_path / "data"
    process = subprocess.Popen(
        [binary, "serve", "--bind", "127.0.0.1:0", "--data", data, "--jobs", "1"],
        env=environment, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    for line in process.stderr:
        if '"listening"' in line:
            break
    process.terminate()
    process.communicate(timeout=60)
    return data


def test_version(palimpsest, environment):
    version = of(palimpsest("version", "--json"))
    (weights,) = version["weights"]
    assert weights["path"] == environment["PALIMPSEST_WEIGHTS"]
    digest = subprocess.run(["sha256sum", weights["path"]], capture_output=True, text=True)
    assert weights["sha256"] == digest.stdout.split()[0]
    for call in (["--version"], ["version"], ["protect", "--version"]):
        text = palimpsest(*call).stdout
        assert text == (
            f"palimpsest {version['version']}, commit {version['commit']}\n"
            f"weights {weights['path']}, SHA-256 {weights['sha256']}\n"
        )


def test_version_without_weights_says_so(palimpsest, tmp_path):
    missing = {"PALIMPSEST_WEIGHTS": str(tmp_path / "none")}
    version = of(palimpsest("version", "--json", variables=missing))
    assert version["weights"] == [] and str(tmp_path / "none") in version["weights_fault"]


def test_protect_says_which_photo_became_which_file(palimpsest, photos, tmp_path):
    out = tmp_path / "out"
    summary = of(palimpsest("protect", photos, "--out", out, "--json"), status=1)
    assert summary["dry_run"] is False and summary["folder"] == str(out)
    seen = {(each["class"], each["path"], each["picture"]) for each in summary["photos"]}
    assert seen == {
        (path.parent.name, str(path), str(out / path.parent.name / path.name))
        for path in photos.rglob("*.png")
    }
    assert {str(path) for path in out.rglob("*.png")} == {each[2] for each in seen}
    (fault,) = summary["faults"]
    assert fault["path"] == str(photos / "cats/broken.jpg") and fault["code"] and fault["detail"]
    (photos / "cats/broken.jpg").unlink()
    again = of(palimpsest("protect", photos, "--out", out, "--json"))
    assert (again["photos"], again["faults"]) == ([], [])


@pytest.mark.parametrize("command", ["protect", "submit"])
def test_a_dry_run_tells_the_classes_and_changes_nothing(palimpsest, photos, tmp_path, command):
    (photos / "cats/broken.jpg").unlink()
    loose = picture(photos / "loose.png", seed=9)
    out = tmp_path / "out"
    result = palimpsest(command, photos, "--out", out, "--dry-run")
    assert result.returncode == 1, "one photo lies in no class"
    assert result.stdout.splitlines() == [
        f"{name.split('/')[0]}\t{photos / name}\t{out / name}"
        for name in ("birds/a.png", "birds/b.png", "cats/c.png")
    ]
    assert f"{loose}: class_missing: " in result.stderr
    assert not out.exists()
    summary = of(palimpsest(command, photos, "--out", out, "--dry-run", "--json"), status=1)
    assert summary["dry_run"] is True
    assert [each["class"] for each in summary["photos"]] == ["birds", "birds", "cats"]
    assert [each["code"] for each in summary["faults"]] == ["class_missing"]
    assert not out.exists()
    result = palimpsest(command, photos / "birds", "--class", "x", "--out", out, "--dry-run")
    assert result.returncode == 0 and result.stdout.count("x\t") == 2, result


def test_what_a_dry_run_tells_comes_true(palimpsest, photos, tmp_path):
    (photos / "cats/broken.jpg").unlink()
    out = tmp_path / "out"
    planned = of(palimpsest("protect", photos, "--out", out, "--dry-run", "--json"))
    done = of(palimpsest("protect", photos, "--out", out, "--json"))
    by_path = [sorted(each["photos"], key=lambda photo: photo["path"]) for each in (planned, done)]
    assert by_path[0] == by_path[1] and len(by_path[0]) == 3


def test_verify(palimpsest, photos, tmp_path):
    out = tmp_path / "out"
    palimpsest("protect", photos / "birds/a.png", "--class", "x", "--out", out)
    original, protected = photos / "birds/a.png", out / "x/a.png"
    result = of(palimpsest("verify", original, protected, "--json"))
    assert result["is_verified"] is True
    checks = {each["name"]: each.get("is_good") for each in result["findings"]}
    assert checks["largest change"] is checks["transparency"] is True and checks["PSNR"] is None
    same = of(palimpsest("verify", original, original, "--json"), status=1)
    assert same["is_verified"] is False
    assert {"name": "changed at all", "is_good": False} in [
        {name: each.get(name) for name in ("name", "is_good")} for each in same["findings"]
    ]


@pytest.mark.parametrize(
    "arguments",
    [
        ["none.png", "protected.png"], ["original.png", "none.png"],
        ["original.png", "protected.png", "--manifest", "none.json"],
        ["original.png", "protected.png", "--manifest", "original.png"],
        ["original.png", "."], ["original.png"], ["-", "-"],
    ],
)  # fmt: skip
def test_verify_ends_with_2_where_nothing_could_be_checked(palimpsest, tmp_path, arguments):
    picture(tmp_path / "original.png")
    picture(tmp_path / "protected.png", seed=1)
    result = palimpsest("verify", *arguments, cwd=tmp_path)
    assert result.returncode == 2 and result.stderr.startswith("Error: "), result
    assert "erified" not in result.stdout


def test_the_data_folder(palimpsest, served, tmp_path):
    created = of(palimpsest("keys", "create", "alice", "--data", served, "--json"))
    assert created["name"] == "alice" and created["secret"].startswith(created["prefix"])
    shown = of(palimpsest("keys", "show", "alice", "--data", served, "--json"))
    assert shown == {name: value for name, value in created.items() if name != "secret"}
    listed = of(palimpsest("keys", "list", "--data", served, "--json"))
    assert shown in listed["keys"]
    revoked = of(palimpsest("keys", "revoke", "alice", "--data", served, "--json"))
    assert (revoked["id"], revoked["state"]) == (created["id"], "revoked")
    picture(tmp_path / "own/cat/1.png", side=64)
    imported = of(palimpsest("classes", "import", tmp_path / "own", "--data", served, "--json",
                             "--key", "admin"))  # fmt: skip
    assert imported == {"classes": [{"class": "cat", "imported_images": 1}]}
    (listed,) = of(palimpsest("classes", "list", "--data", served, "--json"))["classes"]
    assert (listed["class"], listed["key"], listed["imported_images"]) == ("cat", "admin", 1)
    backup = of(palimpsest("backup", "--data", served, tmp_path / "backup", "--json"))
    assert backup["missing"] == 0 and backup["linked"] + backup["copied"] == 1, backup


def test_the_settings(palimpsest):
    lines = dict(
        line.lstrip("#").split("=", 1) for line in palimpsest("check-config").stdout.splitlines()
    )
    assert of(palimpsest("check-config", "--json")) == lines and len(lines) > 20


def test_every_command_that_tells_something_has_json(palimpsest):
    def commands(command, path=()):
        children = [each for each in command.get("subcommands", []) if each["shouldDisplay"]]
        for child in children:
            yield from commands(child, (*path, child["commandName"]))
        if not children:
            yield path, command.get("arguments", [])

    root = json.loads(palimpsest("--experimental-dump-help").stdout)["command"]
    lacking = {
        path
        for path, arguments in commands(root)
        if "json" not in {name["name"] for each in arguments for name in each.get("names", [])}
    }
    # The log of a service is JSON anyway.
    assert lacking == {("serve",), ("worker",), ("help",)}


def test_a_photo_comes_from_the_standard_input(binary, environment, palimpsest, tmp_path):
    photo, out = tmp_path / "a.png", tmp_path / "out"
    picture(photo)
    command = [binary, "protect", "-", "--class", "x", "--out", out, "--json"]
    with photo.open("rb") as file:
        result = subprocess.run(command, stdin=file, capture_output=True, env=environment)
    piped = subprocess.run(
        [*command, "--skip-existing"], input=photo.read_bytes(), capture_output=True,
        env=environment,
    )  # fmt: skip
    assert (result.returncode, piped.returncode) == (0, 0), (result, piped)
    (named,) = json.loads(result.stdout)["photos"]
    assert named == {"class": "x", "path": "-", "picture": str(out / "x/standard-input.png")}
    report = json.loads(report_of(out / "x/standard-input.png").read_text())
    assert report["source"] == "-"
    assert [path.name for path in out.iterdir()] == ["x"]
    with photo.open("rb") as file:
        checked = subprocess.run(
            [binary, "verify", "-", named["picture"]], stdin=file, capture_output=True, text=True
        )
    assert checked.stdout.splitlines()[-1] == "verified", checked
    # Once is enough, and a class is needed.
    assert palimpsest("protect", "-", "-", "--class", "x", "--out", out).returncode == 2
    with photo.open("rb") as file:
        result = subprocess.run(command[:3] + command[5:7], stdin=file, capture_output=True,
                                env=environment)  # fmt: skip
    assert result.returncode == 2 and b"--class" in result.stderr, result


def test_parallelism_has_one_name(palimpsest):
    for command in ("serve", "protect", "submit"):
        text = palimpsest(command, "--help").stdout
        assert re.search(r"--jobs\b", text), text
    for before in (["serve", "--workers", "x"], ["submit", "in", "--out", "o", "--parallel", "x"]):
        assert "Unknown option" not in palimpsest(*before).stderr


@pytest.mark.skipif(shutil.which("curl") is None, reason="submit needs curl")
def test_a_dry_run_of_submit_asks_nobody(palimpsest, photos, tmp_path):
    result = palimpsest(
        "submit", photos, "--server", "http://127.0.0.1:1", "--out", tmp_path / "out", "--dry-run"
    )
    assert result.returncode == 0 and len(result.stdout.splitlines()) == 4, result
