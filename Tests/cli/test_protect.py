"""`palimpsest protect` from outside: files in, files out, exit status, messages."""

import hashlib
import json
import os
import pathlib
import pty
import shutil
import subprocess
import unicodedata

import numpy
import pytest
from pictures import largest_change, picture, report_of, reports_of
from PIL import Image

ROOT = pathlib.Path(__file__).resolve().parents[2]
PHOTOS = ROOT / "Tests/e2e/fixtures"


def tree(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_results_in_the_folder_of_a_class_are_refused_instead_of_leaving_the_class_out(
    palimpsest, tmp_path
):
    photos = [
        picture(tmp_path / f"in/{name}", seed=number)
        for number, name in enumerate(["cat/a.png", "dog/b.png"])
    ]
    for command in (["protect"], ["submit", "--server", "http://127.0.0.1:1"]):
        result = palimpsest(
            command[0],
            "in",
            "--out",
            "in/cat",
            *command[1:],
            cwd=tmp_path,
            variables={"PALIMPSEST_KEY": "k"},
        )
        assert result.returncode == 2 and "would lie among the photos" in result.stderr, result
    assert sorted(path for path in (tmp_path / "in").rglob("*") if path.is_file()) == photos


def test_photos_are_protected_within_the_bound_and_reported(palimpsest, tmp_path):
    out = tmp_path / "out"
    result = palimpsest(
        "protect", PHOTOS / "parrots.jpg", PHOTOS / "hats.png", "--class", "trip", "--out", out
    )
    assert result.returncode == 0, result.stderr
    assert tree(out) == ["trip/hats.png", "trip/parrots.png"]
    assert tree(reports_of(out)) == [
        "palimpsest-classes.json", "trip/hats.json", "trip/parrots.json"
    ]
    report = json.loads(report_of(out / "trip/hats.png").read_text())
    protected = out / "trip/hats.png"
    change = largest_change(PHOTOS / "hats.png", protected)
    assert 0 < change <= 8 and report["linf"] == change and report["bound"] == 8
    assert report["output_sha256"] == hashlib.sha256(protected.read_bytes()).hexdigest()
    assert report["input_sha256"] == hashlib.sha256((PHOTOS / "hats.png").read_bytes()).hexdigest()
    assert report["class"] == "trip" and report["mode"] == "sample-wise"
    assert (report["width"], report["height"]) == Image.open(protected).size


def test_the_list_of_classes_is_a_secret_and_says_so_once(palimpsest, tmp_path):
    os.umask(0o022)
    picture(tmp_path / "in/a/1.png", seed=1)
    picture(tmp_path / "more/b/2.png", seed=2)
    out = tmp_path / "out"
    classes = reports_of(out) / "palimpsest-classes.json"
    words = f"{classes} holds the seed of the semantic images"
    first = palimpsest("protect", tmp_path / "in", "--out", out)
    assert [
        line
        for line in first.stderr.splitlines()
        if line.startswith(words) and "do not publish" in line
    ]
    assert classes.stat().st_mode & 0o777 == 0o600
    assert (out / "a/1.png").stat().st_mode & 0o777 == 0o644
    classes.chmod(0o644)
    second = palimpsest("protect", tmp_path / "more", "--out", out)
    assert second.returncode == 0 and words not in second.stderr
    assert classes.stat().st_mode & 0o777 == 0o600
    assert (
        palimpsest("protect", tmp_path / "in", "--out", tmp_path / "other", "--quiet").stderr == ""
    )


def test_a_class_named_as_a_file_beside_the_classes_gets_another_folder(palimpsest, tmp_path):
    picture(tmp_path / "in/Manifest.json/1.png")
    out = tmp_path / "out"
    result = palimpsest("protect", tmp_path / "in", "--out", out)
    assert result.returncode == 0, result.stderr
    assert tree(out) == ["%4Danifest.json/1.png"]
    assert tree(reports_of(out)) == ["%4Danifest.json/1.json", "palimpsest-classes.json"]
    assert json.loads(report_of(out / "%4Danifest.json/1.png").read_text())["class"] == "Manifest.json"
    loose = picture(tmp_path / "2.png")
    result = palimpsest("protect", loose, "--class", "palimpsest-classes.json", "--out", out)
    assert result.returncode == 0, result.stderr
    assert (out / "%70alimpsest-classes.json/2.png").is_file()
    assert json.loads((reports_of(out) / "palimpsest-classes.json").read_text())["classes"] == {
        "Manifest.json": 0, "palimpsest-classes.json": 1
    }


def test_folders_of_any_script_are_classes_and_two_spellings_are_one(palimpsest, tmp_path):
    decomposed = "Mu\u0308ller"
    names = [
        "Vacaciones 2024",
        "M\u00fcller",
        decomposed,
        "日本",
        "Was? Wann!",
        "con",
        "a.",
        "100 % Wolle",
        "Straße",
        "STRASSE",
    ]
    for seed, name in enumerate(names):
        picture(tmp_path / "in" / name / f"e\u0301te\u0301 {seed}.png", seed=seed)
        picture(tmp_path / "in" / name / "same.png", seed=100 + seed)
    out = tmp_path / "out"
    result = palimpsest("protect", tmp_path / "in", "--out", out)
    assert result.returncode == 0, result.stderr
    folders = (
        {name: name for name in names}
        | {decomposed: "M\u00fcller", "Was? Wann!": "Was%3F Wann!", "con": "%63on", "a.": "a%2E"}
    )
    pictures = {name for name in tree(out) if name.endswith(".png")}
    for seed, name in enumerate(names):
        assert f"{folders[name]}/\u00e9t\u00e9 {seed}.png" in pictures, (name, pictures)
        report = json.loads(report_of(out / folders[name] / f"\u00e9t\u00e9 {seed}.png").read_text())
        assert report["class"] == unicodedata.normalize("NFC", name)
    # Same-named pictures of both spellings, and of classes that share a folder when case is
    # ignored.
    for folder in ("M\u00fcller", "Stra"):
        assert (
            len(
                [
                    name
                    for name in pictures
                    if name.startswith(folder) or name.startswith(folder.upper())
                    if "same" in name
                ]
            )
            == 2
        )
    assert len(pictures) == 2 * len(names)
    assert len({name.casefold() for name in pictures}) == len(pictures)
    classes = json.loads((reports_of(out) / "palimpsest-classes.json").read_text())["classes"]
    assert set(classes) == {unicodedata.normalize("NFC", name) for name in names}
    assert sorted(classes.values()) == list(range(9))
    # The same call again: everything is there.
    before = {name: (out / name).stat().st_mtime_ns for name in tree(out)}
    again = palimpsest("protect", tmp_path / "in", "--out", out, "--skip-existing")
    assert again.returncode == 0, again.stderr
    assert {name: (out / name).stat().st_mtime_ns for name in tree(out)} == before


def test_a_folder_that_is_no_class_says_what_one_is(palimpsest, tmp_path):
    picture(tmp_path / "in/a\u200bb/1.png")
    picture(tmp_path / "in/good/2.png")
    result = palimpsest("protect", tmp_path / "in", "--out", tmp_path / "out")
    assert result.returncode == 1
    (line,) = [line for line in result.stderr.splitlines() if "class_invalid" in line]
    assert "has an invisible character. A class is 1 to 64 characters of any script" in line
    for label in ("a/b", " a", ".a", "x" * 65, ""):
        result = palimpsest(
            "protect", tmp_path / "in/good", "--class", label, "--out", tmp_path / "new"
        )
        assert (
            result.returncode == 2
            and "A class is 1 to 64 characters" in result.stderr
            and not (tmp_path / "new").exists()
        )


def test_the_list_of_classes_has_labels_in_either_spelling(palimpsest, tmp_path):
    out = tmp_path / "out"
    picture(tmp_path / "in/M\u00fcller/1.png", seed=1)
    picture(tmp_path / "in/b/1.png", seed=2)
    assert palimpsest("protect", tmp_path / "in", "--out", out).returncode == 0
    path = reports_of(out) / "palimpsest-classes.json"
    document = json.loads(path.read_text())
    # As an editor on another system may save it.
    document["classes"] = {"Mu\u0308ller": 5, "b": 3}
    path.write_text(json.dumps(document, ensure_ascii=False))
    picture(tmp_path / "more/M\u00fcller/2.png", seed=3)
    picture(tmp_path / "more/new/2.png", seed=4)
    assert palimpsest("protect", tmp_path / "more", "--out", out).returncode == 0
    assert json.loads(path.read_text())["classes"] == {"M\u00fcller": 5, "b": 3, "new": 6}
    document["classes"] = {"a/b": 1}
    path.write_text(json.dumps(document))
    result = palimpsest("protect", tmp_path / "more", "--out", out, "--force")
    assert (
        result.returncode == 1
        and f"{path} has an invalid class: a/b. This class has a slash" in result.stderr
    )


def test_a_picture_in_which_nothing_can_be_hidden_fails(palimpsest, tmp_path):
    picture(tmp_path / "in/c/good.png")
    Image.new("RGBA", (40, 30), (9, 90, 200, 0)).save(tmp_path / "in/c/clear.png")
    result = palimpsest("protect", tmp_path / "in", "--out", tmp_path / "out")
    assert result.returncode == 1
    assert f"{tmp_path}/in/c/clear.png: image_unchanged: " in result.stderr
    assert [name for name in tree(tmp_path / "out") if name.endswith(".png")] == ["c/good.png"]


def test_first_folder_is_the_class_and_hidden_files_are_passed_over(palimpsest, tmp_path):
    source = tmp_path / "in"
    picture(source / "cats/deep/er/a.png", seed=1)
    picture(source / "dogs/b.png", seed=2)
    picture(source / "loose.png", seed=3)
    picture(source / ".hidden/c.png", seed=4)
    picture(source / "dogs/.d.png", seed=5)
    out = tmp_path / "out"
    result = palimpsest("protect", source, "--out", out)
    assert result.returncode == 1
    assert f"{source}/loose.png: class_missing: " in result.stderr
    assert [name for name in tree(out) if name.endswith(".png")] == ["cats/a.png", "dogs/b.png"]
    assert (
        palimpsest("protect", source / "loose.png", "--class", "cats", "--out", out).returncode == 0
    )
    assert (out / "cats/loose.png").is_file()


def test_one_bad_file_stops_nothing_and_has_its_own_error(palimpsest, tmp_path):
    source = tmp_path / "in"
    for number in range(5):
        picture(source / f"c/{number}.png", seed=number)
    (source / "c/1.png").write_bytes((source / "c/1.png").read_bytes()[:100])
    (source / "c/text.jpg").write_text("no picture")
    (source / "c/empty.jpg").write_bytes(b"")
    (source / "c/gone.png").symlink_to("/nonexistent")
    out = tmp_path / "out"
    result = palimpsest("protect", source, "--out", out)
    assert result.returncode == 1
    lines = result.stderr.splitlines()
    for name, code in [
        ("1.png", "image_truncated"), ("text.jpg", "image_unsupported"),
        ("empty.jpg", "image_empty"),
        ("gone.png", "input_unreadable"),
    ]:  # fmt: skip
        assert any(line.startswith(f"{source}/c/{name}: {code}: ") for line in lines), (name, lines)
    assert sorted(path.stem for path in (out / "c").glob("*.png")) == ["0", "2", "3", "4"]
    assert lines[-1] == f"protected 4 of 8 pictures into {out}; 4 failed"


def test_files_in_folders_that_are_no_pictures_are_passed_over_in_one_line(palimpsest, tmp_path):
    source, out = tmp_path / "in", tmp_path / "out"
    picture(source / "c/a.PNG")
    picture(source / "c/hidden.png", seed=1).rename(source / "c/no-extension")
    (source / "c/moving.gif").write_bytes(b"GIF89a" + bytes(100))
    for name in ("note.txt", "b.json", "Thumbs.db"):
        (source / "c" / name).write_text("no picture")
    (source / "c/gone").symlink_to("/nonexistent")
    result = palimpsest("protect", source, "--out", out)
    assert result.returncode == 1
    assert sorted(path.stem for path in (out / "c").glob("*.png")) == ["a", "no-extension"]
    lines = [line for line in result.stderr.splitlines() if str(source) in line]
    words = "1 of the system, 2 sidecars, 1 link or device"
    assert lines[0] == f"passed over 4 files, such as {source}/c/Thumbs.db ({words})"
    assert len(lines) == 2 and lines[1].startswith(f"{source}/c/moving.gif: image_unsupported: ")
    # A file named explicitly is meant to be a photo.
    result = palimpsest("protect", source / "c/note.txt", "--class", "c", "--out", out, "--quiet")
    assert result.returncode == 1 and f"{source}/c/note.txt: image_unsupported: " in result.stderr
    (source / "c/moving.gif").unlink()
    result = palimpsest("protect", source, "--out", tmp_path / "other", "--quiet")
    assert (result.returncode, result.stderr) == (0, "")


def test_nothing_to_protect_is_status_2_with_one_sentence(palimpsest, tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "texts/c").mkdir(parents=True)
    (tmp_path / "texts/c/note.txt").write_text("no picture")
    for number in range(3):
        picture(tmp_path / f"loose/{number}.png", seed=number)
    for name, sentence in [
        ("empty", "There is no picture in empty."),
        ("texts", "There is no picture in texts; the one file there is not a picture."),
        ("loose", "None of the 3 photos lies in a class folder; name their class by --class NAME."),
        ("loose/1.png", "The photo lies in no class folder; name its class by --class NAME."),
    ]:
        result = palimpsest("protect", name, "--out", "out", cwd=tmp_path)
        assert (result.returncode, result.stderr) == (2, f"Error: {sentence}\n")
    assert tree(tmp_path / "out") == []
    assert (
        palimpsest("protect", "loose", "--class", "c", "--out", "out", cwd=tmp_path).returncode == 0
    )


def test_results_are_never_overwritten_without_force(palimpsest, tmp_path):
    photo, other = picture(tmp_path / "a.png"), picture(tmp_path / "b.png", seed=2)
    out = tmp_path / "out"
    assert palimpsest("protect", photo, "--class", "c", "--out", out).returncode == 0
    before = (out / "c/a.png").read_bytes()
    result = palimpsest("protect", photo, other, "--class", "c", "--out", out, "--strength", 2)
    assert (
        result.returncode == 1
        and f"{photo}: output_exists: There is a result for it already, {out}/c/a.png; "
        in result.stderr
    )
    assert result.stderr.endswith(f"protected 1 of 2 pictures into {out}; 1 has a result already\n")
    assert (out / "c/a.png").read_bytes() == before
    assert (
        palimpsest(
            "protect", photo, "--class", "c", "--out", out, "--force", "--strength", 2
        ).returncode
        == 0
    )
    assert (
        (out / "c/a.png").read_bytes() != before
        and json.loads(report_of(out / "c/a.png").read_text())["strength"] == 2
    )
    assert tree(out) == ["c/a.png", "c/b.png"]


def test_an_interrupted_call_goes_on_with_what_is_left(palimpsest, tmp_path):
    photos = [picture(tmp_path / f"in/c/{number}.png", seed=number) for number in range(3)]
    out = tmp_path / "out"
    assert palimpsest("protect", photos[1], "--class", "c", "--out", out).returncode == 0
    before = (out / "c/1.png").read_bytes()
    result = palimpsest("protect", tmp_path / "in", "--out", out, "--skip-existing")
    assert result.returncode == 0 and "left out 1 photo that has a result" in result.stderr
    assert "protected 2 of 2 pictures" in result.stderr
    assert (out / "c/1.png").read_bytes() == before and (out / "c/2.png").exists()
    again = palimpsest("protect", tmp_path / "in", "--out", out, "--skip-existing")
    assert again.returncode == 0 and "left out 3 photos that have a result" in again.stderr
    assert (
        palimpsest(
            "protect", tmp_path / "in", "--out", out, "--skip-existing", "--force"
        ).returncode
        == 2
    )


def test_a_call_that_protects_nothing_leaves_nothing(palimpsest, tmp_path):
    bad = tmp_path / "bad.png"
    bad.write_text("no picture")
    for out in (tmp_path / "new", tmp_path / "there"):
        if out.name == "there":
            out.mkdir()
        for file in (bad, tmp_path / "absent.png"):
            result = palimpsest("protect", file, "--class", "c", "--out", out)
            assert result.returncode == 1 and "palimpsest-classes.json" not in result.stderr, result
        assert out.exists() == (out.name == "there") and not tree(tmp_path / "there")


def test_results_do_not_go_among_the_photos(palimpsest, tmp_path):
    picture(tmp_path / "in/c/a.png")
    before = tree(tmp_path)
    for out in (tmp_path / "in", f"{tmp_path}/in/../in/"):
        result = palimpsest("protect", tmp_path / "in", "--out", out)
        assert result.returncode == 2 and "name another folder by --out" in result.stderr, result
    assert tree(tmp_path) == before
    # Neither it nor the folder of the reports is searched for photos.
    for _ in range(2):
        assert (
            palimpsest(
                "protect", tmp_path / "in", "--out", tmp_path / "in/out", "--force"
            ).returncode
            == 0
        )
    assert tree(tmp_path / "in/out") == ["c/a.png"]
    assert len(tree(tmp_path / "in/out-reports/c")) == 1


def test_a_photo_is_never_overwritten_by_its_own_result(palimpsest, tmp_path):
    photo = picture(tmp_path / "c/a.png")
    before = photo.read_bytes()
    result = palimpsest("protect", photo, "--class", "c", "--out", tmp_path, "--force")
    assert result.returncode == 1 and f"{photo}: output_is_input: " in result.stderr
    assert photo.read_bytes() == before


def test_a_report_of_somebody_else_is_not_overwritten_but_a_remnant_is(palimpsest, tmp_path):
    photo = picture(tmp_path / "a.png")
    out = tmp_path / "out"
    assert palimpsest("protect", photo, "--class", "c", "--out", out).returncode == 0
    (out / "c/a.png").unlink()
    assert palimpsest("protect", photo, "--class", "c", "--out", out).returncode == 0
    (out / "c/a.png").unlink()
    report_of(out / "c/a.png").write_text("{}")
    result = palimpsest("protect", photo, "--class", "c", "--out", out)
    assert (
        result.returncode == 0
        and f"{photo} becomes {out}/c/a-2.png: {out}-reports/c/a.json is there, and no report"
        in result.stderr
    )
    assert report_of(out / "c/a.png").read_text() == "{}"
    assert not (out / "c/a.png").exists() and (out / "c/a-2.png").exists()


def test_equal_names_are_numbered_in_the_order_of_the_paths(palimpsest, tmp_path):
    paths = [
        picture(tmp_path / "in/c" / name, seed=index)
        for index, name in enumerate(["a.png", "x/a.png", "y/A.png"])
    ]
    out = tmp_path / "out"
    assert palimpsest("protect", tmp_path / "in", "--out", out).returncode == 0
    assert sorted(path.name for path in (out / "c").glob("*.png")) == [
        "A-3.png", "a-2.png", "a.png"
    ]
    for path, name in zip(paths, ["a", "a-2", "A-3"]):
        report = json.loads(report_of(out / f"c/{name}.png").read_text())
        assert report["input_sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_second_call_goes_on_with_the_same_classes(palimpsest, tmp_path):
    picture(tmp_path / "in/zebra/1.png", seed=1)
    picture(tmp_path / "more/ape/2.png", seed=1)
    picture(tmp_path / "more/zebra/3.png", seed=3)
    out = tmp_path / "out"
    assert (
        palimpsest("protect", tmp_path / "in", "--out", out, "--mode", "class-wise").returncode == 0
    )
    first = json.loads((reports_of(out) / "palimpsest-classes.json").read_text())
    assert (
        palimpsest("protect", tmp_path / "more", "--out", out, "--mode", "class-wise").returncode
        == 0
    )
    second = json.loads((reports_of(out) / "palimpsest-classes.json").read_text())
    assert second["family_seed"] == first["family_seed"] and second["classes"] == {
        "zebra": 0, "ape": 1
    }
    secret = {
        name: json.loads((reports_of(out) / name).read_text())["semantic_image_sha256"]
        for name in tree(reports_of(out))
        if "/" in name
    }
    assert secret["zebra/1.json"] == secret["zebra/3.json"] != secret["ape/2.json"]


def test_the_same_seed_gives_the_same_bytes_and_another_one_others(palimpsest, tmp_path):
    picture(tmp_path / "in/b/1.png", seed=1)
    picture(tmp_path / "in/a/1.png", seed=2)
    results = []
    for name, seed in [("one", "--family-seed=7"), ("two", "--seed=7"), ("three", "--seed=8")]:
        assert (
            palimpsest(
                "protect", tmp_path / "in", "--out", tmp_path / name, seed,
                "--jobs", len(results) + 1,
            ).returncode
            == 0
        )  # fmt: skip
        results.append([(tmp_path / name / path).read_bytes() for path in ("a/1.png", "b/1.png")])
    assert results[0] == results[1] and results[0] != results[2]
    result = palimpsest("protect", tmp_path / "in", "--out", tmp_path / "one", "--seed", 8)
    assert result.returncode == 1 and "another family seed" in result.stderr


def test_fresh_semantic_images_differ_within_a_class_and_are_repeatable(palimpsest, tmp_path):
    for number in range(3):
        picture(tmp_path / f"in/c/{number}.png", seed=number)
    hashes = []
    for name in ("one", "two"):
        result = palimpsest(
            "protect", tmp_path / "in", "--out", tmp_path / name, "--seed", 1,
            "--fresh-semantic-images",
        )  # fmt: skip
        assert result.returncode == 0, result.stderr
        hashes.append(
            [
                json.loads(report_of(tmp_path / name / f"c/{number}.png").read_text())[
                    "semantic_image_sha256"
                ]
                for number in range(3)
            ]
        )
    assert hashes[0] == hashes[1] and len(set(hashes[0])) == 3


def test_no_clip_reports_the_measured_change(palimpsest, tmp_path):
    photo = PHOTOS / "hats.png"
    assert (
        palimpsest(
            "protect", photo, "--class", "c", "--out", tmp_path / "o", "--no-clip",
            "--mode", "sample-wise",
        ).returncode
        == 0
    )  # fmt: skip
    report = json.loads(report_of(tmp_path / "o/c/hats.png").read_text())
    assert report["bound"] is None and report["mode"] == "sample-wise" and not report["clip"]
    assert report["linf"] == largest_change(photo, tmp_path / "o/c/hats.png") > 8


def channels_changed(before, after):
    """The largest change of red, green and blue."""
    first, second = (
        numpy.asarray(Image.open(path).convert("RGB")).astype(int) for path in (before, after)
    )
    return tuple(abs(first - second).max(axis=(0, 1)))


def test_the_mask_of_photos_leaves_red_and_green_nearly_as_they_are(palimpsest, tmp_path):
    photo = PHOTOS / "hats.png"
    for arguments, mask in [
        ([], "photo"),
        (["--mask", "auto"], "photo"),
        (["--mask", "photo"], "photo"),
        (["--mask", "none"], "none"),
    ]:
        out = tmp_path / "-".join(["o", *arguments])
        result = palimpsest("protect", photo, "--class", "c", "--out", out, "--seed", 1, *arguments)
        assert result.returncode == 0, result
        report = json.loads(report_of(out / "c/hats.png").read_text())
        assert report["mask"] == mask and report["bound"] == 8
        red, green, blue = channels_changed(photo, out / "c/hats.png")
        assert 2 < blue <= 8 and (max(red, green) <= 2) == (mask == "photo"), (red, green, blue)
        assert (
            palimpsest(
                "verify", photo, out / "c/hats.png", "--manifest", report_of(out / "c/hats.png")
            ).returncode
            == 0
        )


@pytest.mark.parametrize(("side", "mask"), [(64, "none"), (65, "photo")])
def test_small_pictures_have_no_mask_unless_asked_for(palimpsest, tmp_path, side, mask):
    photo = picture(tmp_path / "a.png", side=side)
    assert (
        palimpsest(
            "protect", photo, "--class", "c", "--out", tmp_path / "o", "--seed", 1
        ).returncode
        == 0
    )
    assert json.loads(report_of(tmp_path / "o/c/a.png").read_text())["mask"] == mask
    assert (
        palimpsest(
            "protect", photo, "--class", "c", "--out", tmp_path / "p", "--seed", 1,
            "--mask", "photo",
        ).returncode
        == 0
    )  # fmt: skip
    assert json.loads(report_of(tmp_path / "p/c/a.png").read_text())["mask"] == "photo"
    assert (
        ((tmp_path / "o/c/a.png").read_bytes() == (tmp_path / "p/c/a.png").read_bytes())
        == (mask == "photo")
    )


def test_a_photo_of_which_the_mask_leaves_nothing_says_what_to_do(palimpsest, tmp_path):
    photo = picture(tmp_path / "a.png", side=80, mode="L")
    result = palimpsest("protect", photo, "--class", "c", "--out", tmp_path / "o", "--strength", 1)
    assert result.returncode == 1 and "image_unchanged" in result.stderr, result
    assert "raise the strength, set the mask to none" in result.stderr
    assert (
        palimpsest(
            "protect", photo, "--class", "c", "--out", tmp_path / "o", "--strength", 1,
            "--mask", "none",
        ).returncode
        == 0
    )  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "Missing expected argument"),
        (["in", "--class", "c"], "--out"),
        (["in", "--out", "o", "--class", "../c"], "class"),
        (["in", "--out", "o", "--strength", "17"], "strength must be a whole number from 1 to 16"),
        (["in", "--out", "o", "--mode", "odd"], "class-wise or sample-wise"),
        (["in", "--out", "o", "--mask", "strong"], "The mask must be auto, photo or none."),
        (["in", "--out", "o", "--working-size", "8"], "from 64 to 1024"),
        (["in", "--out", "o", "--jobs", "0"], "--jobs must be"),
        (
            ["in", "--out", "o", "--weights", "/nonexistent"],
            "deep-hiding.safetensors must lie at ../share/palimpsest/ from",
        ),
        (["in", "--out", "o", "--unknown"], "--unknown"),
    ],
)
def test_wrong_usage_is_status_2_with_a_sentence(palimpsest, tmp_path, arguments, words):
    result = palimpsest("protect", *arguments, cwd=tmp_path)
    assert result.returncode == 2 and words in result.stderr, result.stderr
    assert ("Usage:" in result.stderr) == ("/nonexistent" not in arguments)
    assert result.stdout == "" and tree(tmp_path) == []


