"""The quickstart's example scripts, run verbatim except for the address."""

import json
import shutil
import subprocess

from archives import check_protected
from readme import example
from service import FIXTURES, PATIENCE


def test_many_photos_by_tar_and_curl(make_service, tmp_path):
    service = make_service()
    script = example("bulk")
    # The quickstart promises a few lines.
    assert len(script.splitlines()) <= 10
    assert script.count("http://127.0.0.1:8080") == 1
    for folder, fixture in (("birds", "parrots.jpg"), ("things", "plane.jpg")):
        (tmp_path / "photos" / folder).mkdir(parents=True)
        shutil.copy(FIXTURES / fixture, tmp_path / "photos" / folder)
    (tmp_path / "photos/things/broken.jpg").write_bytes(b"\xff\xd8\xff no photo")
    result = subprocess.run(["bash", "-c",
                            script.replace("http://127.0.0.1:8080", service.url(""))], cwd=tmp_path,
                            capture_output=True,
                            text=True, timeout=PATIENCE, check=False)  # fmt: skip
    assert (result.returncode, result.stderr) == (0, ""), result
    for name, fixture in (("birds/parrots.png", "parrots.jpg"), ("things/plane.png", "plane.jpg")):
        check_protected((tmp_path / "protected" / name).read_bytes(), FIXTURES / fixture)
    manifest = json.loads((tmp_path / "protected/manifest.json").read_text())
    assert (
        [image["name"] for image in manifest["images"] if image["state"] == "failed"] == ["broken"]
    )
    assert service.stop() == 0
