"""A mall that misbehaves, and a client that sees every byte of it."""

import socket
import zlib
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest

from infra.mall.server import Mall
from infra.mall.trade import MallSpec

ALL = ("shopify", "structured", "woocommerce", "microdata", "opengraph", "plain")
FAULTY = MallSpec(products=6 * 44, seed=3, shops=ALL, size=(120, 150), faults=True)
Wire = Callable[[str], tuple[int, dict[str, str], bytes]]


@pytest.fixture(scope="session")
def faulty() -> Iterator[Mall]:
    """All dialects with faults. The faults of a moment may have happened already."""
    with Mall(FAULTY) as mall:
        yield mall


@pytest.fixture(scope="session")
def wire() -> Wire:
    """Status, headers and body of one GET, until the server closes; raises what the socket raises."""

    def ask(url: str) -> tuple[int, dict[str, str], bytes]:
        parts = urlsplit(url)
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        lines = [f"GET {path} HTTP/1.1", f"Host: {parts.netloc}", "Connection: close", "", ""]
        with socket.create_connection((str(parts.hostname), parts.port or 80), timeout=10) as line:
            line.sendall("\r\n".join(lines).encode())
            answer = b"".join(iter(lambda: line.recv(65536), b""))
        head, _, body = answer.partition(b"\r\n\r\n")
        first, *named = head.decode("latin-1").split("\r\n")
        return int(first.split()[1]), dict(name.lower().split(": ", 1) for name in named), body

    return ask


@pytest.fixture(scope="session")
def unpacked() -> Callable[[bytes], int]:
    """How long a gzip stream gets, without holding it."""

    def count(data: bytes) -> int:
        stream, total = zlib.decompressobj(31), 0
        while data:
            total += len(stream.decompress(data, 1 << 20))
            data = stream.unconsumed_tail
        return total

    return count
