"""An HTTP server of a test's own on loopback, in a thread, gone with the test however that ends."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Quiet(BaseHTTPRequestHandler):
    """A handler that says nothing; what it answers is for who derives from it."""

    def body(self) -> bytes:
        """What was sent."""
        return self.rfile.read(int(self.headers["content-length"]))

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def listening(handler: type[Quiet]) -> Iterator[str]:
    """Yield its `host:port`."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
