"""Protects one photo with Python's standard library alone.

    PALIMPSEST_KEY=... python3 protect.py http://127.0.0.1:8080 dog photo.jpg protected.zip
"""

import json
import os
import sys
import urllib.error
import urllib.parse
import urllib.request


def ask(url, body=None, media_type=None):
    """Sends a request and returns the answer's bytes; a body makes it a POST."""
    fields = {"Authorization": f"Bearer {os.environ['PALIMPSEST_KEY']}"}
    if media_type:
        fields["Content-Type"] = media_type
    with urllib.request.urlopen(urllib.request.Request(url, body, fields)) as answer:
        return answer.read()


def protect(service, label, photo):
    """Sends a photo, waits until it is protected, and returns the archive."""
    query = urllib.parse.urlencode({"class": label, "name": os.path.basename(photo)})
    with open(photo, "rb") as file:
        body = file.read()
    job = json.loads(ask(f"{service}/v1/jobs?{query}", body, "application/octet-stream"))
    while "finished_at" not in job:
        job = json.loads(ask(f"{service}{job['links']['self']}?wait=30"))
    # A photo that cannot be protected fails alone; the job's document says why.
    for image in job["failures"]:
        print(f"{image['name']}: {image['error']['code']}", file=sys.stderr)
    return ask(service + job["links"]["archive"])


def main():
    if len(sys.argv) != 5 or "PALIMPSEST_KEY" not in os.environ:
        sys.exit(__doc__)
    service, label, photo, archive = sys.argv[1:]
    try:
        content = protect(service, label, photo)
    except urllib.error.HTTPError as refusal:
        problem = json.load(refusal)
        sys.exit(f"{problem['code']}: {problem['detail']}")
    except OSError as error:
        sys.exit(str(error))
    with open(archive, "wb") as file:
        file.write(content)


if __name__ == "__main__":
    main()