def test_weights_that_are_none_are_one_error_for_all(palimpsest, tmp_path):
    photo = picture(tmp_path / "a.png")
    (tmp_path / "bad").write_bytes(b"\xff" * 64)
    result = palimpsest(
        "protect", photo, "--class", "c", "--out", tmp_path / "o", "--weights", tmp_path / "bad"
    )
    assert result.returncode == 1
    # One line besides the classes, without usage, and without a list of classes that no picture
    # needs.
    _, line = result.stderr.splitlines()
    assert line.startswith(
        f"Error: The codec processes do not start with the weights file {tmp_path}/bad: weights_"
    )
    assert "is not a safetensors weights file" in line
    assert not (tmp_path / "o").exists()


def test_names_that_would_move_the_cursor_are_not_printed(palimpsest, tmp_path):
    (tmp_path / "a\x1b[2J\n.png").write_bytes(b"no picture")
    result = palimpsest("protect", tmp_path, "--class", "c", "--out", tmp_path / "o")
    assert (
        result.returncode == 1
        and "\x1b" not in result.stderr
        and "image_unsupported" in result.stderr
    )


def test_a_terminal_gets_a_bar_and_a_pipe_gets_lines(binary, environment, tmp_path):
    for number in range(40):
        picture(tmp_path / f"in/c/{number}.png", seed=number)
    leader, follower = pty.openpty()
    command = [binary, "protect", tmp_path / "in", "--out", tmp_path / "o"]
    process = subprocess.Popen(command, env=environment, stderr=follower)
    os.close(follower)
    shown = b""
    while True:
        try:
            piece = os.read(leader, 4096)
        except OSError:
            break
        if not piece:
            break
        shown += piece
    assert process.wait() == 0
    assert b"\r[" in shown and b"40/40" in shown
    shutil.rmtree(tmp_path / "o")
    piped = subprocess.run(command, env=environment, capture_output=True, check=True)
    assert b"\r" not in piped.stderr and b"20 of 40 pictures\n" in piped.stderr
    shutil.rmtree(tmp_path / "o")
    assert (
        subprocess.run(
            [*command, "--quiet"], env=environment, capture_output=True, check=True
        ).stderr
        == b""
    )


