"""The life of the package on a bare Debian 12: it is installed, used, upgraded, removed, purged.

The tests are the chapters of one story, in this order.
"""

import json
import re
import subprocess

SERVICE = "palimpsest.service"
SOCKET = "palimpsest.socket"
URL = "http://127.0.0.1:8080"
DATA = "/var/lib/palimpsest"
SETTINGS = "/etc/default/palimpsest"
# systemd's score is 0 for what is sealed wholly and 10 for what is open.
MOST_EXPOSURE = 1.3


def install(machine, path):
    return machine.run(
        "apt-get", "install", "--yes", "--no-install-recommends",
        "-o", "Dpkg::Options::=--force-confold", path,
    )  # fmt: skip


def state(machine, unit, question="is-active"):
    return machine.run("systemctl", question, unit, check=False).stdout.strip()


def main_process(machine):
    return machine.text("systemctl", "show", "--property=MainPID", "--value", SERVICE)


def ready(machine):
    """Waits until the service takes uploads."""
    machine.wait_for(lambda: machine.curl(f"{URL}/readyz", "--fail", check=False))


def key(machine):
    return machine.path(f"{DATA}/admin-key").read_text().strip()


def protect(machine, photo):
    """Sends a photo and returns the job's path, once it is done."""
    answer = machine.curl(
        f"{URL}/v1/jobs", "--user", f"{key(machine)}:", "-F", "class=birds", "-F", f"file=@{photo}"
    )
    path = f"/v1/jobs/{json.loads(answer.stdout)['id']}"
    ask = ["--user", f"{key(machine)}:", "--fail"]
    machine.wait_for(
        lambda: json.loads(machine.curl(f"{URL}{path}?wait=10", *ask).stdout)["state"] == "done"
    )
    return path


def picture(machine, path):
    """The first protected picture of a job."""
    url = f"{URL}{path}/images/1.png"
    ask = ["--user", f"{key(machine)}:", "--fail"]
    return machine.curl(url, *ask, text=False).stdout


def processes(machine):
    """The numbers of the processes that run the program."""
    script = """
        for process in /proc/[0-9]*; do
            [ "$(readlink $process/exe)" != /usr/bin/palimpsest ] || echo ${process#/proc/}
        done
    """
    return machine.text("sh", "-c", script).split()


def status_fields(machine, process):
    text = machine.text("cat", f"/proc/{process}/status")
    return dict(re.findall(r"^(\w+):\s*(.*)$", text, re.M))


def test_it_is_not_there_before(machine):
    assert machine.run("which", "palimpsest", check=False).returncode != 0
    assert machine.run("ls", "/opt/swift", "/usr/lib/swift", check=False).stdout == ""


def test_it_installs_and_serves_at_once(machine):
    install(machine, "/root/palimpsest.deb")
    ready(machine)
    for unit in (SERVICE, SOCKET):
        assert (state(machine, unit), state(machine, unit, "is-enabled")) == ("active", "enabled")
    # dpkg's own look at what it has put there.
    assert machine.text("dpkg", "--verify", "palimpsest") == ""
    assert machine.text("dpkg", "--audit") == ""
    user = machine.text("getent", "passwd", "palimpsest").split(":")
    assert user[5] == DATA and user[6] == "/usr/sbin/nologin", user
    assert machine.text("stat", "--format=%U:%G %a", DATA) == "palimpsest:palimpsest 700"
    version = json.loads(machine.text("palimpsest", "version", "--json"))
    assert machine.text("dpkg-query", "--show", "--showformat=${Version}", "palimpsest") == (
        version["version"]
    )
    weights = "/usr/share/palimpsest/deep-hiding.safetensors"
    digest = machine.text("sha256sum", weights).split()[0]
    assert version["weights"] == [{"model": "deep-hiding", "path": weights, "sha256": digest}]


def test_it_protects_a_photo(machine, tmp_path_factory):
    photo = machine.root.parent / "photo.jpg"
    path = protect(machine, photo)
    protected = machine.root.parent / "photo.png"
    protected.write_bytes(picture(machine, path))
    for file in (photo, protected):
        machine.path(f"/root/{file.name}").write_bytes(file.read_bytes())
    result = machine.run("palimpsest", "verify", "/root/photo.jpg", "/root/photo.png")
    assert result.stdout.splitlines()[-1] == "verified", result


