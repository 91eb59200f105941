"""What `make install` puts where, held against mandoc, bash, systemd and the program itself."""

import gzip
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

import pytest
from places import PREFIX, ROOT

# systemd's score is 0 for what is sealed wholly and 10 for what is open.
MOST_EXPOSURE = 1.3
SHELLS = {
    "bash": "share/bash-completion/completions/palimpsest",
    "zsh": "share/zsh/site-functions/_palimpsest",
    "fish": "share/fish/vendor_completions.d/palimpsest.fish",
}


def output(*command, **options):
    return subprocess.run(
        [str(word) for word in command], capture_output=True, text=True, check=True, **options
    ).stdout


def commands(command, path=("palimpsest",)):
    """All commands of the help that users see, as ways from the program's name."""
    yield path
    for child in command.get("subcommands", []):
        if child["shouldDisplay"] and child["commandName"] != "help":
            yield from commands(child, (*path, child["commandName"]))


@pytest.fixture(scope="module")
def program(installed):
    return installed / "bin/palimpsest"


@pytest.fixture(scope="module")
def ways(program):
    root = json.loads(output(program, "--experimental-dump-help"))["command"]
    return list(commands(root))


def test_the_program_finds_its_weights_where_it_was_put(program, installed):
    environment = {"PATH": os.environ["PATH"]}
    version = json.loads(output(program, "version", "--json", env=environment))
    assert version["weights"][0]["path"] == str(
        installed / "share/palimpsest/deep-hiding.safetensors"
    )


def test_a_fit_finds_all_that_it_imports_where_it_was_put(program, installed, tmp_path):
    """It gets as far as refusing the set, and what it imports later is there as well."""
    environment = {"PALIMPSEST_PYTHON": sys.executable, "PATH": os.environ["PATH"]}
    (tmp_path / "set").mkdir()
    refused = subprocess.run(
        [program, "fit", "sem", tmp_path / "set", "--out", tmp_path / "m.safetensors"],
        capture_output=True, text=True, env=environment, cwd=tmp_path,
    )  # fmt: skip
    assert refused.returncode == 2 and "no folder of pictures" in refused.stderr, refused.stderr
    environment["PYTHONPATH"] = str(installed / "share/palimpsest/training")
    environment["PYTHONDONTWRITEBYTECODE"] = "1"
    modules = "methods.sem.job, methods.course, methods.partial, methods.pictures"
    output(sys.executable, "-c", f"import {modules}", env=environment, cwd=tmp_path)


def test_the_program_needs_nothing_of_swift(program):
    needed = re.findall(r"NEEDED\s+(\S+)", output("objdump", "-p", program))
    assert needed and not [name for name in needed if re.search("swift|Foundation|dispatch", name)]


def test_the_version_has_one_place():
    version = (ROOT / "VERSION").read_text()
    assert re.fullmatch(r"\d+\.\d+\.\d+\n", version)
    contract = json.loads((ROOT / "Public/openapi.json").read_text())
    assert contract["info"]["version"] == version.strip()
    released = re.findall(r"^## (\d+\.\d+\.\d+) - \d{4}-\d\d-\d\d$",
                          (ROOT / "CHANGELOG.md").read_text(), re.M)  # fmt: skip
    assert released[0] == version.strip()


def test_the_program_tells_the_version_and_the_commit(program):
    version = json.loads(output(program, "version", "--json"))
    assert version["version"] == (ROOT / "VERSION").read_text().strip()
    assert re.fullmatch(r"[0-9a-f]{12}(-dirty)?|unknown", version["commit"])


def test_there_is_a_manual_page_for_every_command(installed, ways):
    pages = {path.name for path in (installed / "share/man/man1").iterdir()}
    assert pages == {"-".join(way) + ".1.gz" for way in ways} and len(pages) > 10