def test_many_small_pictures_are_all_there(palimpsest, tmp_path):
    # Small pictures are sent in batches; none may be lost or swapped.
    for number in range(300):
        picture(tmp_path / f"in/{number % 10}/{number}.png", seed=number)
    result = palimpsest("protect", tmp_path / "in", "--out", tmp_path / "o")
    assert result.returncode == 0
    assert len([name for name in tree(tmp_path / "o") if name.endswith(".png")]) == 300
    for number in range(300):
        source, protected = (
            tmp_path / f"{folder}/{number % 10}/{number}.png" for folder in ("in", "o")
        )
        assert 0 < largest_change(source, protected) <= 8


def test_version_and_help(palimpsest):
    assert palimpsest("version").stdout.startswith("palimpsest ")
    shown = palimpsest("protect", "--help")
    assert shown.returncode == 0
    for word in [
        "palimpsest-classes.json",
        "--family-seed",
        "--fresh-semantic-images",
        "negative control",
        "--force",
    ]:
        assert word in shown.stdout
    assert palimpsest().returncode == 0
    assert palimpsest("paint").returncode == 2


def test_codec_by_hand_ends_instead_of_waiting(palimpsest):
    # Its parent is not process 1, so it must exit.
    result = palimpsest("codec", "--parent", 1, "--model", "m", stdin=subprocess.DEVNULL)
    assert result.returncode == 1


def test_results_that_lie_beside_their_reports_are_not_protected_again(palimpsest, tmp_path):
    first = tmp_path / "first"
    assert (
        palimpsest("protect", PHOTOS / "parrots.jpg", "--class", "birds", "--out", first).returncode
        == 0
    )
    second = tmp_path / "second"
    result = palimpsest("protect", first, "--out", second)
    assert (
        result.returncode == 1 and "/birds/parrots.png: image_already_protected: " in result.stderr
    ), result.stderr
    assert not second.exists()
    assert palimpsest("protect", first, "--out", second, "--force").returncode == 0
    # Without its report, or changed, it is an ordinary picture.
    shutil.copy(first / "birds/parrots.png", tmp_path / "alone.png")
    assert (
        palimpsest(
            "protect", tmp_path / "alone.png", "--class", "c", "--out", tmp_path / "third"
        ).returncode
        == 0
    )
    Image.open(first / "birds/parrots.png").rotate(180).save(first / "birds/parrots.png")
    assert palimpsest("protect", first, "--out", tmp_path / "fourth").returncode == 0
