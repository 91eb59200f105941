"""Several nodes on one PostgreSQL database: what they do together, and who is refused."""

import json
import os
import subprocess

import pytest
from postgres import Postgres
from service import BINARY, ROOT, Service

DUNE = ROOT / "docs/dune.jpg"


@pytest.fixture(scope="module")
def postgres():
    postgres = Postgres()
    yield postgres
    postgres.stop()


@pytest.fixture
def cluster(postgres, tmp_path, weights):
    """Starts servers of one database; all end with the test."""
    (tmp_path / "shared").mkdir()
    database = postgres.database()
    started = []

    def start(name, *extra, key_of=None, node=None):
        data = tmp_path / name
        if key_of is not None:
            data.mkdir(mode=0o700)
            key = data / "signing-key"
            key.write_bytes((key_of.data / "signing-key").read_bytes())
            key.chmod(0o600)
        options = ["--database", database, "--blobs", f"file://{tmp_path}/shared"]
        options += ["--node", node or name, *extra]
        service = Service(data, weights, options)
        started.append(service)
        return service.start()

    start.database = database
    start.folder = tmp_path
    yield start
    for service in started:
        if service.process.poll() is None:
            service.kill()


def refusal(cluster, *options, name="refused", blobs=None, command="serve"):
    """What a node says that does not start."""
    blobs = blobs or f"file://{cluster.folder}/shared"
    arguments = [command, "--data", cluster.folder / name, "--database", cluster.database]
    arguments += ["--blobs", blobs, *options]
    if command == "serve":
        arguments += ["--bind", "127.0.0.1:0"]
    result = subprocess.run(
        [BINARY, *arguments], capture_output=True, text=True, check=False, timeout=60
    )
    assert result.returncode != 0
    return result.stderr.splitlines()[-1]


def test_a_job_goes_in_on_one_server_and_comes_out_on_another(cluster):
    one = cluster("one")
    other = cluster("other", key_of=one)
    form = ["-F", "class=dune", "-F", f"file=@{DUNE}"]
    job = one.curl("/v1/jobs", *form, key=one.key).json["id"]
    # Every server's key works on the others.
    assert other.curl(f"/v1/jobs/{job}?wait=60", key=one.key).json["state"] == "done"
    archives = [
        server.curl(f"/v1/jobs/{job}/archive.zip", key=one.key).body for server in (one, other)
    ]
    assert archives[0] == archives[1] and archives[0].startswith(b"PK")
    assert one.stop() == 0
    assert other.stop() == 0


def test_a_node_that_would_do_harm_does_not_start(cluster):
    one = cluster("one")
    (cluster.folder / "elsewhere").mkdir()
    elsewhere = f"file://{cluster.folder}/elsewhere"
    assert "not that of the other nodes" in refusal(cluster, blobs=elsewhere, name="a")
    assert "not that of the other nodes" in refusal(
        cluster, blobs=elsewhere, name="b", command="worker"
    )
    nowhere = f"file://{cluster.folder}/nowhere"
    assert "does not exist; make it, or mount it" in refusal(cluster, blobs=nowhere, name="c")
    assert not (cluster.folder / "nowhere").exists()
    assert "named one" in refusal(cluster, "--node", "one", name="d", command="worker")
    assert "signing-key" in refusal(cluster, name="e")
    # Who was killed has its own name back at once.
    one.kill()
    assert one.start().curl("/healthz").status == 200
    assert one.stop() == 0


def test_no_database_takes_the_storage_of_another(cluster, postgres):
    one = cluster("one")
    assert one.stop() == 0
    # A mistyped schema would have removed all photos as files without a row.
    other = postgres.database()
    stranger = refusal(cluster, "--database", other, name="a")
    assert "is that of another database, whose photos would be lost" in stranger
    shared = ["--blobs", f"file://{cluster.folder}/shared"]
    checked = palimpsest(cluster, "check-config", "--connect", "--database", other, *shared)
    assert checked.returncode == 1 and "is that of another database" in checked.stderr
    assert "another database" in refusal(cluster, "--database", "sqlite", name="b")
    assert one.start().curl("/readyz").status == 200
    assert one.stop() == 0


