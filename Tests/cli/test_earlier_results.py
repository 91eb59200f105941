"""Repeated calls of `palimpsest protect` into one folder.

Photos are recognised by their hash, and no photo takes over another one's result.
"""

import hashlib
import json
import random
import shutil

import pytest
from pictures import picture, report_of


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def origins(folder):
    """{picture name: hash of the photo named in its report}, for complete results."""
    return {
        path.name: json.loads(report_of(path).read_text())["input_sha256"]
        for path in sorted(folder.glob("*.png"))
    }


def state(folder):
    """Every result with its content and modification time."""
    files = (
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    )
    return {
        path: (path.read_bytes(), path.stat().st_mtime_ns, path.stat().st_ino) for path in files
    }


def kept(before, after):
    return all(after.get(path) == what for path, what in before.items())


@pytest.fixture
def protect(palimpsest, tmp_path):
    def run(*arguments, status=0, source="in"):
        result = palimpsest("protect", source, "--out", "out", *arguments, cwd=tmp_path)
        assert result.returncode == status, result
        return result.stderr

    return run


def test_results_of_other_settings_stay_and_are_told(protect, tmp_path):
    for seed in (1, 2):
        picture(tmp_path / f"in/DCIM/IMG_{seed}.png", side=80, seed=seed)
    words = protect()
    assert "2 photos got the mask of photos" in words and "--mask none protects more" in words
    before = state(tmp_path / "out")
    assert "other settings" not in protect("--skip-existing")
    words = protect("--skip-existing", "--mask", "none")
    assert (
        "2 of these results were made with other settings; --force instead of --skip-existing "
        "replaces them\n"
        in words
    )
    assert state(tmp_path / "out") == before
    assert "mask of photos" not in protect("--force", "--mask", "none")
    reports = [json.loads(path.read_text()) for path in (tmp_path / "out-reports").rglob("IMG_*.json")]
    assert [report["mask"] for report in reports] == ["none", "none"]


def test_a_new_photo_of_an_old_name_gets_the_next_number(protect, tmp_path):
    old = picture(tmp_path / "in/DCIM/b/IMG_1.png", seed=1)
    protect()
    before = state(tmp_path / "out")
    # In path order one photo sorts before it and one after it; a third has a lower-case name.
    first, last = (
        picture(tmp_path / "in/DCIM/a/IMG_1.png", seed=2),
        picture(tmp_path / "in/DCIM/c/IMG_1.png", seed=3)
    )
    small = picture(tmp_path / "in/DCIM/d/img_1.png", seed=4)
    words = protect("--skip-existing")
    expected = {"IMG_1.png": old, "IMG_1-2.png": first, "IMG_1-3.png": last, "img_1-4.png": small}
    assert origins(tmp_path / "out/DCIM") == {
        name: digest(path) for name, path in sorted(expected.items())
    }
    assert kept(before, state(tmp_path / "out"))
    assert "left out 1 photo that has a result\n" in words
    assert (
        "in/DCIM/a/IMG_1.png becomes out/DCIM/IMG_1-2.png: out/DCIM/IMG_1.png was made from "
        "another photo of that name\n"
        in words
    )
    # Existing results stay unchanged, however often the command runs.
    before = state(tmp_path / "out")
    assert protect("--skip-existing").endswith(
        "left out 4 photos that have a result\nnothing to do\n"
    )
    assert state(tmp_path / "out") == before


def test_without_a_flag_the_new_photo_is_protected_and_the_old_one_refused(protect, tmp_path):
    picture(tmp_path / "in/c/z/a.png", seed=1)
    protect()
    before = state(tmp_path / "out")
    new = picture(tmp_path / "in/c/a.png", seed=2)
    words = protect(status=1)
    assert (
        "in/c/z/a.png: output_exists: There is a result for it already, out/c/a.png; --force"
        in words
    )
    assert words.count("output_exists") == 1 and words.endswith(
        "protected 1 of 2 pictures into out; 1 has a result already\n"
    )
    assert origins(tmp_path / "out/c")["a-2.png"] == digest(new) and kept(
        before, state(tmp_path / "out")
    )


@pytest.mark.parametrize("flag", ["", "--skip-existing", "--force"])
def test_a_replaced_photo_gets_a_result_of_its_own(protect, tmp_path, flag):
    photo = picture(tmp_path / "in/c/a.png", seed=1)
    protect()
    before = state(tmp_path / "out")
    picture(photo, seed=9)
    words = protect(*filter(None, [flag]))
    assert (
        "in/c/a.png becomes out/c/a-2.png: out/c/a.png was made from another photo of that name\n"
        in words
    )
    assert origins(tmp_path / "out/c")["a-2.png"] == digest(photo) and kept(
        before, state(tmp_path / "out")
    )
    # The earlier photo returns and is recognised.
    picture(photo, seed=1)
    assert "nothing to do" in protect()


