"""An HTTP server that takes what is pushed as a Pushgateway does: PUT /metrics/job/JOB[/LABEL/VALUE...]."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@contextmanager
def pushgateway() -> Iterator[tuple[str, dict[str, str]]]:
    """Yield its `host:port` and the text of each group, by path."""
    groups: dict[str, str] = {}

    class Taking(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:  # the library's name
            groups[self.path] = self.rfile.read(int(self.headers["content-length"])).decode()
            self.send_response(202)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Taking)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"127.0.0.1:{server.server_port}", groups
    server.shutdown()
    thread.join()
    server.server_close()
