"""What a server can do to a crawl over the wire: redirects, bombs, answers that never end. All on loopback."""

import gzip
import json
import subprocess
import sys
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import brotli

from crawlers.fetch.settings import PAGE_BYTES

ROOT = Path(__file__).resolve().parents[2]
BOMB_BYTES = 256 << 20


class Server(ThreadingHTTPServer):
    """Answers by path; counts connections and notes what was asked."""

    daemon_threads = True

    def __init__(self, answers: dict[str, Any]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers = answers
        self.connections = 0
        self.asked: list[str] = []
        self.closing = threading.Event()

    def get_request(self) -> Any:
        self.connections += 1
        return super().get_request()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is what these tests are about."""

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        answer = self.server.answers.get(self.path.partition("?")[0])
        if callable(answer):
            answer(self)
            return
        status, headers, body = answer or (404, {}, b"")
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(body))} | headers).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""


@contextmanager
def serve(**answers: Any) -> Iterator[Server]:
    server = Server({"/" + name.replace("__", "."): answer for name, answer in answers.items()})
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.closing.set()
        server.shutdown()
        server.server_close()


class Outcome(NamedTuple):
    """Reason and detail per path, the memory it took in MB, and seconds without the start of the process."""

    reasons: dict[str, list[str]]
    grown_mb: float
    seconds: float


def ask(server: Server, *paths: str, **options: Any) -> Outcome:
    """Ask a server in a process of its own."""
    told = {"urls": [server.base + path for path in paths], "named": [server.base], "options": options}
    done = subprocess.run(
        [sys.executable, "-m", "tests.crawlers.asker"],
        input=json.dumps(told), cwd=ROOT, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    reasons = {url.removeprefix(server.base): reason for url, reason in answer["found"].items()}
    return Outcome(reasons, answer["grown_mb"], answer["seconds"])


def redirect(to: str) -> tuple[int, dict[str, str], bytes]:
    return 302, {"Location": to}, b""


def packed(how: str) -> bytes:
    """BOMB_BYTES of zeros, small."""
    packer: Any = {
        "gzip": lambda: zlib.compressobj(1, wbits=31),
        "deflate": lambda: zlib.compressobj(1),
        "br": lambda: brotli.Compressor(quality=1),
    }[how]()
    pack = packer.process if how == "br" else packer.compress
    chunk = bytes(1 << 20)
    packed = [pack(chunk) for _ in range(BOMB_BYTES >> 20)]
    packed.append(packer.finish() if how == "br" else packer.flush())
    return b"".join(packed)


def test_no_redirect_leads_to_an_address_that_was_not_named() -> None:
    with serve() as canary:
        port = canary.server_port
        places = {
            "number": f"http://127.0.0.1:{port}/",
            "name": f"http://localhost:{port}/",
            "dotted": f"http://localhost.:{port}/",
            "decimal": f"http://2130706433:{port}/",
            "hex": f"http://0x7f.1:{port}/",
            "octal": f"http://0177.0.0.1:{port}/",
            "short": f"http://127.1:{port}/",
            "wide": f"http://１２７.0.0.1:{port}/".encode().decode("latin-1"),
            "mapped": f"http://[::ffff:127.0.0.1]:{port}/",
            "scheme": f"//127.0.0.1:{port}/",
            "user": f"http://a:b@127.0.0.1:{port}/",
            "backslash": f"http://127.0.0.1:{port}\\@shop.example/",
            "file": "file:///etc/passwd",
            "ftp": f"ftp://127.0.0.1:{port}/",
            "data": "data:text/html,hello",
        }
        chain = {f"via_{name}": redirect(f"/{name}") for name in places}
        with serve(**chain, **{name: redirect(place) for name, place in places.items()}) as shop:
            outcome = ask(shop, *(f"/via_{name}" for name in places))

        assert {path: reason for path, (reason, _) in outcome.reasons.items()} == dict.fromkeys(
            outcome.reasons, "address"
        )
        assert len(outcome.reasons) == len(places)
        assert canary.connections == 0


def test_robots_txt_cannot_lead_elsewhere_either() -> None:
    with serve() as canary, serve(robots__txt=redirect(canary.base), page=(200, {}, b"hello")) as shop:
        outcome = ask(shop, "/page")

        assert outcome.reasons["/page"][0] in ("address", "robots", "")
        assert canary.connections == 0


def test_redirects_in_a_circle_end() -> None:
    with serve(a=redirect("/b"), b=redirect("/a")) as shop:
        outcome = ask(shop, "/a")

        assert outcome.reasons["/a"][0] != ""
        assert len([path for path in shop.asked if path != "/robots.txt"]) <= 6


def test_small_answers_that_unpack_to_large_ones_are_refused_at_bounded_memory() -> None:
    bombs = {how: packed(how) for how in ("gzip", "deflate", "br")} | {
        "gzip, gzip": gzip.compress(packed("gzip"))
    }
    answers = {
        f"bomb{n}": (200, {"Content-Encoding": how, "Content-Type": "text/html"}, bomb)
        for n, (how, bomb) in enumerate(bombs.items())
    }
    with serve(**answers) as shop:
        outcome = ask(shop, *(f"/{name}" for name in answers), CONCURRENT_REQUESTS=1)

    assert all(len(bomb) < PAGE_BYTES / 8 for bomb in bombs.values())
    assert {path: reason for path, (reason, _) in outcome.reasons.items()} == {
        f"/{n}": "too_large" for n in answers
    }
    assert outcome.grown_mb < (BOMB_BYTES >> 20) / 2


def test_answers_over_the_bound_are_not_read_to_their_end() -> None:
    def endless(handler: Handler) -> None:
        handler.send_response(200)
        if handler.path == "/stated":
            handler.send_header("Content-Length", str(10 << 30))
        handler.end_headers()
        for _ in range(1000):
            handler.wfile.write(bytes(1 << 20))

    with serve(stated=endless, unstated=endless) as shop:
        outcome = ask(shop, "/stated", "/unstated", CONCURRENT_REQUESTS=1)

    assert {path: reason for path, (reason, _) in outcome.reasons.items()} == dict.fromkeys(
        ("/stated", "/unstated"), "too_large"
    )
    assert outcome.grown_mb < 6 * (PAGE_BYTES >> 20)


def test_answers_that_drip_end_by_the_time_they_take_in_all() -> None:
    def drip(handler: Handler) -> None:
        in_body = handler.path == "/body"
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n" + (b"\r\n" if in_body else b"X-Slow: "))
        while not handler.server.closing.wait(0.05):
            handler.wfile.write(b"a")

    with serve(headers=drip, body=drip) as shop:
        outcome = ask(shop, "/headers", "/body", DOWNLOAD_TIMEOUT=1, RETRY_TIMES=0)

    assert {path: reason for path, (reason, _) in outcome.reasons.items()} == dict.fromkeys(
        ("/headers", "/body"), "timeout"
    )
    assert outcome.seconds < 20
