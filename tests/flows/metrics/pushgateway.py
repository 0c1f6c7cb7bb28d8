"""An HTTP server that takes what is pushed as a Pushgateway does: PUT /metrics/job/JOB[/LABEL/VALUE...]."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler

from tests.flows.metrics.listening import Quiet, listening


@contextmanager
def pushgateway() -> Iterator[tuple[str, dict[str, str]]]:
    """Yield its `host:port` and the text of each group, by path."""
    groups: dict[str, str] = {}

    class Taking(Quiet, BaseHTTPRequestHandler):
        def do_PUT(self) -> None:  # the library's name
            groups[self.path] = self.body().decode()
            self.send_response(202)
            self.end_headers()

    with listening(Taking) as address:
        yield address, groups
