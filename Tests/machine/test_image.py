"""The container image: podman builds it of the package, and runs it with as little as compose does.

Skipped where podman is missing, or may make no container.
"""

import json
import re
import shutil
import time

import pytest
import yaml
from conftest import ROOT
from machine import PATIENCE, run

COMPOSE = yaml.safe_load((ROOT / "Deploy/compose.yaml").read_text())["services"]["palimpsest"]
PORT = 18080


@pytest.fixture(scope="module")
def podman(base, tmp_path_factory):
    """Calls podman with a store of its own."""
    if not shutil.which("podman"):
        pytest.skip("there is no podman")
    store, state = (tmp_path_factory.mktemp(name) for name in ("store", "state"))
    runtime = ["--runtime", "runc"] if shutil.which("runc") else []
    command = ["podman", "--root", store, "--runroot", state, "--cgroup-manager", "cgroupfs",
               *runtime]  # fmt: skip

    def call(*arguments, **options):
        return run(*command, *arguments, **options)

    archive = tmp_path_factory.mktemp("base") / "base.tar"
    run("tar", "-C", base, "-cf", archive, ".")
    call("import", archive, "localhost/bare-debian")
    archive.unlink()
    yield call
    call("rm", "--all", "--force", check=False)
    call("system", "reset", "--force", check=False)


@pytest.fixture(scope="module")
def image(podman, package, tmp_path_factory):
    """The image, of a Debian that was made here instead of fetched."""
    context = tmp_path_factory.mktemp("context")
    shutil.copy(package, context / "palimpsest.deb")
    podman(
        "build", "--isolation", "chroot", "--network", "host", "--tag", "palimpsest",
        "--build-arg", "DEBIAN=localhost/bare-debian", "-f", ROOT / "Deploy/Dockerfile", context,
    )  # fmt: skip
    # Some machines allow no container more than they allow themselves.
    limits = ["--network", "host", "--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024"]
    if podman("run", "--rm", *limits, "palimpsest", "--version", check=False).returncode != 0:
        pytest.skip("podman makes no container here")
    return limits


def test_the_image_serves_without_any_right(podman, image):
    rights = [
        *(["--read-only"] if COMPOSE["read_only"] else []),
        *(f"--cap-drop={name}" for name in COMPOSE["cap_drop"]),
        *(f"--security-opt={option.split(':')[0]}" for option in COMPOSE["security_opt"]),
        *(f"--tmpfs={path}" for path in COMPOSE["tmpfs"]),
    ]
    podman(
        "run", "--detach", "--name", "tried", *image, *rights,
        "--env", f"PALIMPSEST_BIND=127.0.0.1:{PORT}", "--volume", "data:/var/lib/palimpsest",
        "palimpsest",
    )  # fmt: skip
    deadline = time.monotonic() + PATIENCE
    url = f"http://127.0.0.1:{PORT}"
    while run("curl", "-sf", f"{url}/readyz", check=False).returncode != 0:
        assert time.monotonic() < deadline, podman("logs", "tried").stderr
        time.sleep(0.1)
    key = podman("exec", "tried", "cat", "/var/lib/palimpsest/admin-key").stdout.strip()
    photo = ROOT / "Tests/e2e/fixtures/parrots.jpg"
    answer = run(
        "curl", "-sf", "-u", f"{key}:", "-F", "class=x", "-F", f"file=@{photo}", f"{url}/v1/jobs"
    )
    job = json.loads(answer.stdout)["id"]
    done = run("curl", "-sf", "-u", f"{key}:", f"{url}/v1/jobs/{job}?wait=60")
    assert json.loads(done.stdout)["state"] == "done"
    status = podman("exec", "tried", "sh", "-c", "cat /proc/[0-9]*/status").stdout
    assert set(re.findall(r"^CapEff:\s*(\w+)", status, re.M)) == {"0" * 16}
    assert "0" not in re.findall(r"^Uid:\s*(\d+)", status, re.M)
    podman("stop", "tried")
    code = podman("inspect", "--format", "{{.State.ExitCode}}", "tried").stdout.strip()
    assert code == "0", "a stop is no failure"


def test_compose_asks_for_what_was_tried(tmp_path):
    """By podman-compose, with a program in podman's place that notes what it is asked for."""
    if not shutil.which("podman-compose"):
        pytest.skip("there is no podman-compose")
    podman, asked = tmp_path / "podman", tmp_path / "asked"
    version = '[ "$1" != --version ] || echo podman 4.3.1'
    podman.write_text(f'#!/bin/sh\necho "$*" >>{asked}\n{version}\n')
    podman.chmod(0o755)
    run(
        "podman-compose", "--podman-path", podman, "-f", ROOT / "Deploy/compose.yaml", "up", "-d",
        check=False,
    )  # fmt: skip
    (line,) = [line for line in asked.read_text().splitlines() if line.startswith("run ")]
    for word in ("--read-only", "--cap-drop ALL", "-p 127.0.0.1:8080:8080", "--tmpfs /tmp",
                 "--security-opt no-new-privileges:true", ":/var/lib/palimpsest"):  # fmt: skip
        assert word in line, line
    assert line.endswith(" palimpsest"), line
