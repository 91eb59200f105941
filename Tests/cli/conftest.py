"""Shared by the command-line tests: the built binary, random weights, and generated pictures."""

import os
import pathlib
import signal
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]

# Background jobs ignore SIGINT, and so would the commands that the tests interrupt.
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
    """The environment of every call: random weights, which protect nothing but are fast."""
    weights = ROOT / "Tests/DeepHidingTests/Fixtures/random-weights.safetensors"
    # The service refuses unknown variables with its prefix, such as the tests' own.
    inherited = {name: value for name, value in os.environ.items() if name != "PALIMPSEST_BINARY"}
    return {**inherited, "PALIMPSEST_WEIGHTS": str(weights)}


@pytest.fixture
def palimpsest(binary, environment):
    """Runs the binary and returns the result."""

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