def test_mandoc_and_groff_find_no_fault_in_the_manual(installed, tmp_path):
    for path in sorted((installed / "share/man/man1").iterdir()):
        page = tmp_path / path.stem
        page.write_bytes(gzip.decompress(path.read_bytes()))
        result = subprocess.run(
            ["mandoc", "-T", "lint", "-W", "warning", page], capture_output=True, text=True
        )
        assert (result.returncode, result.stdout) == (0, ""), result.stdout
        if shutil.which("groff"):
            result = subprocess.run(
                ["groff", "-man", "-ww", "-Tutf8", page], capture_output=True, text=True
            )
            assert (result.returncode, result.stderr) == (0, ""), (path, result.stderr)


def test_the_manual_has_every_option_that_the_help_has(installed, program, ways):
    for way in ways:
        page = installed / "share/man/man1" / ("-".join(way) + ".1.gz")
        text = output("mandoc", "-T", "utf8", input=gzip.decompress(page.read_bytes()).decode())
        # Bold and underlined letters are overstruck in a terminal.
        text = re.sub(".\b", "", text)
        options = re.findall(r"^\s+(?:-\w, )?(--[\w-]+)", output(program, *way[1:], "--help"), re.M)
        assert options and [each for each in options if each not in text] == [], way


def test_the_help_tells_of_manual_and_completions(program):
    text = " ".join(output(program, "--help").split())
    assert "man palimpsest" in text and "--generate-completion-script" in text


@pytest.mark.parametrize("shell", SHELLS)
def test_the_completions_are_read_by_their_shell(installed, shell):
    script = installed / SHELLS[shell]
    assert script.read_text().count("protect") > 1
    if shell != "bash" and not shutil.which(shell):
        pytest.skip(f"there is no {shell} here")
    subprocess.run([shell, "-n", script], check=True)


