"""An object store of the tests' own, which can be told to fail. It checks no signatures."""

import email.utils
import http.server
import re
import threading
import urllib.parse


class Objects:
    """A store on 127.0.0.1 that keeps everything in memory."""

    def __init__(self):
        self.objects = {}
        self.is_failing = False
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self.handler())
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        port = self.server.server_address[1]
        self.url = f"s3://photos?endpoint=http://127.0.0.1:{port}"
        self.environment = {"AWS_ACCESS_KEY_ID": "tests", "AWS_SECRET_ACCESS_KEY": "secret"}

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    def handler(self):
        store = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def answer(self, status, body=b"", fields=(), length=None):
                self.send_response(status)
                for name, value in fields:
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body) if length is None else length))
                self.end_headers()
                self.wfile.write(body)

            def do(self):
                url = urllib.parse.urlsplit(self.path)
                key = urllib.parse.unquote(url.path).removeprefix("/photos").lstrip("/")
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                if store.is_failing:
                    self.answer(503, b"<Error><Code>SlowDown</Code></Error>")
                elif self.command == "PUT":
                    store.objects[key] = (body, email.utils.formatdate(usegmt=True))
                    self.answer(200)
                elif self.command == "DELETE":
                    store.objects.pop(key, None)
                    self.answer(204)
                elif "list-type" in url.query:
                    prefix = urllib.parse.parse_qs(url.query).get("prefix", [""])[0]
                    keys = sorted(key for key in store.objects if key.startswith(prefix))
                    listed = "".join(f"<Contents><Key>{key}</Key></Contents>" for key in keys)
                    self.answer(
                        200,
                        f"<ListBucketResult><IsTruncated>false</IsTruncated>{listed}"
                        "</ListBucketResult>".encode(),
                    )
                elif key not in store.objects:
                    missing = b"<Error><Code>NoSuchKey</Code></Error>"
                    self.answer(404, b"" if self.command == "HEAD" else missing)
                else:
                    data, date = store.objects[key]
                    dated = ("Last-Modified", date)
                    if self.command == "HEAD":
                        return self.answer(200, fields=[dated], length=len(data))
                    asked = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
                    if not asked:
                        return self.answer(200, data, [dated])
                    part = data[int(asked[1]) : int(asked[2]) + 1]
                    place = f"bytes {asked[1]}-{int(asked[1]) + len(part) - 1}/{len(data)}"
                    self.answer(206, part, [dated, ("Content-Range", place)])

            do_GET = do_PUT = do_HEAD = do_DELETE = do

        return Handler
