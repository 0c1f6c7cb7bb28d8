"""A small real shop on loopback, in the two dialects, with every kind of bad answer; for tests of the crawl.

`with serve(shop) as url:` answers until the block ends; `shop.asked` is what was asked of it.
"""

import asyncio
import io
import json
import socket
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import uvicorn
from PIL import Image
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route


def photo(seed: int, kind: str = "JPEG", width: int = 96, height: int = 128) -> bytes:
    """A real photo file that no other seed gives."""
    pixels = np.random.default_rng(seed).integers(0, 256, (8, 6, 3), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).resize((width, height), Image.Resampling.BICUBIC).save(buffer, kind)
    return buffer.getvalue()


@dataclass
class Shop:
    """What the server serves. `pause_s` is slept before each photo; `photos`, `pages`: special answers."""

    products: int
    pause_s: float = 0.0
    photos: dict[str, Response] = field(default_factory=dict)
    pages: dict[str, Response] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    user_agents: set[str] = field(default_factory=set)
    robots: str = "User-agent: *\nDisallow: /private/\n"
    home: str = "<title>A shop</title><nav><a href='/category/all'>All</a></nav>"
    base: str = ""
    robots_status: int = 200
    without_sitemap: bool = False
    photographed: int = 30  # products with photos of their own; the others show those again

    def app(self) -> Starlette:
        """The routes of this dialect."""
        raise NotImplementedError

    def routes(self) -> list[Route]:
        """What both dialects have."""
        return [
            Route("/", lambda request: HTMLResponse(self.home)),
            Route("/robots.txt", lambda request: PlainTextResponse(self.robots, self.robots_status)),
            Route("/img/{name:path}", self._photo),
        ]

    async def _photo(self, request: Request) -> Response:
        await asyncio.sleep(self.pause_s)
        name = request.path_params["name"]
        if name in self.photos:
            return self.photos[name]
        return Response(photo(zlib.crc32(name.encode())), media_type="image/jpeg")


class ShopifyShop(Shop):
    """All products at /products.json, page by page."""

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/products.json", self._feed),
                Route("/cart.js", lambda request: JSONResponse({"currency": "EUR"})),
                *self.routes(),
            ]
        )

    def entry(self, n: int) -> dict[str, object]:
        """One product as Shopify gives it."""
        return {
            "id": 7000 + n,
            "title": f"Linen shirt {n}",
            "handle": f"linen-shirt-{n}",
            "body_html": "<p>Soft <b>linen</b>.</p>",
            "vendor": "Acme",
            "product_type": "Shirts",
            "tags": ["summer", "linen"],
            "variants": [
                {"price": f"{20 + n % 7}.90", "available": n % 3 > 0, "sku": f"LS{n}", "option1": "Red"}
            ],
            "options": [{"name": "Colour", "position": 1, "values": ["Red"]}],
            "images": [
                {"src": f"{self.base}/img/{n % self.photographed}-{side}.jpg?v=1"}
                for side in ("front", "back")
            ],
        }

    def _feed(self, request: Request) -> Response:
        size, page = int(request.query_params["limit"]), int(request.query_params.get("page", 1))
        chosen = range((page - 1) * size, min(page * size, self.products))
        return JSONResponse({"products": [self.entry(n) for n in chosen]})


class StructuredShop(Shop):
    """Product pages with JSON-LD behind a sitemap index; `extra` adds paths to the sitemap."""

    extra: tuple[str, ...] = ()

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/sitemap.xml", self._index),
                Route("/sitemap-products.xml", self._sitemap),
                Route("/product/{n:int}", self._page),
                Route("/{path:path}.html", self._other),
                *self.routes(),
            ]
        )

    def _index(self, request: Request) -> Response:
        if self.without_sitemap:
            return Response(status_code=404)
        return _xml("sitemapindex", "sitemap", [f"{self.base}/sitemap-products.xml"])

    def _sitemap(self, request: Request) -> Response:
        paths = [f"/product/{n}" for n in range(self.products)]
        return _xml("urlset", "url", [self.base + path for path in (*paths, *self.extra)])

    def node(self, n: int) -> dict[str, object]:
        """One product as JSON-LD."""
        return {
            "@context": "https://schema.org",
            "@type": "Product",
            "sku": f"SKU-{n}",
            "name": f"Wool coat {n}",
            "description": "Warm wool.",
            "brand": {"@type": "Brand", "name": "Acme"},
            "image": [f"/img/coat-{n % self.photographed}-{side}.jpg" for side in ("front", "back")],
            "offers": {
                "@type": "Offer",
                "price": "120.00",
                "priceCurrency": "EUR",
                "availability": "InStock",
            },
        }

    def _page(self, request: Request) -> Response:
        node = json.dumps(self.node(request.path_params["n"]))
        return HTMLResponse(f"<html><script type='application/ld+json'>{node}</script></html>")

    def _other(self, request: Request) -> Response:
        return self.pages.get(request.url.path, HTMLResponse("not here", status_code=404))


@contextmanager
def serve(shop: Shop) -> Iterator[str]:
    """Serve `shop` on a free loopback port from a thread; yields its address."""
    app = shop.app()
    server = uvicorn.Server(uvicorn.Config(_noting(app, shop), log_level="error", lifespan="off"))
    ready = threading.Event()
    startup = server.startup

    async def started(sockets=None):  # type: ignore[no-untyped-def]
        await startup(sockets)
        ready.set()

    server.startup = started  # type: ignore[method-assign]
    # asyncio turns Nagle off only where the protocol is spelt out; with it every answer waits 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    shop.base = f"http://127.0.0.1:{listener.getsockname()[1]}"
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    assert ready.wait(20)
    try:
        yield shop.base
    finally:
        server.should_exit = True
        thread.join(20)


def _noting(app: Any, shop: Shop) -> Any:
    async def noted(scope, receive, send):  # type: ignore[no-untyped-def]
        query = scope.get("query_string", b"").decode()
        shop.asked.append(scope["path"] + (f"?{query}" if query else ""))
        shop.user_agents.add(dict(scope["headers"]).get(b"user-agent", b"").decode())
        await app(scope, receive, send)

    return noted


def _xml(root: str, entry: str, urls: list[str]) -> Response:
    inside = "".join(f"<{entry}><loc>{url}</loc></{entry}>" for url in urls)
    namespace = "http://www.sitemaps.org/schemas/sitemap/0.9"
    return Response(
        f"<?xml version='1.0'?><{root} xmlns='{namespace}'>{inside}</{root}>", media_type="application/xml"
    )
