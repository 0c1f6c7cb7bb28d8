"""A shop that costs its server next to nothing: `python tests/bench/served/shop.py pages|feed PRODUCTS SIDE`.

Prints its address and answers until it is ended. Pages and photos are put together from bytes made
beforehand, several thousand a second, so that whoever asks is what is measured. SIDE is the longer side of
its photos in px.
"""

import asyncio
import io
import json
import sys
from functools import lru_cache
from typing import Any

import numpy as np
from PIL import Image

PAGE_BYTES = 30_000
POOL = 64  # photos that differ in their pixels; all others differ in a comment inside the file
SITEMAP = 10_000  # addresses in each
MARKUPS = ("json-ld", "microdata", "opengraph", "none")
_WORDS = "soft washed cotton jersey with a ribbed neck and a straight hem made for warm days".split()
_LINK = '<li class="nav-item"><a class="link" href="/c/{0}" data-track="nav-{0}"><span>Category {0}</span></a></li>\n'
_CARD = (
    '<article class="card"><a href="/products/other-{0}"><img src="/media/{0}.jpg" alt="Other {0}" loading="lazy">'
    '<h3>Other product {0}</h3><span class="now">39,90 €</span></a></article>\n'
)
_SCRIPT = '<script>window.shop = window.shop || []; shop.push({{"id": {0}, "name": "block {0}"}});</script>\n'


def title_of(n: int) -> str:
    """A name of a product."""
    return f"{_WORDS[n % 4].title()} shirt {n:07d}"


def description_of(n: int) -> str:
    """Sixty words."""
    return " ".join(_WORDS[(n + at * at) % len(_WORDS)] for at in range(60)).capitalize() + "."


def photo_address(base: str, n: int) -> str:
    """Where the photo of a product is."""
    return f"{base}/photos/{n:07d}.jpg"


@lru_cache(8)
def furniture(size: int) -> tuple[str, str]:
    """What stands before and after the product on every page: links, cards and scripts in equal parts."""
    pieces: list[str] = []
    for n in range(size):
        if sum(map(len, pieces)) > size:
            break
        pieces += [_LINK.format(n), _CARD.format(n), _SCRIPT.format(n), _SCRIPT.format(n)]
    half = len(pieces) // 2
    return "".join(pieces[:half]), "".join(pieces[half:])


def page(n: int, base: str, markup: str = "json-ld", size: int = PAGE_BYTES) -> bytes:
    """A product page of about `size` bytes that states its product in one markup, or in `none`."""
    before, after = furniture(size - 2_500)
    title, words, photo = title_of(n), description_of(n), photo_address(base, n)
    head = prop = ""
    if markup == "json-ld":
        offer = {
            "@type": "Offer",
            "price": f"{n % 90 + 10}.90",
            "priceCurrency": "EUR",
            "availability": "InStock",
        }
        node: dict[str, object] = {
            "@context": "https://schema.org",
            "@type": "Product",
            "name": title,
            "sku": f"S{n}",
            "image": [photo],
        }
        node |= {
            "description": words,
            "brand": {"@type": "Brand", "name": "Brand"},
            "color": "blue",
            "offers": offer,
        }
        crumbs = [
            {"@type": "ListItem", "position": at, "name": name} for at, name in ((1, "Women"), (2, "Shirts"))
        ]
        graph = [node, {"@type": "BreadcrumbList", "itemListElement": crumbs}]
        head = f'<script type="application/ld+json">{json.dumps({"@graph": graph})}</script>'
    elif markup == "opengraph":
        facts = {"og:type": "product", "og:title": title, "og:description": words, "og:image": photo}
        facts |= {
            "product:price:amount": f"{n % 90 + 10}.90",
            "product:price:currency": "EUR",
            "product:brand": "Brand",
        }
        head = "".join(f'<meta property="{name}" content="{value}">' for name, value in facts.items())
    body = (
        f'<img class="photo" src="{photo}"><h1 class="title">{title}</h1><span class="sku">S{n}</span>'
        f'<span class="price">{n % 90 + 10},90 €</span><div class="text">{words}</div>'
    )
    if markup == "microdata":
        for name in ("image", "name", "sku", "price", "description"):
            body = body.replace(" class=", f' itemprop="{name}" data-class=', 1)
        offer_of = '<span itemprop="offers" itemscope itemtype="https://schema.org/Offer">'
        said = (
            f'<meta itemprop="priceCurrency" content="EUR"><meta itemprop="price" content="{n % 90 + 10}.90">'
        )
        body = body.replace('<span itemprop="price"', f"{offer_of}{said}</span><span")
        prop = ' itemscope itemtype="https://schema.org/Product"'
    return (
        f"<!doctype html><html><head><title>{title}</title>{head}</head><body>{before}"
        f"<main{prop}>{body}</main>{after}</body></html>"
    ).encode()


def shopify(n: int, base: str) -> dict[str, Any]:
    """One entry of a feed, about 1.6 KB, as Shopify writes it."""
    sizes = ("S", "M", "L", "XL")
    variant = {
        "available": True,
        "price": "49.90",
        "compare_at_price": "59.90",
        "option1": "Blue",
        "taxable": True,
    }
    return {
        "id": 10_000_000 + n, "handle": f"item-{n:07d}", "title": title_of(n), "vendor": "Brand",
        "body_html": f"<p>{description_of(n)}</p><ul><li>cotton</li><li>washable</li></ul>",
        "product_type": "Shirts", "tags": ["women", "summer", "gender:women"],
        "options": [{"name": "Colour", "values": ["Blue"]}, {"name": "Size", "values": list(sizes)}],
        "variants": [variant | {"id": n * 10 + at, "option2": size, "sku": f"S{n}-{size}", "title": f"Blue / {size}",
                                "created_at": "2026-01-02T03:04:05+00:00"} for at, size in enumerate(sizes)],
        "images": [{"id": n, "src": photo_address(base, n % POOL), "width": 320, "height": 400, "position": 1}],
    }  # fmt: skip