def test_force_overwrites_each_photos_own_result(protect, tmp_path):
    for number, name in enumerate(["b/IMG_1.png", "c/IMG_1.png", "x.png"]):
        picture(tmp_path / "in/c" / name, seed=number)
    protect()
    first = origins(tmp_path / "out/c")
    new = picture(tmp_path / "in/c/a/IMG_1.png", seed=7)
    protect("--force", "--strength", 3)
    assert origins(tmp_path / "out/c") == first | {"IMG_1-3.png": digest(new)}
    for path in (tmp_path / "out/c").iterdir():
        report = json.loads(report_of(path).read_text())
        assert report["strength"] == 3 and report["output_sha256"] == digest(path), path


def test_a_photo_is_known_wherever_it_lies_and_whatever_it_is_called(protect, tmp_path):
    photo = picture(tmp_path / "in/c/a.png", seed=1)
    protect()
    (tmp_path / "in/c/2026").mkdir()
    photo.rename(tmp_path / "in/c/2026/holiday.png")
    assert "left out 1 photo" in protect("--skip-existing")
    # In another class it needs another result, even if files of the first class were moved there.
    shutil.copytree(tmp_path / "in/c", tmp_path / "in/d")
    for out in ("out", "out-reports"):
        shutil.copytree(tmp_path / out / "c", tmp_path / out / "d")
    before = state(tmp_path / "out")
    words = protect("--skip-existing")
    assert set(origins(tmp_path / "out/d")) == {"a.png", "holiday.png"} and kept(
        before, state(tmp_path / "out")
    )
    assert (
        json.loads((tmp_path / "out-reports/d/holiday.json").read_text())["class"] == "d"
        and "left out 1 photo" in words
    )
    (tmp_path / "in/d/2026/holiday.png").rename(tmp_path / "in/d/a.png")
    (tmp_path / "out-reports/d/holiday.json").unlink()
    words = protect("--skip-existing")
    assert "becomes out/d/a-2.png: out/d/a.png was made for the class c\n" in words


def test_copies_have_a_result_each(protect, tmp_path):
    for name in ("a.png", "x/a.png", "b.png"):
        picture(tmp_path / "in/c" / name, seed=1)
    words = protect()
    assert "protected 3 of 3" in words and "becomes" not in words
    assert set(origins(tmp_path / "out/c")) == {"a.png", "a-2.png", "b.png"}
    before = state(tmp_path / "out")
    assert "left out 3 photos" in protect("--skip-existing") and state(tmp_path / "out") == before
    # Another copy gets another result; a missing copy removes none.
    picture(tmp_path / "in/c/y/a.png", seed=1)
    words = protect("--skip-existing")
    assert set(origins(tmp_path / "out/c")) == {"a.png", "a-2.png", "a-3.png", "b.png"} and kept(
        before, state(tmp_path / "out")
    )
    assert "becomes" not in words, "the other photo of that name is the same"
    (tmp_path / "in/c/a.png").unlink()
    assert "left out 3 photos" in protect("--skip-existing")


def test_files_that_are_no_results_are_neither_overwritten_nor_taken_for_done(protect, tmp_path):
    names = ["alone", "broken", "notes", "large", "fine"]
    for number, name in enumerate(names):
        picture(tmp_path / f"in/c/{name}.png", seed=number)
    out = tmp_path / "out/c"
    for name in ("alone", "broken", "large"):
        picture(out / f"{name}.png", seed=77)
    (out / "broken.json").write_text(
        '{"input_sha256": "' + digest(tmp_path / "in/c/broken.png") + '"}'
    )
    (out / "notes.json").write_text("[]")
    with open(out / "large.json", "wb") as file:
        file.truncate(3 << 30)
    before = state_without_large(out)
    for flags in (["--skip-existing"], ["--force"], ["--skip-existing"]):
        words = protect(*flags)
        assert (
            {name.removesuffix(".png") for name in origins_of_ours(out)}
            == {"alone-2", "broken-2", "notes-2", "large-2", "fine"}
        )
        assert kept(before, state_without_large(out))
    assert "left out 5 photos" in words
    shutil.rmtree(out)


def state_without_large(folder):
    return {
        path: (path.read_bytes(), path.stat().st_mtime_ns)
        for path in folder.iterdir()
        if path.name != "large.json"
    }


def origins_of_ours(folder):
    return [
        path.name
        for path in folder.glob("*.png")
        if report_of(path).exists() and path.stem not in ("broken", "large")
    ]


def test_a_file_that_is_no_result_is_named(protect, tmp_path):
    picture(tmp_path / "in/c/a.png", seed=1)
    picture(tmp_path / "out/c/a.png", seed=5)
    words = protect()
    assert words.splitlines(keepends=True)[1] == (
        "in/c/a.png becomes out/c/a-2.png: out/c/a.png is there, and no report on it says "
        "from which photo it was made\n"
    )
    assert protect("--quiet") == ""


