"""A thousand listeners of one job cost nothing while idle, and each receives every event."""

import os
import signal
import ssl
import sys
import threading

from events import Listener
from service import FIXTURES

LISTENERS = int(os.environ.get("LISTENERS", "1000"))


def test_a_thousand_listeners(make_watched):
    service = make_watched(
        "--max-connections", LISTENERS + 100, "--max-requests-per-key", LISTENERS + 10
    )
    held = service.codecs()
    for pid in held:
        os.kill(pid, signal.SIGSTOP)
    form = ["--form", "class=a", *["--form", f"file=@{FIXTURES / 'hats.png'}"] * 20]
    path = service.get("/v1/jobs", *form).json["links"]["self"]
    context = None
    if service.scheme == "https":
        context = ssl.create_default_context(cafile=service.curl_options[1])
    listeners = [Listener(service, path, context) for _ in range(LISTENERS)]
    before = service.memory()
    for listener in listeners:
        assert listener.connect() == 200
    print(f"{(service.memory() - before) / LISTENERS / 1024:.0f} KiB a listener", file=sys.stderr)
    service.assert_idle()
    for pid in held:
        os.kill(pid, signal.SIGCONT)
    threads = [threading.Thread(target=lambda each=each: list(each.events())) for each in listeners]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for listener in listeners:
        assert listener.is_whole and listener.heard[-1].name == "end"
        assert sorted(image["number"] for image in listener.images()) == list(range(1, 21))
    assert service.stop() == 0, service.log()
