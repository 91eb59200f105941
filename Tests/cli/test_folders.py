"""`palimpsest protect` on real-world folders: wrappers, nested albums, links, and other files."""

import json
import os
import subprocess

import pytest
from pictures import picture


def results(out):
    return sorted(str(path.relative_to(out)) for path in out.rglob("*.png"))


def line(result, beginning):
    (found,) = [line for line in result.stderr.splitlines() if line.startswith(beginning)]
    return found


# ---- Classes ----


def test_the_classes_are_listed_with_their_counts_in_the_order_of_the_paths(palimpsest, tmp_path):
    for number, name in enumerate(
        ["dogs/1.png", "cats/1.png", "cats/x/2.png", "dogs/z/y/3.png", "cats/4.png"]
    ):
        picture(tmp_path / "in" / name, seed=number)
    result = palimpsest("protect", "in", "--out", "out", cwd=tmp_path)
    assert result.returncode == 0
    assert "classes: cats (3 photos), dogs (2 photos)" in result.stderr.splitlines()
    assert "passed through" not in result.stderr
    # Photos that already have a result still count for their class.
    again = palimpsest("protect", "in", "--out", "out", "--skip-existing", cwd=tmp_path)
    assert "classes: cats (3 photos), dogs (2 photos)" in again.stderr.splitlines()
    assert palimpsest("protect", "in", "--out", "new", "--quiet", cwd=tmp_path).stderr == ""


def test_folders_that_hold_folders_alone_are_passed_through(palimpsest, tmp_path):
    for number, name in enumerate(["Rome/1.png", "Oslo/2.png", "Oslo/fjord/3.png"]):
        picture(tmp_path / "in/Takeout/Google" / name, seed=number)
    (tmp_path / "in/Takeout/index.html").write_text("no photo")
    (tmp_path / "in/.DS_Store").write_bytes(b"x")
    result = palimpsest("protect", "in/", "--out", "out", cwd=tmp_path)
    assert result.returncode == 0, result
    assert results(tmp_path / "out") == ["Oslo/2.png", "Oslo/3.png", "Rome/1.png"]
    assert line(result, "passed through ").startswith("passed through in/Takeout/Google, ")
    assert line(result, "classes: ") == "classes: Oslo (2 photos), Rome (1 photo)"
    # A results folder inside changes nothing, and neither does a photo added to a class.
    picture(tmp_path / "in/Takeout/Google/Rome/4.png", seed=4)
    again = palimpsest("protect", "in", "--out", "in/out", cwd=tmp_path)
    assert again.returncode == 0 and results(tmp_path / "in/out")[-1] == "Rome/4.png"
    more = palimpsest("protect", "in", "--out", "in/out", "--skip-existing", cwd=tmp_path)
    assert (
        more.returncode == 0
        and line(more, "classes: ") == "classes: Oslo (2 photos), Rome (2 photos)"
    )
    assert len(results(tmp_path / "in/out")) == 4


def test_a_single_folder_with_a_photo_in_it_is_the_class(palimpsest, tmp_path):
    picture(tmp_path / "in/trip/0.png", seed=0)
    picture(tmp_path / "in/trip/day1/1.png", seed=1)
    picture(tmp_path / "in/trip/day2/2.png", seed=2)
    result = palimpsest("protect", "in", "--out", "out", cwd=tmp_path)
    assert result.returncode == 0 and line(result, "classes: ") == "classes: trip (3 photos)"
    assert "passed through" not in result.stderr


@pytest.mark.parametrize("loose", [True, False])
def test_the_class_of_an_album_holds_for_its_subfolders(palimpsest, tmp_path, loose):
    picture(tmp_path / "album/day1/1.png", seed=1)
    picture(tmp_path / "album/day 2/deep/2.png", seed=2)
    if loose:
        picture(tmp_path / "album/0.png", seed=3)
    result = palimpsest("protect", "album", "--class", "trip", "--out", "out", cwd=tmp_path)
    assert result.returncode == 0, result
    assert line(result, "classes: ") == f"classes: trip ({2 + loose} photos)"
    assert results(tmp_path / "out") == ["trip/0.png"] * loose + ["trip/1.png", "trip/2.png"]


def test_what_an_earlier_call_made_a_class_stays_one(palimpsest, tmp_path):
    picture(tmp_path / "in/cats/2024/1.png", seed=1)
    picture(tmp_path / "in/dogs/2.png", seed=2)
    assert palimpsest("protect", "in", "--out", "out", cwd=tmp_path).returncode == 0
    assert results(tmp_path / "out") == ["cats/1.png", "dogs/2.png"]
    (tmp_path / "in/dogs/2.png").unlink()
    picture(tmp_path / "in/cats/2025/3.png", seed=3)
    again = palimpsest("protect", "in", "--out", "out", "--skip-existing", cwd=tmp_path)
    assert again.returncode == 0 and line(again, "classes: ") == "classes: cats (2 photos)"
    assert results(tmp_path / "out") == ["cats/1.png", "cats/3.png", "dogs/2.png"]
    # With a results folder that knows none of its classes, it is a wrapper.
    other = palimpsest("protect", "in", "--out", "other", cwd=tmp_path)
    assert line(other, "classes: ") == "classes: 2024 (1 photo), 2025 (1 photo)"