def test_a_data_folder_and_a_shared_one_are_not_mixed_up(cluster, tmp_path, weights):
    alone = Service(tmp_path / "alone", weights).start()
    form = ["-F", "class=dune", "-F", f"file=@{DUNE}"]
    job = alone.curl("/v1/jobs", *form, key=alone.key).json["id"]
    assert alone.curl(f"/v1/jobs/{job}?wait=60", key=alone.key).json["state"] == "done"
    assert alone.stop() == 0
    sqlite = ["--database", "sqlite", "--data", tmp_path / "alone"]
    assert "has none of those that the database refers to" in refusal(cluster, *sqlite)
    inside = f"file://{tmp_path}/alone/blobs"
    assert "lies in the data folder" in refusal(cluster, *sqlite, blobs=inside)
    there = ["--data", tmp_path / "alone", "--database", cluster.database]
    nested = palimpsest(cluster, "migrate", *there, "--blobs", inside)
    assert nested.returncode == 1 and "lies in the data folder" in nested.stderr
    shared = ["--blobs", f"file://{cluster.folder}/shared"]
    moved = palimpsest(cluster, "migrate", *there, *shared)
    assert moved.returncode == 0, moved.stderr
    # From then on the database belongs to this storage.
    (tmp_path / "empty").mkdir()
    moved = ["--data", tmp_path / "alone"]
    assert "not that of the other nodes" in refusal(
        cluster, *moved, blobs=f"file://{tmp_path}/empty"
    )
    file = f"file://{tmp_path}/alone.log"
    assert "it is not a folder" in refusal(cluster, *moved, blobs=file)
    # A database in use is refused, and the program ends in an orderly way however often.
    for _ in range(12):
        again = palimpsest(cluster, "migrate", *there, *shared)
        assert again.returncode == 1, again


def palimpsest(cluster, *arguments, variable=None):
    """Runs a command of an operator; `variable` sets PALIMPSEST_DATABASE."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PALIMPSEST_")}
    if variable:
        environment["PALIMPSEST_DATABASE"] = variable
    return subprocess.run(
        [BINARY, *arguments], capture_output=True, text=True, timeout=60, env=environment
    )


def test_keys_and_classes_of_running_servers_by_the_command_line(cluster):
    one = cluster("one")
    there = ["--database", cluster.database]
    made = palimpsest(cluster, "keys", "create", "press", *there)
    assert made.returncode == 0, made.stderr
    secret = made.stdout.strip()
    form = ["-F", "class=dune", "-F", f"file=@{DUNE}"]
    job = one.curl("/v1/jobs", *form, key=secret)
    assert job.status == 202
    listed = palimpsest(cluster, "keys", "list", variable=cluster.database)
    assert [line.split("\t")[1] for line in listed.stdout.splitlines()] == ["admin", "press"]
    shown = json.loads(palimpsest(cluster, "keys", "show", "press", *there).stdout)
    assert shown == json.loads(one.curl(f"/v1/keys/{shown['id']}", key=one.key).body)
    classes = palimpsest(cluster, "classes", "list", *there)
    assert classes.stdout.startswith("dune\tpress\t"), classes.stderr
    assert palimpsest(cluster, "keys", "revoke", "press", *there).returncode == 0
    one.wait_for(
        lambda: one.curl("/v1/jobs", key=secret).status == 401, "the key's end on the server"
    )
    # Who has lost every admin key makes one.
    admin = palimpsest(cluster, "keys", "create", "new", "--scopes", "admin", *there).stdout.strip()
    assert one.curl("/v1/keys", key=admin).status == 200
    assert one.stop() == 0

    shared = ["--blobs", f"file://{cluster.folder}/shared"]
    checked = palimpsest(cluster, "check-config", "--connect", *there, *shared)
    assert checked.returncode == 0, checked.stderr
    assert "heard of lately: 0." in checked.stderr and checked.stderr.endswith("answers.\n")
    (cluster.folder / "other").mkdir()
    other = ["--blobs", f"file://{cluster.folder}/other"]
    checked = palimpsest(cluster, "check-config", "--connect", *there, *other)
    assert checked.returncode == 1 and "/other is empty, so" in checked.stderr
    assert list((cluster.folder / "other").iterdir()) == []

    wrong = palimpsest(cluster, "keys", "list", "--database", "mysql://db/x")
    assert wrong.returncode == 2 and wrong.stderr.startswith("Error: --database must be sqlite")
    url = cluster.database.replace("schema=e2e", "schema=none")
    none = palimpsest(cluster, "keys", "list", "--database", url)
    assert none.returncode == 1 and "has no tables of Palimpsest" in none.stderr
    for command in (["backup", "copy"], ["classes", "import", "."]):
        refused = palimpsest(
            cluster, *command, "--data", cluster.folder / "one", variable=cluster.database
        )
        assert refused.returncode == 1
        assert "PALIMPSEST_DATABASE names another database" in refused.stderr
