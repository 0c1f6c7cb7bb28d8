"""A shop of pages written one by one, whose answers come in another order each time."""

import asyncio
import hashlib
import json
import random
import zlib
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from tests.crawlers.shopserver import Shop, photo

SITEMAPS = "http://www.sitemaps.org/schemas/sitemap/0.9"


class PageShop(Shop):
    """Serves `html` by path, with validators, and photos below /img/.

    listed   paths that the sitemap names, all of `html` but the home page where it is None; "" for a shop without one
    moved    paths that lead elsewhere
    failing  statuses by path
    dates    lastmod by path, where there is one
    seed     of the delays
    """

    def __init__(self, seed: int = 0, slowest_s: float = 0.03) -> None:
        super().__init__(0)
        self.html: dict[str, str] = {"/": "<html><body><a href='/about'>About</a></body></html>"}
        self.listed: list[str] | None = None
        self.sitemap_entries: list[str] = []
        self.moved: dict[str, str] = {}
        self.failing: dict[str, int] = {}
        self.dates: dict[str, str] = {}
        self.full: list[str] = []
        self.random, self.slowest_s = random.Random(seed), slowest_s

    def app(self) -> Starlette:
        return Starlette(routes=[Route("/{path:path}", self._any)])

    def add(self, path: str, node: dict[str, Any], lang: str = "", head: str = "") -> None:
        """Put a product's page there."""
        whole = {"@context": "https://schema.org", "@type": "Product"} | node
        script = f"<script type='application/ld+json'>{json.dumps(whole)}</script>"
        said = f" lang='{lang}'" if lang else ""
        self.html[path] = f"<!DOCTYPE html><html{said}><head>{head}{script}</head><body></body></html>"

    def asked_whole(self) -> list[str]:
        """Paths of pages that were answered in full since the last call."""
        paths, self.full = sorted(self.full), []
        return paths

    async def _any(self, request: Request) -> Response:
        path = request.url.path
        await asyncio.sleep(self.random.random() * self.slowest_s)
        if path == "/robots.txt":
            return PlainTextResponse("User-agent: *\n")
        if path.startswith("/img/"):
            return Response(photo(zlib.crc32(path.encode())), media_type="image/jpeg")
        if path in self.failing:
            return Response("no", self.failing[path], headers={"Retry-After": "0"})
        if path in self.moved:
            return RedirectResponse(self.moved[path])
        if path == "/sitemap.xml" and self.listed != []:
            return Response(self._sitemap(), media_type="application/xml")
        if path not in self.html:
            return HTMLResponse("<h1>Not found</h1>", 404)
        tag = f'"{hashlib.sha256(self.html[path].encode()).hexdigest()[:12]}"'
        if request.headers.get("If-None-Match") == tag:
            return Response(status_code=304, headers={"ETag": tag})
        self.full.append(path)
        return HTMLResponse(self.html[path], headers={"ETag": tag})

    def _sitemap(self) -> str:
        paths = [path for path in self.html if path != "/"] if self.listed is None else self.listed
        entries = self.sitemap_entries or [
            f"<url><loc>{self.base}{path}</loc>{self._date(path)}</url>" for path in paths
        ]
        body = "".join(entries).replace("BASE", self.base)
        return f"<urlset xmlns='{SITEMAPS}' xmlns:xhtml='http://www.w3.org/1999/xhtml'>{body}</urlset>"

    def _date(self, path: str) -> str:
        return f"<lastmod>{self.dates[path]}</lastmod>" if path in self.dates else ""


def node(sku: str, name: str, *photos: str, **facts: Any) -> dict[str, Any]:
    """A product as JSON-LD."""
    offer = {"@type": "Offer", "price": facts.pop("price", "40.00"), "priceCurrency": "EUR"}
    return {
        "sku": sku,
        "name": name,
        "image": [f"/img/{each}.jpg" for each in photos],
        "offers": offer,
    } | facts
