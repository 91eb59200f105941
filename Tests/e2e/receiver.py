"""A receiver of webhooks, which answers as it is told."""

import http.server
import ssl
import threading


class Receiver:
    """An HTTP server on a free port of 127.0.0.1 that keeps what it gets."""

    def __init__(self, certificate=None, key=None):
        self.answers = []
        self.received = []
        self.arrived = threading.Condition()
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with receiver.arrived:
                    status, fields = receiver.answers.pop(0) if receiver.answers else (204, {})
                    receiver.received.append((self.path, dict(self.headers.items()), body))
                    receiver.arrived.notify_all()
                self.send_response(status)
                for name, value in {"Content-Length": "0", **fields}.items():
                    self.send_header(name, value)
                self.end_headers()

            do_GET = do_POST

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate, key)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_port
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def wait(self, count, patience):
        """Returns the first messages once so many have come."""
        with self.arrived:
            assert self.arrived.wait_for(lambda: len(self.received) >= count, patience), (
                f"{len(self.received)} of {count} messages came"
            )
            return list(self.received)

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()