def test_its_processes_have_no_rights(machine):
    user = machine.text("id", "--user", "palimpsest")
    running = processes(machine)
    assert main_process(machine) in running and len(running) >= 2, "the server and a codec"
    for process in running:
        fields = status_fields(machine, process)
        assert set(fields["Uid"].split()) == {user}, fields
        assert int(fields["CapEff"], 16) == int(fields["CapBnd"], 16) == 0, fields
        assert (fields["NoNewPrivs"], fields["Seccomp"]) == ("1", "2"), fields


def test_systemd_finds_no_fault_in_the_units_and_little_exposure(machine):
    result = machine.run("systemd-analyze", "verify", "--man=no", SERVICE, SOCKET)
    assert result.stderr == "", result.stderr
    result = machine.text("systemd-analyze", "security", "--no-pager", SERVICE)
    score = float(re.search(r"Overall exposure level for \S+: ([0-9.]+)", result)[1])
    assert score <= MOST_EXPOSURE, result


def test_the_socket_starts_the_service(machine):
    machine.run("systemctl", "stop", SERVICE)
    assert (state(machine, SERVICE), state(machine, SOCKET)) == ("inactive", "active")
    machine.curl(f"{URL}/healthz", "--fail")
    assert state(machine, SERVICE) == "active"


def test_no_request_fails_while_it_restarts(machine):
    before = main_process(machine)
    inside = ["nsenter", "--target", machine.leader, "--all", "--"]
    command = [*inside, "systemctl", "restart", SERVICE]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL) as restarting:
        asked = 0
        while restarting.poll() is None or asked < 3:
            machine.curl(f"{URL}/healthz", "--fail")
            asked += 1
        assert restarting.returncode == 0
    assert main_process(machine) != before


def test_settings_in_etc_default_hold(machine):
    with machine.path(SETTINGS).open("a") as file:
        file.write("PALIMPSEST_METRICS_BIND=127.0.0.1:9090\nPALIMPSEST_LOG_LEVEL=notice\n")
    machine.run("systemctl", "restart", SERVICE)
    ready(machine)
    metrics = machine.curl("http://127.0.0.1:9090/metrics", "--fail").stdout
    version = json.loads(machine.text("palimpsest", "version", "--json"))
    assert re.search(
        rf'palimpsest_build_info\{{version="{version["version"]}",commit="{version["commit"]}",'
        rf'model_sha256="{version["weights"][0]["sha256"]}"\}} 1',
        metrics,
    ), metrics
    # Of /proc/stat, which a unit can hide.
    assert float(re.search(r"^process_start_time_seconds (\S+)$", metrics, re.M)[1]) > 1e9


def test_settings_that_it_refuses_stop_it_until_they_are_mended(machine):
    before = machine.path(SETTINGS).read_text()
    machine.path(SETTINGS).write_text(before + "PALIMPSEST_NONSENSE=1\n")
    check = [
        "systemd-run", "--quiet", "--collect", "--pipe", "--uid=palimpsest",
        f"--property=EnvironmentFile={SETTINGS}", "palimpsest", "check-config",
    ]  # fmt: skip
    result = machine.run(*check, check=False)
    assert result.returncode == 2 and "PALIMPSEST_NONSENSE" in result.stderr, result
    machine.run("systemctl", "restart", SERVICE)
    machine.wait_for(lambda: state(machine, SERVICE) == "failed")
    restarts = machine.text("systemctl", "show", "--property=NRestarts", "--value", SERVICE)
    assert restarts == "0"
    # Who connects has it tried some more times, and then does not wait.
    assert machine.curl(f"{URL}/healthz", check=False).returncode != 28
    machine.wait_for(lambda: state(machine, SOCKET) == "failed")
    machine.path(SETTINGS).write_text(before)
    assert "PALIMPSEST_METRICS_BIND=127.0.0.1:9090" in machine.text(*check)
    machine.run("systemctl", "reset-failed", SERVICE, SOCKET)
    machine.run("systemctl", "start", SERVICE)
    ready(machine)


def test_another_address_holds_once_the_socket_restarts(machine):
    drop_in = machine.path(f"/etc/systemd/system/{SOCKET}.d/override.conf")
    drop_in.parent.mkdir()
    drop_in.write_text("[Socket]\nListenStream=\nListenStream=[::1]:443\n")
    machine.run("systemctl", "daemon-reload")
    before = main_process(machine)
    machine.run("systemctl", "restart", SOCKET)
    machine.wait_for(
        lambda: machine.curl("http://[::1]:443/readyz", "--fail", "--globoff", check=False)
    )
    assert main_process(machine) != before
    assert machine.curl(f"{URL}/healthz", check=False).returncode == 7, "nobody listens"
    drop_in.unlink()
    drop_in.parent.rmdir()
    machine.run("systemctl", "daemon-reload")
    machine.run("systemctl", "restart", SOCKET)
    ready(machine)