def completed(script, *words):
    """What bash offers for the last word, found as an interactive shell finds it."""
    program = f"""
        source /usr/share/bash-completion/bash_completion
        source '{script}'
        COMP_WORDS=({' '.join(f"'{word}'" for word in words)})
        COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
        COMP_LINE="${{COMP_WORDS[*]}}"
        COMP_POINT=${{#COMP_LINE}}
        name=$(complete -p palimpsest | sed -E 's/.*-F ([^ ]+).*/\\1/')
        "$name" palimpsest "${{COMP_WORDS[COMP_CWORD]}}" "${{COMP_WORDS[COMP_CWORD-1]}}"
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    return {line.strip() for line in output("bash", "-c", program).splitlines()}


def test_bash_completes_commands_and_options(installed, ways):
    script = installed / SHELLS["bash"]
    names = {way[1] for way in ways if len(way) > 1}
    assert names <= completed(script, "palimpsest", "")
    assert {"protect"} <= completed(script, "palimpsest", "pr") <= names
    assert {"--skip-existing", "--dry-run", "--jobs"} <= completed(
        script, "palimpsest", "protect", "--"
    )
    assert "--dry-run" not in completed(script, "palimpsest", "verify", "--")
    assert {"create", "list", "show", "revoke"} <= completed(script, "palimpsest", "keys", "")


def test_systemd_finds_no_fault_in_the_units(tree, tmp_path):
    """The units, with a program and a user that are there on any machine."""
    folder = tree / PREFIX.lstrip("/") / "lib/systemd/system"
    for path in folder.iterdir():
        text = path.read_text()
        assert not re.search(r"@\w+@", text), path
        text = text.replace(f"{PREFIX}/bin/palimpsest", "/bin/true")
        text = re.sub("^(User|Group)=.*", r"\1=daemon", text, flags=re.M)
        (tmp_path / path.name).write_text(text)
    units = [tmp_path / name for name in ("palimpsest.service", "palimpsest.socket")]
    worker = tmp_path / "palimpsest-worker.service"
    result = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *units, worker], capture_output=True, text=True
    )
    assert (result.returncode, result.stderr) == (0, ""), result
    for unit in (units[0], worker):
        text = output("systemd-analyze", "security", "--offline=true", "--no-pager", unit)
        score = float(re.search(r"Overall exposure level for \S+: ([0-9.]+)", text)[1])
        assert score <= MOST_EXPOSURE, text
    service, socket = (path.read_text() for path in units)
    assert "ListenStream=127.0.0.1:" in socket and "PALIMPSEST_BIND=systemd" in service


def test_the_unit_does_not_restart_with_settings_that_the_program_refuses(program, tree):
    unit = (tree / PREFIX.lstrip("/") / "lib/systemd/system/palimpsest.service").read_text()
    for name, value in {"PALIMPSEST_NONSENSE": "1", "PALIMPSEST_WORKERS": "many"}.items():
        environment = {name: value, "PALIMPSEST_DATA": "/dev/null/data"}
        result = subprocess.run(
            [program, "serve"], env=environment, capture_output=True, timeout=60
        )
        assert f"\nRestartPreventExitStatus={result.returncode}\n" in unit, result


def test_every_link_of_an_installed_paper_leads_to_an_installed_file(installed):
    papers = installed / "share/doc/palimpsest"
    pages = sorted(papers.rglob("*.md"))
    assert {"README.md", "operations.md"} <= {page.name for page in pages}
    for page in pages:
        text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.M | re.S)
        for target in re.findall(r"\]\(([^)\s]+)\)", text):
            if not re.match(r"\w+:|#", target):
                file = page.parent / target.partition("#")[0]
                assert file.is_file(), f"{page.relative_to(papers)}: {target}"


def test_a_link_to_what_stays_in_the_source_becomes_the_path():
    page = """[a](b.md#c) ![d
e](../f.png) [`Training/g.py`](../Training/g.py) [h](https://example.com) [i](#j)
```
[k](l)
```
"""
    text = output(ROOT / "scripts/hold-links", "docs/page.md", "docs/b.md", input=page)
    assert text == """[a](b.md#c) d
e (picture `f.png` of the source) `Training/g.py` of the source [h](https://example.com) [i](#j)
```
[k](l)
```
"""


def test_make_uninstall_removes_what_make_install_has_put_there(tree, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(tree, copy)
    neighbour = copy / PREFIX.lstrip("/") / "bin/other"
    neighbour.touch()
    environment = {**os.environ, "MANUAL": str(tmp_path / "manual")}
    subprocess.run(["make", "-s", "uninstall", f"DESTDIR={copy}", f"PREFIX={PREFIX}"], cwd=ROOT,
                   env=environment, check=True, capture_output=True)  # fmt: skip
    assert [path for path in copy.rglob("*") if path.is_file()] == [neighbour]


def test_every_file_has_the_rights_that_its_place_asks_for(installed):
    for path in installed.rglob("*"):
        expected = 0o755 if path.is_dir() or path.parent.name == "bin" else 0o644
        assert path.stat().st_mode & 0o7777 == expected, path


def test_the_environment_file_is_that_of_the_settings(program):
    """Every setting has a line in the example, and every line is a setting."""
    settings = set(json.loads(output(program, "check-config", "--json", env={})))
    example = (ROOT / "Deploy/palimpsest.env.example").read_text()
    assert set(re.findall(r"^#(PALIMPSEST_\w+)=", example, re.M)) == settings


def test_the_maintainer_scripts_are_sound():
    for path in (ROOT / "Deploy/debian").iterdir():
        subprocess.run(["dash", "-n", path], check=True)
        assert path.read_text().startswith("#!/bin/sh\nset -e\n"), path
        assert os.access(path, os.X_OK), path


def test_what_is_linked_is_in_the_notice(program):
    """Debian's own answer to which packages the program's libraries come from."""
    notice = (ROOT / "NOTICE").read_text()
    libraries = re.findall(r"=> (/\S+)", output("ldd", program))
    needed = set(re.findall(r"NEEDED\s+(\S+)", output("objdump", "-p", program)))
    direct = [path for path in libraries if pathlib.Path(path).name in needed]
    for path in direct:
        found = subprocess.run(["dpkg", "-S", os.path.realpath(path)], capture_output=True,
                               text=True).stdout or output("dpkg", "-S", path)  # fmt: skip
        package = found.split(":")[0]
        assert re.sub(r"-s?\d+$", "", package) in notice or package in notice, package
