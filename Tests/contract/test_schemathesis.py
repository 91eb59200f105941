"""Schemathesis sends the live service what the contract allows and what it forbids.

The seed is fixed, so that runs are repeatable; `make test-contract EXAMPLES=1000` searches longer.
"""

import os
import pathlib
import subprocess
import sys

from conftest import ROOT

HERE = pathlib.Path(__file__).resolve().parent
EXAMPLES = os.environ.get("EXAMPLES", "30")
SEED = os.environ.get("SEED", "1")


def test_the_service_keeps_its_contract(make_measured, tmp_path):
    service = make_measured()
    command = [
        pathlib.Path(sys.executable).parent / "schemathesis", "--config-file",
        HERE / "schemathesis.toml", "run",
        ROOT / "Public/openapi.json", "--url", f"http://127.0.0.1:{service.port}", "--header",
        f"Authorization: Bearer {service.key}",
        "--checks", "all", "--phases", "examples,coverage,fuzzing,stateful", "--max-examples",
        EXAMPLES, "--seed", SEED,
        "--generation-database", "none", "--request-timeout", "120", "--suppress-health-check",
        "all", "--no-color",
    ]  # fmt: skip
    (own,) = service.get("/v1/keys").json["keys"]
    # Schemathesis stores failures in its folder and replays them first, which no run should depend
    # on.
    environment = {**os.environ, "SCHEMATHESIS_HOOKS": str(HERE / "hooks.py"), "OWN_KEY": own["id"]}
    result = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    # The failures and the summary, which pytest would truncate.
    print(result.stdout[-20000:], result.stderr[-2000:])
    assert result.returncode == 0, "schemathesis found failures, see above"
    assert "Tested: " in result.stdout
    # The service survived all of it.
    assert service.curl("/readyz").status == 200
    assert service.stop() == 0, service.log()
    assert '"level":"error"' not in service.log(), service.log()
