"""A browser shows what the service sends."""

import subprocess

import pytest

CHROMIUM = [
    "chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
    "--virtual-time-budget=20000",
]  # fmt: skip


@pytest.fixture
def dump(tmp_path):
    """The DOM that a browser builds for an address."""

    def dump(url):
        command = [*CHROMIUM, f"--user-data-dir={tmp_path}/profile", "--dump-dom", url]
        return (
            subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout
        )

    return dump


def test_documents_are_shown(service, dump):
    assert '"status":"ok"' in dump(service.url("/healthz")).replace(" ", "")
    assert "/v1/jobs" in dump(service.url("/openapi.json"))
    assert "not_found" in dump(service.url("/none"))
