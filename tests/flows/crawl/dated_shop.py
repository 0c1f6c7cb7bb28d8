"""A shop whose sitemap dates its pages, and which says what it was asked for since last time."""

import hashlib
import zlib

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from tests.crawlers.shopserver import StructuredShop, photo

SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"


class DatedShop(StructuredShop):
    """With validators everywhere, two sitemaps that say when a page changed, and answers by path that fail.

    listed    numbers of the products that the sitemaps name
    prices    of products, where it is not 120.00
    dates     their lastmod, where it is not the first of January
    editions  of photos, where it is not the first
    failing   answers in place of the usual ones, by path
    """

    def __init__(self, products: int) -> None:
        super().__init__(products)
        self.photographed = products
        self.listed = list(range(products))
        self.prices: dict[int, str] = {}
        self.dates: dict[int, str] = {}
        self.editions: dict[str, int] = {}
        self.failing: dict[str, Response] = {}
        self.conditional: list[str] = []

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/", self._home),
                Route("/robots.txt", lambda request: PlainTextResponse("")),
                Route("/sitemap.xml", self._either),
                Route("/sitemap-{file:int}.xml", self._either),
                Route("/product/{n:int}", self._either),
                Route("/img/{name}", self._either),
                Route("/category/all", self._either),
            ]
        )

    def change(self, n: int, price: str) -> None:
        """A product costs something else today, and its sitemap says so."""
        self.prices[n], self.dates[n] = price, "2026-02-02"

    def node(self, n: int) -> dict[str, object]:
        offer = {"@type": "Offer", "price": self.prices.get(n, "120.00"), "priceCurrency": "EUR"}
        return super().node(n) | {"offers": offer}

    def new(self) -> list[str]:
        """What was asked since the last call, but for the home page, robots.txt and sitemaps."""
        paths = [path for path in self.asked if path.startswith(("/product/", "/img/", "/category/"))]
        self.asked.clear()
        self.conditional.clear()
        return sorted(paths)

    def _home(self, request: Request) -> Response:
        return HTMLResponse(self.home)

    def _either(self, request: Request) -> Response:
        path, at = request.url.path, request.path_params
        if path in self.failing:
            return self.failing[path]
        if "name" in at:
            edition = self.editions.get(at["name"], 0)
            body, media = photo(zlib.crc32(at["name"].encode()) + edition), "image/jpeg"
        elif "n" in at:
            answer = self._page(request)
            body, media = bytes(answer.body), "text/html"
        elif path == "/category/all":
            links = "".join(f"<a href='/product/{n}'>a coat, EUR 120</a>" for n in self.listed[::2])
            body, media = f"<html>{links}</html>".encode(), "text/html"
        else:
            body, media = self._dated(at.get("file")).encode(), "application/xml"
        tag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        headers = {"ETag": tag} | ({"Cache-Control": "max-age=86400"} if "name" in at else {})
        if said := request.headers.get("If-None-Match"):
            self.conditional.append(path)
            if said == tag:
                return Response(status_code=304, headers=headers)
        return Response(body, media_type=media, headers=headers)

    def _dated(self, file: int | None) -> str:
        if file is None:
            inside = "".join(f"<sitemap><loc>{self.base}/sitemap-{n}.xml</loc></sitemap>" for n in (0, 1))
            return f"<sitemapindex xmlns='{SITEMAP}'>{inside}</sitemapindex>"
        numbers = (n for n in self.listed if n % 2 == file)
        rows = (
            f"<url><loc>{self.base}/product/{n}</loc><lastmod>{self.dates.get(n, '2026-01-01')}</lastmod></url>"
            for n in numbers
        )
        return f"<urlset xmlns='{SITEMAP}'>{''.join(rows)}</urlset>"