def test_many_classes_are_not_all_named(palimpsest, tmp_path):
    for number in range(23):
        picture(tmp_path / f"in/c{number:02}/1.png", seed=number)
    result = palimpsest("protect", "in", "--out", "out", cwd=tmp_path)
    assert line(result, "classes: ").startswith("classes: c00 (1 photo), c01 (1 photo), ")
    assert line(result, "classes: ").endswith("c19 (1 photo), and 3 more")


def test_bad_folders_and_loose_photos_fail_alone(palimpsest, tmp_path):
    picture(tmp_path / "in/cats/1.png", seed=1)
    picture(tmp_path / f"in/{'x' * 65}/2.png", seed=2)
    picture(tmp_path / "in/3.png", seed=3)
    result = palimpsest("protect", "in", "--out", "out", cwd=tmp_path)
    assert result.returncode == 1 and results(tmp_path / "out") == ["cats/1.png"]
    assert line(result, f"in/{'x' * 65}/2.png: class_invalid: ") and line(
        result, "in/3.png: class_missing: "
    )


# ---- What is passed over ----


def test_what_lies_beside_photos_is_counted_by_its_kind(palimpsest, tmp_path):
    album = tmp_path / "in/trip"
    picture(album / "IMG_0001.png", seed=1)
    (album / "IMG_0001.MOV").write_bytes(b"\0\0\0\x14ftypqt  ")
    for name in (
        "IMG_0001.AAE", "IMG_0001.png.supplemental-metadata.json", "IMG_0001.xmp", "metadata.json"
    ):
        (album / name).write_text("{}")
    # Thumbnails are pictures, but not photos.
    for name in (
        "@eaDir/IMG_0001.png/SYNOPHOTO_THUMB_M.png", "__MACOSX/._IMG_0001.png", ".cache/a.png"
    ):
        picture(album / name, seed=2)
    (album / "Icon\r").write_bytes(b"")
    (album / "backup.tar").write_bytes(b"\0" * 1024)
    os.mkfifo(album / "pipe")
    result = palimpsest("protect", "in", "--out", "out", cwd=tmp_path)
    assert result.returncode == 0 and results(tmp_path / "out") == ["trip/IMG_0001.png"]
    # A skipped folder is not searched, and counts once.
    words = "1 hidden, 3 of the system, 1 video, 4 sidecars, 1 link or device, 1 that is no picture"
    assert line(result, "passed over ") == f"passed over 11 files, such as in/trip/.cache ({words})"


def test_only_such_files_are_told_when_there_is_nothing_else(palimpsest, tmp_path):
    (tmp_path / "in/c").mkdir(parents=True)
    for name in ("a.mov", "b.json"):
        (tmp_path / "in/c" / name).write_bytes(b"x")
    result = palimpsest("protect", "in", "--out", "out", cwd=tmp_path)
    sentence = "There is no picture in in; the 2 files there are not pictures (1 video, 1 sidecar)."
    assert (result.returncode, result.stderr) == (2, f"Error: {sentence}\n")


# ---- Links ----


def test_linked_folders_are_followed_and_circles_are_named(palimpsest, tmp_path):
    picture(tmp_path / "in/cats/1.png", seed=1)
    picture(tmp_path / "elsewhere/2.png", seed=2)
    picture(tmp_path / "elsewhere/inner/3.png", seed=3)
    (tmp_path / "in/dogs").symlink_to("../elsewhere")
    # Link cycles: to the named folder, to one of its parents, and from a linked folder to itself
    # and back.
    (tmp_path / "in/cats/all").symlink_to("..")
    (tmp_path / "in/cats/root").symlink_to("/")
    (tmp_path / "elsewhere/self").symlink_to(".")
    (tmp_path / "elsewhere/back").symlink_to(tmp_path / "in/cats")
    result = palimpsest("protect", "in", "--out", "out", cwd=tmp_path)
    assert result.returncode == 0, result
    assert results(tmp_path / "out") == ["cats/1.png", "dogs/2.png", "dogs/3.png"]
    assert line(result, "classes: ") == "classes: cats (1 photo), dogs (2 photos)"
    left = {
        text.split(": ")[0]
        for text in result.stderr.splitlines()
        if text.startswith("did not follow ")
    }
    assert left == {
        f"did not follow in/{name}" for name in ("cats/all", "cats/root", "dogs/self", "dogs/back")
    }