def test_the_log_of_a_start_names_version_commit_and_weights(machine):
    lines = machine.text("journalctl", "--unit", SERVICE, "--output", "cat").splitlines()
    objects = [json.loads(line) for line in lines if line.startswith("{")]
    starts = [line for line in objects if line["message"] == "starting"]
    version = json.loads(machine.text("palimpsest", "version", "--json"))
    weights = {each["model"]: each["sha256"] for each in version["weights"]}
    for line in starts:
        assert (line["version"], line["commit"]) == (version["version"], version["commit"]), line
        assert line["weights"] == weights, line
    assert starts
    listening = [line for line in objects if line["message"] == "listening"]
    assert listening[0]["port"] == 8080, listening


def test_keys_are_made_as_the_user_of_the_service(machine):
    secret = machine.text(
        "runuser", "-u", "palimpsest", "--", "palimpsest", "keys", "create", "alice",
        "--data", DATA,
    )  # fmt: skip
    assert machine.curl(f"{URL}/v1/jobs", "--fail", "--user", f"{secret}:").returncode == 0


def test_an_upgrade_keeps_jobs_keys_and_settings(machine):
    path = protect(machine, machine.root.parent / "photo.jpg")
    before = (key(machine), picture(machine, path), main_process(machine))
    settings = machine.path(SETTINGS).read_text()
    install(machine, "/root/newer.deb")
    ready(machine)
    assert machine.text("dpkg-query", "--show", "--showformat=${Version}", "palimpsest")[:2] == "1:"
    after = (key(machine), picture(machine, path), main_process(machine))
    assert after[:2] == before[:2] and after[2] != before[2]
    assert machine.path(SETTINGS).read_text() == settings
    assert "PALIMPSEST_METRICS_BIND" in settings


def test_a_service_that_its_owner_has_disabled_stays_so_in_an_upgrade(machine):
    machine.run("systemctl", "disable", "--now", SERVICE, SOCKET)
    machine.run("apt-get", "install", "--yes", "--reinstall", "/root/newer.deb")
    for unit in (SERVICE, SOCKET):
        assert state(machine, unit, "is-enabled") == "disabled", unit
    machine.run("systemctl", "enable", "--now", SOCKET, SERVICE)
    ready(machine)


def test_a_removal_stops_it_and_keeps_data_and_settings(machine):
    files = machine.text("dpkg", "--listfiles", "palimpsest").splitlines()
    secret, settings = key(machine), machine.path(SETTINGS).read_text()
    machine.run("apt-get", "remove", "--yes", "palimpsest")
    assert state(machine, SERVICE) == state(machine, SOCKET) == "inactive"
    assert processes(machine) == []
    assert machine.curl(f"{URL}/healthz", check=False).returncode == 7, "nobody listens"
    left = [file for file in files if machine.path(file).is_file()]
    assert left == [SETTINGS], left
    assert (key(machine), machine.path(SETTINGS).read_text()) == (secret, settings)


def test_after_a_removal_it_can_be_installed_again(machine):
    secret = key(machine)
    install(machine, "/root/palimpsest.deb")
    ready(machine)
    assert key(machine) == secret
    assert machine.curl(f"{URL}/v1/jobs", "--fail", "--user", f"{secret}:").returncode == 0


def test_a_purge_leaves_nothing_but_the_user(machine):
    machine.run("apt-get", "purge", "--yes", "palimpsest")
    for path in (DATA, SETTINGS):
        assert not machine.path(path).exists(), path
    left = machine.run(
        "find", "/etc", "/usr", "/var", "/run", "-xdev", "-name", "*palimpsest*",
        "!", "-path", "/var/cache/apt/*", "!", "-path", "/var/log/*",
    ).stdout  # fmt: skip
    assert left == "", left
    units = machine.run("systemctl", "list-unit-files", "--no-legend", "palimpsest.*", check=False)
    assert units.stdout == ""
    assert machine.text("getent", "passwd", "palimpsest") != ""
