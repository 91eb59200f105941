"""`palimpsest unlock` gives back the photos of an unpacked archive, and says which it cannot.

A job of photos in several classes comes through the service; what is given back is compared with
the originals by Pillow and numpy.
"""

import io
import json
import os
import pathlib
import shutil
import subprocess
import time
import zipfile

import numpy as np
import pytest
from PIL import Image
from service import BINARY, FIXTURES

PASSPHRASE = "correct horse battery"
OTHER_PASSPHRASE = "another horse battery"

# Counts derivations: each makes the file that COUNTED names a byte longer.
COUNTER = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

int EVP_PBE_scrypt(const char *pass, size_t passlen, const unsigned char *salt, size_t saltlen,
                   uint64_t n, uint64_t r, uint64_t p, uint64_t maxmem, unsigned char *key,
                   size_t keylen) {
    int file = open(getenv("COUNTED"), O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (file < 0 || write(file, ".", 1) != 1 || close(file) != 0) abort();
    int (*derive)(const char *, size_t, const unsigned char *, size_t, uint64_t, uint64_t,
                  uint64_t, uint64_t, unsigned char *, size_t) = dlsym(RTLD_NEXT, "EVP_PBE_scrypt");
    return derive(pass, passlen, salt, saltlen, n, r, p, maxmem, key, keylen);
}
"""


def archive_of(service, photos, passphrase, query=""):
    """The ZIP of a job of photos, each with its class."""
    forms = [
        argument
        for label, photo in photos
        for argument in ("--form", f"class={label}", "--form", f"file=@{photo}")
    ]
    answer = service.get(
        f"/v1/jobs?{query}", *forms, "--header", f"Palimpsest-Recovery-Passphrase: {passphrase}"
    )
    assert answer.status == 202 and answer.json["recovery"] is True, answer
    path = f"/v1/jobs/{answer.json['id']}"
    assert service.finished(path)["state"] == "done"
    return service.get(f"{path}/archive.zip").body


@pytest.fixture(scope="module")
def originals(tmp_path_factory):
    """The photos by the path of what `unlock` makes of them; one has 16 bits."""
    folder = tmp_path_factory.mktemp("photos")
    deep = np.random.default_rng(1).integers(0, 1 << 16, (96, 80), dtype=np.uint16)
    Image.fromarray(deep).save(folder / "deep.png")
    return {
        "birds/parrots.png": FIXTURES / "parrots.jpg",
        "birds/hats.png": FIXTURES / "hats.png",
        "machines & more/plane.png": FIXTURES / "plane.jpg",
        "été/deep.png": folder / "deep.png",
    }


@pytest.fixture(scope="module")
def archives(shared_service, originals):
    """The ZIPs of two jobs: one of all photos, and one with another passphrase."""
    photos = [(name.split("/")[0], photo) for name, photo in originals.items()]
    return (
        archive_of(shared_service, photos, PASSPHRASE, "preview=true"),
        archive_of(shared_service, [("birds", FIXTURES / "hats.png")] * 2, OTHER_PASSPHRASE),
    )


def unpack(archive, folder):
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        opened.extractall(folder)
    return folder


@pytest.fixture
def job(archives, tmp_path):
    """The first job, unpacked."""
    return unpack(archives[0], tmp_path / "job")


@pytest.fixture
def unlock(tmp_path):
    (tmp_path / "passphrase").write_text(PASSPHRASE + "\n")

    def run(folder, *arguments, secret=tmp_path / "passphrase", out=tmp_path / "out", **options):
        command = [BINARY, "unlock", folder, "--out", out, "--passphrase-file", secret]
        return subprocess.run(
            [*command, *arguments], capture_output=True, text=True, timeout=120, **options
        )

    return run


def files(folder):
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir()}


def check(folder, originals, names):
    """Checks that a folder holds these photos, to the last bit, and nothing else."""
    assert files(folder) == set(names)
    for name in names:
        given, original = Image.open(folder / name), Image.open(originals[name])
        assert given.format == "PNG" and given.mode == original.mode
        assert np.array_equal(np.asarray(given), np.asarray(original)), name


def faults(result):
    """The lines `path: reason`, as a dictionary."""
    return dict(
        line.split(": ", 1) for line in result.stderr.splitlines() if line.startswith("/")
    )


def test_every_photo_of_a_job_is_given_back_to_the_last_bit(job, unlock, originals, tmp_path):
    assert {"manifest.json", "manifest.json.sig", "SHA256SUMS", "index.html"} <= files(job)
    assert "birds/hats.before.jpg" in files(job)
    before = files(job)
    result = unlock(job)
    assert (result.returncode, result.stdout) == (0, ""), result
    out = tmp_path / "out"
    assert result.stderr.splitlines()[-1] == f"unlocked 4 of 4 pictures into {out}"
    check(out, originals, originals)
    assert files(job) == before
    assert all((out / name).stat().st_mode & 0o777 == 0o600 for name in originals)


def test_the_result_is_told_as_json_and_quietly(job, unlock, tmp_path):
    (job / "birds/hats.recovery").unlink()
    result = unlock(job, "--json", "--quiet")
    assert result.returncode == 1
    told = json.loads(result.stdout)
    path = str(job / "birds/hats.png")
    assert (told["unlocked"], told["skipped"]) == (3, 0)
    assert [each["file"] for each in told["failed"]] == [path] and told["failed"][0]["detail"]
    assert result.stderr == f"{path}: {told['failed'][0]['detail']}\n"


def test_what_cannot_be_unlocked_is_named_and_stops_nothing_else(
    job, unlock, originals, tmp_path
):
    birds = job / "birds"
    # Changed since: one bit of the picture, and of another recovery file.
    changed = bytearray((birds / "parrots.png").read_bytes())
    changed[len(changed) // 2] ^= 1
    (birds / "parrots.png").write_bytes(changed)
    sealed = bytearray((job / "machines & more/plane.recovery").read_bytes())
    sealed[-1] ^= 1
    (job / "machines & more/plane.recovery").write_bytes(sealed)
    # No recovery file, no picture, and what is no PNG.
    for name in ("lone.png", "lossy.png"):
        shutil.copy(birds / "hats.png", birds / name)
    (birds / "widow.recovery").write_bytes((birds / "hats.recovery").read_bytes())
    Image.open(birds / "lossy.png").save(birds / "a copy.jpg")
    Image.open(birds / "lossy.png").save(birds / "a copy.webp")
    Image.open(birds / "lossy.png").save(birds / "lossy.png", format="JPEG")
    shutil.copy(birds / "hats.recovery", birds / "lossy.recovery")
    # Cut short, in the picture, in the head, and in the content.
    for name, cut in (("p", "png"), ("h", "recovery"), ("c", "recovery")):
        for ending in ("png", "recovery"):
            content = (birds / f"hats.{ending}").read_bytes()
            length = len(content) if ending != cut else 50 if name == "h" else len(content) // 2
            (birds / f"{name}.{ending}").write_bytes(content[:length])
    (birds / "notes.txt").write_text("mine")
    result = unlock(job)
    assert result.returncode == 1, result
    told = faults(result)
    expected = {
        "birds/parrots.png": "was changed since it was delivered",
        "machines & more/plane.png": "plane.recovery cannot be opened: it was changed",
        "birds/lone.png": "There is no recovery file lone.recovery beside it",
        "birds/lossy.png": "It is a JPEG. Only the PNG",
        "birds/a copy.jpg": "It is a JPEG. Only the PNG",
        "birds/a copy.webp": "It is a WebP. Only the PNG",
        "birds/widow.recovery": "The picture widow.png that it belongs to is not beside it",
        "birds/p.png": "was changed since it was delivered",
        "birds/h.png": "h.recovery is not a recovery file, or was cut short",
        "birds/c.png": "c.recovery cannot be opened: it was changed",
    }
    assert set(told) == {str(job / name) for name in expected}
    for name, words in expected.items():
        assert words in told[str(job / name)], (name, told)
    assert result.stderr.splitlines()[-1].startswith("unlocked 2 of 12 pictures into ")
    assert result.stderr.splitlines()[-1].endswith("; 10 failed")
    check(tmp_path / "out", originals, {"birds/hats.png", "été/deep.png"})


def test_a_copy_for_publishing_beside_its_png_is_no_fault(job, unlock, originals, tmp_path):
    Image.open(job / "birds/hats.png").save(job / "birds/hats.jpg")
    result = unlock(job)
    assert result.returncode == 0, result
    check(tmp_path / "out", originals, originals)


def test_a_wrong_passphrase_is_told_once(job, unlock, tmp_path):
    (tmp_path / "wrong").write_text("quite another one")
    result = unlock(job, "--json", secret=tmp_path / "wrong")
    assert result.returncode == 1
    sentence, count = result.stderr.splitlines()
    assert sentence.startswith(f"{job}: The passphrase opens none of 4 recovery files"), result
    assert count.startswith("unlocked 0 of 4 pictures") and count.endswith("; 4 failed"), result
    assert len(json.loads(result.stdout)["failed"]) == 4
    assert not (tmp_path / "out").exists()


def test_a_passphrase_where_a_key_is_wanted_is_told_once(job, tmp_path):
    (tmp_path / "key").write_text("0" * 64)
    result = subprocess.run(
        [BINARY, "unlock", job, "--out", tmp_path / "out", "--key-file", tmp_path / "key"],
        capture_output=True,
        text=True,
    )
    assert result.returncode == 1, result
    assert result.stderr.count("--passphrase-file") == 1, result
    assert not (tmp_path / "out").exists()


def test_of_jobs_with_several_passphrases_those_of_this_one_are_given_back(
    job, archives, unlock, originals, tmp_path
):
    # The other job comes first.
    unpack(archives[1], job / "a job")
    result = unlock(job)
    assert result.returncode == 1
    told = faults(result)
    assert set(told) == {str(job / "a job/birds" / name) for name in ("hats.png", "hats-2.png")}
    assert all("the passphrase is wrong, or the file was changed" in each for each in told.values())
    check(tmp_path / "out", originals, originals)
    # Each job goes on with its own.
    (tmp_path / "other").write_text(OTHER_PASSPHRASE)
    result = unlock(job, "--skip-existing", secret=tmp_path / "other")
    assert result.returncode == 0, result
    assert "unlocked 2 of 6" in result.stderr and "4 were there already" in result.stderr
    check(
        tmp_path / "out/a job",
        {f"birds/{name}.png": FIXTURES / "hats.png" for name in ("hats", "hats-2")},
        {"birds/hats.png", "birds/hats-2.png"},
    )


def test_a_key_is_derived_once_for_each_job(job, archives, unlock, tmp_path):
    unpack(archives[1], job / "a job")
    source, library = tmp_path / "counter.c", tmp_path / "counter.so"
    source.write_text(COUNTER)
    subprocess.run(
        ["clang", "-Wall", "-Werror", "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True
    )
    counted = tmp_path / "counted"
    environment = {**os.environ, "LD_PRELOAD": str(library), "COUNTED": str(counted)}
    result = unlock(job, env=environment)
    assert "unlocked 4 of 6" in result.stderr, result
    assert counted.read_text() == ".."


def test_nothing_is_overwritten_and_a_second_call_goes_on(job, unlock, originals, tmp_path):
    out = tmp_path / "out"
    assert unlock(job).returncode == 0
    (out / "birds/hats.png").write_text("mine")
    (out / "birds/parrots.png").unlink()
    (out / "birds/parrots.png").symlink_to("nowhere")
    (out / "été/deep.png").unlink()
    before = {name: (out / name).read_bytes() for name in files(out) & {"birds/hats.png"}}
    result = unlock(job)
    assert result.returncode == 1, result
    told = faults(result)
    assert len(told) == 3 and all("exists already" in each for each in told.values()), told
    assert "unlocked 1 of 4" in result.stderr and "3 failed" in result.stderr
    (out / "été/deep.png").unlink()
    result = unlock(job, "--skip-existing", "--json")
    # What is there is passed over if it is a file.
    assert result.returncode == 1 and list(faults(result)) == [str(job / "birds/parrots.png")]
    told = json.loads(result.stdout)
    assert (told["unlocked"], told["skipped"], len(told["failed"])) == (1, 2, 1)
    assert os.readlink(out / "birds/parrots.png") == "nowhere"
    assert {name: (out / name).read_bytes() for name in before} == before
    (out / "birds/parrots.png").unlink()
    (out / "birds/hats.png").unlink()
    assert unlock(job, "--skip-existing").returncode == 0
    check(out, originals, originals)
    result = unlock(job, "--skip-existing")
    assert result.returncode == 0 and "unlocked 0 of 4" in result.stderr, result
    assert "4 were there already" in result.stderr


def test_the_folder_of_the_photos_may_lie_among_the_pictures(job, unlock, originals):
    out = job / "birds/mine"
    for arguments in ([], ["--skip-existing"]):
        result = unlock(f"{job}/", *arguments, out=out)
        assert result.returncode == 0, result
        check(out, originals, originals)
    # Under another name it is the same folder, and the pictures' own is refused.
    assert unlock(job, "--skip-existing", out=job / "birds/../birds/mine/").returncode == 0
    result = unlock(job, out=f"{job}/.")
    assert result.returncode == 2 and "another folder" in result.stderr, result


def test_links_are_not_followed(job, unlock, originals, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    shutil.move(job / "été", elsewhere)
    (job / "été").symlink_to(elsewhere)
    shutil.move(job / "birds/hats.recovery", tmp_path / "hats.recovery")
    (job / "birds/hats.recovery").symlink_to(tmp_path / "hats.recovery")
    shutil.move(job / "machines & more/plane.png", tmp_path / "plane.png")
    (job / "machines & more/plane.png").symlink_to(tmp_path / "plane.png")
    os.mkfifo(job / "birds/pipe.png")
    shutil.copy(tmp_path / "hats.recovery", job / "birds/pipe.recovery")
    result = unlock(job)
    assert result.returncode == 1, result
    assert f"passed over the link {job}/été; links are not followed\n" in result.stderr
    told = faults(result)
    names = ("birds/hats.png", "birds/pipe.png", "machines & more/plane.png")
    assert set(told) == {str(job / name) for name in names}
    assert all("is not followed" in each for each in told.values()), told
    check(tmp_path / "out", originals, {"birds/parrots.png"})


def test_nothing_is_written_through_links_that_came_with_the_archive(job, unlock, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (job / "out").mkdir()
    (job / "out/birds").symlink_to(elsewhere)
    result = unlock(job, out=job / "out")
    assert result.returncode == 1, result
    assert set(faults(result)) == {str(job / f"birds/{name}.png") for name in ("hats", "parrots")}
    assert list(elsewhere.iterdir()) == []


def test_names_that_could_mislead_a_terminal_are_shown_harmless(job, unlock, tmp_path):
    (job / "birds/\x1b[2J.png").write_bytes(b"x")
    (job / "birds/\u202egnp.png").write_bytes(b"x")
    os.rename(job / "birds/hats.png", os.fsencode(job / "birds") + b"/\xe9.png")
    result = unlock(job)
    assert result.returncode == 1 and "\x1b" not in result.stderr and "\u202e" not in result.stderr
    assert "birds/\ufffd[2J.png: There is no" in result.stderr, result
    assert f"{job}/birds: The name \\xE9.png in this folder is not UTF-8" in result.stderr, result


@pytest.mark.parametrize("content", ["nothing", "papers", "pictures"])
def test_a_folder_with_nothing_to_unlock_is_a_wrong_call(unlock, tmp_path, content):
    folder = tmp_path / "folder"
    (folder / "class").mkdir(parents=True)
    if content != "nothing":
        (folder / "manifest.json").write_text("{}")
    if content == "pictures":
        shutil.copy(FIXTURES / "hats.png", folder / "class")
    result = unlock(folder)
    assert (result.returncode, result.stdout) == (2, ""), result
    assert result.stderr.startswith(f"Error: There is nothing to unlock in {folder}"), result
    assert len(result.stderr.splitlines()) == 1 and not (tmp_path / "out").exists()


def test_wrong_calls_end_with_2_and_make_nothing(job, archives, unlock, tmp_path):
    (tmp_path / "job.zip").write_bytes(archives[0])
    result = unlock(tmp_path / "job.zip")
    assert result.returncode == 2 and "unpack the archive" in result.stderr, result
    assert unlock(tmp_path / "none").returncode == 2
    assert unlock(job, "--key-file", tmp_path / "passphrase").returncode == 2
    neither = [BINARY, "unlock", job, "--out", tmp_path / "out"]
    assert subprocess.run(neither, capture_output=True).returncode == 2
    assert not (tmp_path / "out").exists()


def test_the_passphrase_may_come_from_the_standard_input(job, unlock, originals, tmp_path):
    result = unlock(job, secret="-", input=PASSPHRASE)
    assert result.returncode == 0, result
    check(tmp_path / "out", originals, originals)


def test_the_owner_says_how_many_pixels_may_be_decoded(job, unlock, tmp_path):
    # Of the four, deep.png has 7680 and the others more.
    result = unlock(job, "--max-pixels", "7680")
    assert result.returncode == 1 and files(tmp_path / "out") == {"été/deep.png"}, result
    told = faults(result)
    assert len(told) == 3
    assert all("7680 are allowed (--max-pixels" in each for each in told.values()), told


# ---- Interruptions ----


@pytest.fixture(scope="module")
def large(shared_service, tmp_path_factory):
    """An unpacked job of photos that take a while, and its originals."""
    folder = tmp_path_factory.mktemp("large")
    random = np.random.default_rng(2)
    photos = []
    for number in range(4):
        photo = folder / f"photo{number}.png"
        Image.fromarray(random.integers(0, 256, (1200, 1600, 3), dtype=np.uint8)).save(photo)
        photos.append(photo)
    archive = archive_of(shared_service, [("noise", photo) for photo in photos], PASSPHRASE)
    return unpack(archive, folder / "job"), {f"noise/{photo.name}": photo for photo in photos}


def start(folder, tmp_path):
    command = [BINARY, "unlock", folder, "--out", tmp_path / "out", "--passphrase-file"]
    return subprocess.Popen(
        [*command, tmp_path / "passphrase"], stderr=subprocess.PIPE, text=True
    )


def child_of(process):
    """The process that decodes, once it is sealed: its status, and the paths that it has open."""
    listed = pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children")
    try:
        for child in listed.read_text().split():
            folder = pathlib.Path(f"/proc/{child}")
            lines = (folder / "status").read_text().splitlines()
            status = {line.partition(":")[0]: line.partition(":")[2].split() for line in lines}
            if status["Seccomp"] == ["2"]:
                # Others than root may not look.
                opened = list((folder / "fd").iterdir()) if os.geteuid() == 0 else []
                return status, {os.readlink(path) for path in opened}
    except (FileNotFoundError, ProcessLookupError):
        # It has just ended.
        pass
    return None


def wait_for(condition, process):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        if result := condition():
            return result
        time.sleep(0.005)
    raise AssertionError(f"waited in vain; {process.poll()}")


def test_what_decodes_has_no_rights_and_does_not_hold_the_folder(large, unlock, tmp_path):
    process = start(large[0], tmp_path)
    try:
        out = str(tmp_path / "out")
        # The first thing that it does is to let the folder go.
        free = lambda: (found := child_of(process)) and out not in found[1] and found
        status, opened = wait_for(free, process)
        user = 65534 if os.geteuid() == 0 else os.geteuid()
        assert status["Uid"] == [str(user)] * 4
        assert all(status[name] == ["0" * 16] for name in ("CapInh", "CapPrm", "CapEff", "CapAmb"))
        assert status["NoNewPrivs"] == ["1"]
        files = [path for path in opened if path.startswith(str(tmp_path))]
        assert all(path.startswith(f"{out}/.palimpsest-partial/") for path in files), opened
    finally:
        process.kill()
        process.communicate()


def test_a_call_that_is_killed_leaves_no_half_and_the_next_one_goes_on(large, unlock, tmp_path):
    job, originals = large
    out = tmp_path / "out"
    process = start(job, tmp_path)
    try:
        wait_for(lambda: list(out.glob("noise/*.png")) and child_of(process), process)
    finally:
        process.kill()
        process.communicate()
    assert process.returncode == -9
    named = {name for name in files(out) if not name.startswith(".palimpsest-partial/")}
    assert 0 < len(named) < len(originals)
    for name in named:
        assert np.array_equal(
            np.asarray(Image.open(out / name)), np.asarray(Image.open(originals[name]))
        )
    result = unlock(job, "--skip-existing", "--json")
    assert result.returncode == 0, result
    told = json.loads(result.stdout)
    assert (told["unlocked"], told["skipped"]) == (len(originals) - len(named), len(named))
    check(out, originals, originals)
    assert [path.name for path in out.iterdir()] == ["noise"]


def test_two_calls_do_not_write_into_one_folder(large, unlock, tmp_path):
    process = start(large[0], tmp_path)
    try:
        wait_for(lambda: child_of(process), process)
        result = unlock(large[0])
        assert result.returncode == 1 and "Another call is writing to" in result.stderr, result
        assert process.poll() is None
    finally:
        process.kill()
        process.communicate()


def test_what_cannot_be_written_is_told_for_each_picture(job, unlock, tmp_path):
    command = f'ulimit -f 1; exec "{BINARY}" unlock "$@"'
    arguments = [job, "--out", tmp_path / "out", "--passphrase-file", tmp_path / "passphrase"]
    # Without the signal the write fails, instead of ending the process.
    result = subprocess.run(
        ["bash", "-c", f"trap '' XFSZ; {command}", "bash", *arguments],
        capture_output=True,
        text=True,
    )
    assert result.returncode == 1, result
    told = faults(result)
    assert len(told) == 4 and all("could not be written" in each for each in told.values()), told
    assert not (tmp_path / "out").exists()
