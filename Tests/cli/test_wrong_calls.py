"""Messages for wrong calls and wrong names: they state the wrong word and the remedy."""

import os

import pytest
from pictures import picture

COMMANDS = [
    ["serve"], ["protect"], ["submit"], ["verify"], ["recover"], ["unlock"],
    ["keys", "create"], ["keys", "list"], ["keys", "show"], ["keys", "revoke"],
    ["classes", "list"], ["classes", "import"], ["backup"], ["check-config"], ["version"],
    ["codec"], [], ["keys"], ["classes"],
]  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_an_unknown_option_is_named_before_anything_is_missing(palimpsest, tmp_path, command):
    for option in ("--bogus", "--bogus=1", "-y"):
        result = palimpsest(*command, option, cwd=tmp_path)
        lines = result.stderr.splitlines()
        assert (
            (result.returncode, lines[0])
            == (2, f"Error: Unknown option '{option.removesuffix('=1')}'")
        ), result
        assert "Missing" not in result.stderr
        assert any(line.startswith(" ".join(["Usage: palimpsest", *command])) for line in lines), (
            result
        )
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["protect", "in", "--ouut", "out"], "Unknown option '--ouut'. Did you mean '--out'?"),
        (
            ["protect", "in", "--out", "o", "--skip_existing"],
            "Unknown option '--skip_existing'. Did you mean '--skip-existing'?",
        ),
        (
            ["submit", "in", "--out", "o", "--key-flie", "k"],
            "Unknown option '--key-flie'. Did you mean '--key-file'?",
        ),
        (
            ["verify", "a", "b", "--strenght=3"],
            "Unknown option '--strenght'. Did you mean '--strength'?",
        ),
        (["keys", "create", "--nmae", "x"], "Unknown option '--nmae'"),
        (["protect", "--out", "o", "--\x1b[2J"], None),
        # After two dashes come files; unknown words are not options.
        (["protect", "--out", "o"], None),
        (["protect", "in", "--", "--bogus"], None),
        (["protect", "in", "--out", "o", "--strength", "-5"], None),
    ],
)
def test_what_was_meant_is_suggested(palimpsest, tmp_path, arguments, sentence):
    result = palimpsest(*arguments, cwd=tmp_path)
    assert result.returncode == 2 and "\x1b" not in result.stderr, result
    if sentence is None:
        assert "'--bogus'" not in result.stderr and "Usage: palimpsest protect" in result.stderr
    else:
        assert result.stderr.splitlines()[0] == f"Error: {sentence}", result


def test_a_setting_that_there_is_not_is_named_with_the_one_that_was_meant(palimpsest):
    result = palimpsest(
        "check-config", variables={"PALIMPSEST_WORKER": "2", "PALIMPSEST_COLOUR": "red"}
    )
    assert result.returncode != 0
    assert (
        "PALIMPSEST_WORKER is not a setting of this version; did you mean PALIMPSEST_WORKERS?"
        in result.stderr
    )
    assert "PALIMPSEST_COLOUR is not a setting of this version." in result.stderr


def test_a_name_that_is_not_utf8_is_shown_with_its_folder(palimpsest, tmp_path):
    source, out = tmp_path / "in", tmp_path / "out"
    picture(source / "c/a.png")
    picture(source / "c/b.png", seed=1)
    os.rename(source / "c/b.png", os.fsencode(source / "c") + b"/caf\xe9\\1\n.png")
    os.mkdir(os.fsencode(source) + b"/\xff\xfe")
    result = palimpsest("protect", source, "--out", out)
    assert result.returncode == 1 and (out / "c/a.png").exists()
    lines = result.stderr.splitlines()
    assert (
        f"{source}/c: input_unreadable: The name caf\\xE9\\x5C1\\x0A.png in this folder is not "
        "UTF-8; rename the file."
        in lines
    )
    assert (
        f"{source}: input_unreadable: The name \\xFF\\xFE in this folder is not UTF-8; rename the "
        "file."
        in lines
    )
    own = tmp_path / "own"
    picture(own / "c/1.png", side=64)
    os.rename(own / "c/1.png", os.fsencode(own / "c") + b"/\xe4.png")
    result = palimpsest(
        "protect", source / "c/a.png", "--class", "c", "--out", tmp_path / "other",
        "--semantic-images", own,
    )  # fmt: skip
    assert (
        (result.returncode, result.stderr)
        == (2, f"Error: The name \\xE4.png in the folder {own}/c is not UTF-8; rename it.\n")
    )


@pytest.mark.parametrize(
    "arguments",
    [["empty"], ["photo.png"], ["photo.png", "--class", "birds", "--metadata", "x"]],
    ids=["no photo", "no class", "no such policy"],
)
def test_a_refused_call_leaves_no_folder(palimpsest, tmp_path, arguments):
    (tmp_path / "empty").mkdir()
    picture(tmp_path / "photo.png")
    result = palimpsest("protect", *arguments, "--out", "out", cwd=tmp_path)
    assert result.returncode == 2, result
    assert not (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_opened_is_named(palimpsest, tmp_path):
    if os.geteuid() == 0:
        pytest.skip("root opens every folder")
    (tmp_path / "out").mkdir(mode=0o300)
    picture(tmp_path / "photo.png")
    result = palimpsest(
        "protect", tmp_path / "photo.png", "--class", "a", "--out", tmp_path / "out"
    )
    assert result.returncode == 1 and f"{tmp_path}/out cannot be opened" in result.stderr, result