def woocommerce(n: int, base: str) -> dict[str, Any]:
    """One entry of the Store API."""
    prices = {"price": "4990", "regular_price": "5990", "sale_price": "4990", "currency_code": "EUR"}
    return {
        "id": 10_000_000 + n, "name": title_of(n), "slug": f"item-{n:07d}", "permalink": f"{base}/product/item-{n}/",
        "type": "simple", "sku": f"S{n}", "description": f"<p>{description_of(n)}</p>",
        "prices": prices | {"currency_minor_unit": 2}, "is_in_stock": True,
        "categories": [{"id": 1, "name": "Shirts", "link": f"{base}/c/shirts"}], "tags": [{"id": 2, "name": "summer"}],
        "attributes": [{"name": "Colour", "terms": [{"name": "Blue"}]}, {"name": "Size", "terms": [{"name": "M"}]}],
        "images": [{"id": n, "src": photo_address(base, n), "name": "front", "alt": title_of(n)}],
    }  # fmt: skip


def photos(side: int) -> list[tuple[bytes, bytes]]:
    """POOL JPEGs of a smooth picture with some grain, each cut where a comment may stand. 400 px give 20 to 36 KB."""
    dice, found = np.random.default_rng(0), []
    for n in range(POOL):
        size = (side * 4 // 5, side)
        coarse = Image.fromarray(dice.integers(0, 256, (20, 16, 3), np.uint8)).resize(
            size, Image.Resampling.BICUBIC
        )
        grain = dice.normal(0, 3 + n % 6, (size[1], size[0], 1))
        file = io.BytesIO()
        Image.fromarray(np.clip(np.asarray(coarse) + grain, 0, 255).astype(np.uint8)).save(
            file, "JPEG", quality=82
        )
        found.append((file.getvalue()[:2], file.getvalue()[2:]))
    return found


class Shop:
    """What each path answers."""

    def __init__(self, kind: str, products: int, side: int, base: str) -> None:
        self.kind, self.products, self.base, self.photos = kind, products, base, photos(side)

    def answer(self, path: str) -> bytes:
        """A whole HTTP response."""
        name = path.partition("?")[0]
        if name.startswith("/products/") and self.kind == "pages":
            return _said(page(int(name[-7:]), self.base), "text/html; charset=utf-8")
        if name.startswith("/photos/"):
            n = int(name[-11:-4])
            start, rest = self.photos[n % POOL]
            return _said(start + b"\xff\xfe\x00\x0a%08d" % n + rest, "image/jpeg")  # a comment of 8 bytes
        if name == "/products.json" and self.kind == "feed":
            number = {
                key: int(value)
                for key, _, value in (p.partition("=") for p in path.partition("?")[2].split("&"))
            }
            return _said(self._feed(number["limit"], number.get("page", 1)), "application/json")
        if name == "/robots.txt":
            return _said(
                f"User-agent: *\nDisallow: /cart\nSitemap: {self.base}/sitemap.xml\n".encode(), "text/plain"
            )
        if name.startswith("/sitemap") and self.kind == "pages":
            return _said(self._sitemap(name), "application/xml")
        if name == "/":
            return _said(page(0, self.base, "none"), "text/html; charset=utf-8")
        return b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"

    @lru_cache(1_000)  # noqa: B019 - there is one shop in the process
    def _feed(self, limit: int, number: int) -> bytes:
        some = range((number - 1) * limit, min(number * limit, self.products))
        return json.dumps({"products": [shopify(n, self.base) for n in some]}).encode()

    def _sitemap(self, name: str) -> bytes:
        if name == "/sitemap.xml":
            firsts = range(0, self.products, SITEMAP)
            places = "".join(
                f"<sitemap><loc>{self.base}/sitemap-products-{n}.xml</loc></sitemap>" for n in firsts
            )
            return f"<?xml version='1.0'?><sitemapindex>{places}</sitemapindex>".encode()
        first = int(name.removeprefix("/sitemap-products-").removesuffix(".xml"))
        some = range(first, min(first + SITEMAP, self.products))
        urls = "".join(
            f"<url><loc>{self.base}/products/item-{n:07d}</loc><lastmod>2026-01-02</lastmod></url>"
            for n in some
        )
        return f"<?xml version='1.0'?><urlset>{urls}</urlset>".encode()


def _said(body: bytes, kind: str) -> bytes:
    head = f'HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nETag: "{len(body)}"\r\nContent-Length: {len(body)}\r\n\r\n'
    return head.encode() + body


class Answering(asyncio.Protocol):
    """One connection, kept open."""

    shop: Shop

    def connection_made(self, transport: Any) -> None:
        self._transport, self._heard = transport, b""

    def data_received(self, data: bytes) -> None:
        *asked, self._heard = (self._heard + data).split(b"\r\n\r\n")
        for head in asked:
            self._transport.write(self.shop.answer(head.split(b" ", 2)[1].decode()))


async def serve(kind: str, products: int, side: int) -> None:
    """Until the process is ended."""
    server = await asyncio.get_running_loop().create_server(Answering, "127.0.0.1", 0)
    base = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    Answering.shop = Shop(kind, products, side, base)
    print(base, flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
