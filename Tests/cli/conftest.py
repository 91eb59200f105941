"""What the tests of the command line share: the built binary, random weights, and pictures made on the spot."""

import os
import pathlib
import signal
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]

# A job in the background ignores it, and so would the commands that the tests interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def binary():
    """The binary under test: PALIMPSEST_BINARY, else the release build."""
    path = pathlib.Path(
        os.environ.get("PALIMPSEST_BINARY", ROOT / ".build/release/palimpsest")
    ).resolve()
    assert path.is_file(), f"{path} is not built; run `make build`"
    return path


@pytest.fixture(scope="session")
def environment():
    """The environment of every call: weights of a random network, which protect nothing but are quick."""
    weights = ROOT / "Tests/DeepHidingTests/Fixtures/random-weights.safetensors"
    # The service refuses variables of its name that are no settings, such as the tests' own.
    inherited = {name: value for name, value in os.environ.items() if name != "PALIMPSEST_BINARY"}
    return {**inherited, "PALIMPSEST_WEIGHTS": str(weights)}


@pytest.fixture
def palimpsest(binary, environment):
    """Runs the binary and gives what came of it."""

    def run(*arguments, variables=None, **options):
        command = [str(binary), *map(str, arguments)]
        return subprocess.run(
            command,
            env={**environment, **(variables or {})},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            **options,
        )

    return run