def test_no_photo_is_taken_twice_for_a_link(palimpsest, tmp_path):
    picture(tmp_path / "in/b/1.png", seed=1)
    # The photo counts for the real folder, although the link sorts first.
    (tmp_path / "in/a").symlink_to("b")
    (tmp_path / "in/c").symlink_to("b/../b")
    result = palimpsest("protect", "in", "--out", "out", cwd=tmp_path)
    assert result.returncode == 0 and results(tmp_path / "out") == ["b/1.png"]
    assert result.stderr.count("did not follow in/") == 2
    # A link named on the command line is followed.
    named = palimpsest("protect", "in/a", "--class", "x", "--out", "named", cwd=tmp_path)
    assert named.returncode == 0 and results(tmp_path / "named") == ["x/1.png"]


def test_a_link_to_the_results_is_not_followed(palimpsest, tmp_path):
    picture(tmp_path / "in/c/1.png", seed=1)
    (tmp_path / "out").mkdir()
    (tmp_path / "in/c/results").symlink_to("../../out")
    for _ in range(2):
        assert palimpsest("protect", "in", "--out", "out", "--force", cwd=tmp_path).returncode == 0
    assert results(tmp_path / "out") == ["c/1.png"]


def test_links_to_photos_are_photos_and_broken_ones_are_faults(palimpsest, tmp_path):
    picture(tmp_path / "real.png", seed=1)
    (tmp_path / "in/c").mkdir(parents=True)
    (tmp_path / "in/c/one.png").symlink_to("../../real.png")
    (tmp_path / "in/c/gone.jpg").symlink_to("nowhere")
    (tmp_path / "in/c/circle").symlink_to("circle")
    result = palimpsest("protect", "in", "--out", "out", cwd=tmp_path)
    assert result.returncode == 1 and results(tmp_path / "out") == ["c/one.png"]
    assert line(result, "in/c/gone.jpg: input_unreadable: ")
    assert line(result, "passed over ") == "passed over 1 file: in/c/circle (1 link or device)"


@pytest.mark.skipif(
    os.geteuid() == 0 and not os.path.exists("/usr/bin/setpriv"), reason="root may read everything"
)
def test_what_cannot_be_looked_at_is_told(binary, environment, tmp_path):
    picture(tmp_path / "in/c/1.png", seed=1)
    (tmp_path / "in/c/closed").mkdir(mode=0)
    (tmp_path / "in/c/more").symlink_to("closed/within")
    tmp_path.chmod(0o777)
    for folder in tmp_path.parents[:2]:
        folder.chmod(0o711)
    command = [binary, "protect", "in", "--out", "out"]
    if os.geteuid() == 0:
        command = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", *command]
    result = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert result.returncode == 1, result
    assert line(
        result, "in/c/closed: input_unreadable: The folder could not be read: Permission denied"
    )
    assert line(result, "in/c/more: input_unreadable: It could not be read: Permission denied")
    assert results(tmp_path / "out") == ["c/1.png"]


# ---- Names ----


def test_the_report_names_the_photo_as_it_was_called(palimpsest, binary, tmp_path):
    name = "in/c/Größe\u202e 1.HEIF.png"
    picture(tmp_path / name, seed=1)
    picture(tmp_path / "in/c/x/Größe\u202e 1.HEIF.png", seed=2)
    assert palimpsest("protect", "in", "--out", "out", cwd=tmp_path).returncode == 0
    sources = {
        path.name: json.loads(path.read_text())["source"]
        for path in (tmp_path / "out-reports/c").glob("*.json")
    }
    assert sorted(sources.values()) == [
        "in/c/Größe\ufffd 1.HEIF.png", "in/c/x/Größe\ufffd 1.HEIF.png"
    ]
    (report,) = [
        path for path in (tmp_path / "out-reports/c").glob("*.json") if "/x/" not in sources[path.name]
    ]
    made = tmp_path / "out/c" / f"{report.stem}.png"
    command = [binary, "verify", tmp_path / name, made, "--manifest", report]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0
    # Reports of an earlier version lack this field, and still verify.
    old = json.loads(report.read_text())
    del old["source"]
    report.write_text(json.dumps(old))
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0


def test_no_published_picture_tells_the_name(palimpsest, tmp_path):
    picture(tmp_path / "in/c/secret-name.png", seed=1)
    assert (
        palimpsest(
            "protect", "in/c/secret-name.png", "--class", "c", "--out", "out", cwd=tmp_path
        ).returncode
        == 0
    )
    assert b"secret-name" not in (tmp_path / "out/c/secret-name.png").read_bytes()
    assert "in/c/secret-name.png" in (tmp_path / "out-reports/c/secret-name.json").read_text()
