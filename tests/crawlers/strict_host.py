"""Hosts on loopback that say how they want to be asked, and note by their own clock who came too early.

with hosts(Strictness(delay_s=2)) as (shop, photos):
    ...
    shop.early()
"""

import json
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.crawlers.shopserver import photo


@dataclass(frozen=True)
class Strictness:
    """How a host wants to be asked.

    delay_s         Crawl-delay of its robots.txt
    robots_down_s   for so long from the first request its robots.txt is answered with 503
    busy_at         numbers of requests, robots.txt apart, that are answered with 503 and Retry-After
    retry_after_s   what it says; as a date at every other of them
    answer_after_s  how long a page takes
    """

    delay_s: float = 0.0
    robots_down_s: float = 0.0
    busy_at: tuple[int, ...] = ()
    retry_after_s: int = 0
    answer_after_s: float = 0.0


@dataclass
class Host:
    """One host: what was asked of it, when, and the moment before which it wanted to be left alone."""

    name: str
    strictness: Strictness
    products: int = 0
    pictures: tuple[str, ...] = ()  # addresses of each product's photos, with {} for its number
    asked: list[tuple[float, str]] = field(default_factory=list)
    url: str = ""
    _robots_at: float | None = None
    _quiet_until: float = 0.0
    _early: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def early(self) -> list[str]:
        """Say of each request that came too early by how much."""
        return self._early

    def answer(self, path: str) -> tuple[int, str, bytes, dict[str, str]]:
        """Judge a request by the clock and answer it: status, type, body, headers."""
        with self._lock:
            now = time.monotonic()
            self._judge(now, path)
            self.asked.append((now, path))
            pages = sum(each != "/robots.txt" for _, each in self.asked)
        if path == "/robots.txt":
            return self._robots(now)
        time.sleep(self.strictness.answer_after_s)
        if pages in self.strictness.busy_at:
            return self._busy(pages)
        return self._page(path)

    def _judge(self, now: float, path: str) -> None:
        if self._robots_at is None:
            if path != "/robots.txt":
                self._early.append(f"{path} before robots.txt answered")
            return
        gap = now - self.asked[-1][0]
        if gap < self.strictness.delay_s:
            self._early.append(f"{path} {gap:.3f} s after {self.asked[-1][1]}")
        if now < self._quiet_until:
            self._early.append(f"{path} {self._quiet_until - now:.3f} s before the end of Retry-After")

    def _robots(self, now: float) -> tuple[int, str, bytes, dict[str, str]]:
        if now - self.asked[0][0] < self.strictness.robots_down_s:
            return 503, "text/plain", b"in a moment", {}
        self._robots_at = now
        return 200, "text/plain", f"User-agent: *\nCrawl-delay: {self.strictness.delay_s}\n".encode(), {}

    def _busy(self, number: int) -> tuple[int, str, bytes, dict[str, str]]:
        seconds = self.strictness.retry_after_s
        as_date = self.strictness.busy_at.index(number) % 2
        now_s = int(time.time())
        said = formatdate(now_s + seconds, usegmt=True) if as_date else str(seconds)
        # A date is as exact as a second: it names the moment at which that second begins.
        left = now_s + seconds - time.time() if as_date else seconds
        self._quiet_until = time.monotonic() + left
        return 503, "text/plain", b"later", {"Retry-After": said}

    def _page(self, path: str) -> tuple[int, str, bytes, dict[str, str]]:
        name = path.rpartition("/")[2]
        if path == "/" and self.products:
            return 200, "text/html", b"<title>A shop</title>", {}
        if path == "/sitemap.xml" and self.products:
            urls = "".join(f"<url><loc>{self.url}/product/{n}</loc></url>" for n in range(self.products))
            return 200, "application/xml", f"<urlset>{urls}</urlset>".encode(), {}
        if path.startswith("/product/"):
            images = [picture.format(name) for picture in self.pictures]
            node = {"@type": "Product", "sku": name, "name": f"Linen skirt {name}", "image": images}
            script = f"<script type='application/ld+json'>{json.dumps(node)}</script>"
            return 200, "text/html", script.encode(), {}
        if path.endswith(".jpg"):
            return 200, "image/jpeg", photo(zlib.crc32(f"{self.name}{path}".encode())), {}
        return 404, "text/plain", b"not here", {}


@contextmanager
def hosts(
    strictness: Strictness,
    products: int,
    *,
    photos: Strictness | None = None,
    names: tuple[str, str] = ("shop.example", "photos.example"),
) -> Iterator[tuple[Host, Host]]:
    """Serve a shop, and the host of half of its photos, under these names on ports of this machine."""
    shop = Host(names[0], strictness, products)
    other = Host(names[1], photos or strictness)
    servers = [_served(shop), _served(other)]
    shop.pictures = (shop.url + "/img/{}.jpg", other.url + "/img/{}.jpg")
    try:
        yield shop, other
    finally:
        for server in servers:
            server.shutdown()
            server.server_close()


def _served(host: Host) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:  # the library's name
            status, kind, body, headers = host.answer(self.path)
            self.send_response(status)
            for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    host.url = f"http://{host.name}:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server