def test_what_a_killed_call_left_is_picked_up_under_its_name(protect, tmp_path):
    # A photo directly in the folder makes the folder a class.
    picture(tmp_path / "in/c/0.png", seed=20)
    photos = [
        picture(tmp_path / f"in/c/{folder}/a.png", seed=number)
        for number, folder in enumerate("xyz")
    ]
    protect()
    expected = origins(tmp_path / "out/c")
    assert (
        [expected[name] for name in ("a.png", "a-2.png", "a-3.png")]
        == [digest(path) for path in photos]
    )
    # Killed between writing a report and its picture.
    (tmp_path / "out/c/a-2.png").unlink()
    (tmp_path / "out/c/a-3.png").unlink()
    picture(tmp_path / "in/c/a.png", seed=8)
    words = protect("--skip-existing")
    assert (
        origins(tmp_path / "out/c") == expected | {"a-4.png": digest(tmp_path / "in/c/a.png")}
        and "left out 2 photos" in words
    )
    # The report of an absent photo is not taken over by another photo.
    (tmp_path / "out/c/a-2.png").unlink()
    report = (tmp_path / "out-reports/c/a-2.json").read_bytes()
    photos[1].unlink()
    picture(tmp_path / "in/c/a-2.png", seed=9)
    words = protect("--skip-existing")
    assert (
        (tmp_path / "out-reports/c/a-2.json").read_bytes() == report
        and (tmp_path / "out/c/a-2-2.png").exists()
    )
    assert "out-reports/c/a-2.json is about another photo of that name" in words


def test_a_folder_that_grows_in_any_order_leaves_every_result_as_it_is(protect, tmp_path):
    order = random.Random(15)
    paths = [
        tmp_path / f"in/{label}/{folder}/{name}"
        for label in "ab"
        for folder in "pqrs"
        for name in ("1.png", "2.png", "1-2.png")
    ]
    order.shuffle(paths)
    before, seen = {}, 0
    while paths:
        for _ in range(min(len(paths), order.randint(1, 6))):
            seen += 1
            picture(paths.pop(), side=16, seed=seen)
        protect("--skip-existing")
        after = state(tmp_path / "out")
        assert kept(before, after)
        before = after
        photos = sorted((path.parts[-3], digest(path)) for path in (tmp_path / "in").rglob("*.png"))
        results = sorted(
            (label, origin)
            for label in "ab"
            for origin in origins(tmp_path / "out" / label).values()
        )
        assert results == photos


def test_many_renamed_results_are_not_a_flood(protect, tmp_path):
    for number in range(30):
        picture(tmp_path / f"in/c/{number}.png", side=16, seed=number)
    protect()
    for number in range(30):
        picture(tmp_path / f"in/c/{number}.png", side=16, seed=100 + number)
    words = protect("--skip-existing")
    assert (
        words.count(" becomes out/c/") == 20
        and "\nand 10 more photos get other names for such reasons\n" in words
    )
    assert len(origins(tmp_path / "out/c")) == 60


def test_a_photo_that_cannot_be_read_fails_alone(protect, tmp_path):
    picture(tmp_path / "in/c/a.png", seed=1)
    protect()
    picture(tmp_path / "in/c/b.png", seed=2)
    # A file that opens but cannot be read, not even by root.
    (tmp_path / "in/c/bad.png").symlink_to("/proc/self/mem")
    words = protect("--skip-existing", status=1)
    assert (
        "in/c/bad.png: input_unreadable: " in words
        and "protected 1 of 2 pictures into out; 1 failed" in words
    )
    assert set(origins(tmp_path / "out/c")) == {"a.png", "b.png"}


def test_where_all_have_results_one_sentence_says_so(protect, tmp_path):
    for number in range(60):
        picture(tmp_path / f"in/{number % 3}/{number}.png", side=16, seed=number)
    protect()
    before = state(tmp_path / "out")
    assert protect().endswith(
        "60 photos have results already; nothing to do (--force protects them again)\n"
    )
    assert protect("--quiet") == ""
    assert protect("--skip-existing").endswith(
        "left out 60 photos that have a result\nnothing to do\n"
    )
    assert state(tmp_path / "out") == before
    (tmp_path / "in/1/broken.png").write_bytes(b"no photo")
    words = protect(status=1)
    assert words.count(": output_exists: ") == 60 and words.endswith(
        "into out; 60 have results already; 1 failed\n"
    )
    words = protect("--skip-existing", status=1)
    assert words.endswith("protected 0 of 1 pictures into out; 1 failed\n")


def test_results_of_a_service_need_no_list_of_classes(protect, tmp_path):
    picture(tmp_path / "in/c/a.png", seed=1)
    protect()
    # As `submit` leaves a folder.
    (tmp_path / "out-reports/palimpsest-classes.json").unlink()
    for flags in ([], ["--skip-existing"]):
        assert "palimpsest-classes" not in protect(*flags)
    assert not (tmp_path / "out-reports/palimpsest-classes.json").exists()
    # A failed photo needs none either.
    (tmp_path / "in/c/bad.png").write_bytes(b"no photo")
    assert "palimpsest-classes" not in protect("--skip-existing", status=1)
    assert not (tmp_path / "out-reports/palimpsest-classes.json").exists()
