"""A Shopify shop: the public products.json with its pages, collections, cdn addresses and robots rules."""

import json
from collections.abc import Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from infra.mall import layout, sitemaps
from infra.mall.answers import HTML, JSON, TEXT, XML, answer, kept, missing, number, photo_answer
from infra.mall.catalogue import slug
from infra.mall.item import Catalogue, Item, Photo
from infra.mall.seeds import number as stable_number
from infra.mall.shopify_json import entry, image_url, moment
from infra.mall.trade import Shop

DISALLOWED = ("/admin", "/cart", "/checkout", "/orders", "/search")
LIMIT, MOST = 30, 250  # products a page of products.json holds: usual, largest
PER_PAGE = 24


def routes(catalogue: Catalogue, shop: Shop) -> list[Route]:
    """The addresses that every Shopify shop answers without a key."""
    site = Site(catalogue, shop)
    return [
        Route("/", site.home, name="home"),
        Route("/products.json", site.products, name="feed"),
        Route("/collections.json", site.collections, name="feed"),
        Route("/collections/{collection}/products.json", site.products, name="feed"),
        Route("/collections/{collection}", site.listing, name="listing"),
        Route("/products/{handle}.json", site.product_json, name="feed"),
        Route("/products/{handle}", site.product, name="product"),
        Route("/cdn/shop/files/{file}", site.photo, name="image"),
        Route("/meta.json", site.meta, name="feed"),
        Route("/cart.js", site.cart, name="private"),
        Route("/cart", site.cart, name="private"),
        Route("/robots.txt", site.robots, name="robots"),
        Route("/sitemap.xml", site.sitemap_index, name="sitemap"),
        Route("/sitemap_products_{file:int}.xml", site.sitemap_products, name="sitemap"),
        Route("/sitemap_collections_1.xml", site.sitemap_collections, name="sitemap"),
    ]


class Site:
    """One shop's pages."""

    def __init__(self, catalogue: Catalogue, shop: Shop) -> None:
        self.catalogue, self.shop = catalogue, shop
        self.by_handle = {item.handle: item for item in catalogue.items}
        self.files = {
            f"{item.handle}_{p.name}.jpg": (item, p) for item in catalogue.items for p in item.photos
        }
        self.groups: dict[str, list[Item]] = {}
        self.labels = {"all": "All"}
        for item in catalogue.items:
            label = " ".join((item.categories[0], item.categories[-1])) if item.categories else "All"
            self.labels[slug(label)] = label
            self.groups.setdefault(slug(label), []).append(item)
        self.menu = [(f"/collections/{key}", self.labels[key]) for key in sorted(self.groups)]
        self.feed_entry = kept(
            lambda handle: json.dumps(
                entry(shop, catalogue, self.by_handle[handle]), ensure_ascii=False
            ).encode()
        )
        self.product_page = kept(self._product_page)

    def group(self, key: str) -> Sequence[Item] | None:
        """The items of a collection."""
        return self.catalogue.items if key == "all" else self.groups.get(key)

    def image_url(self, item: Item, photo: Photo) -> str:
        """Address of a photo."""
        return image_url(self.shop, self.catalogue, item, photo)

    async def products(self, request: Request) -> Response:
        """A page of products; empty past the end."""
        items = self.group(request.path_params.get("collection", "all"))
        if items is None:
            return missing(request)
        limit, at = number(request, "limit", LIMIT, MOST), number(request, "page", 1, 10**9)
        chosen = items[(at - 1) * limit : at * limit]
        body = b'{"products":[' + b",".join(self.feed_entry(item.handle) for item in chosen) + b"]}"
        return answer(request, body, JSON)

    async def collections(self, request: Request) -> Response:
        """Every collection and its size."""
        listed = [
            {
                "id": stable_number("collection", self.shop.name, key),
                "title": self.labels[key],
                "handle": key,
                "description": None,
                "published_at": moment(items[0].created),
                "updated_at": moment(max(i.updated for i in items)),
                "image": None,
                "products_count": len(items),
            }
            for key, items in sorted(self.groups.items())
        ]
        limit, at = number(request, "limit", LIMIT, MOST), number(request, "page", 1, 10**9)
        return answer(
            request,
            json.dumps({"collections": listed[(at - 1) * limit : at * limit]}, ensure_ascii=False),
            JSON,
        )

    async def product_json(self, request: Request) -> Response:
        """One product."""
        item = self.by_handle.get(request.path_params["handle"])
        if item is None:
            return missing(request)
        return answer(
            request,
            json.dumps({"product": entry(self.shop, self.catalogue, item, alone=True)}, ensure_ascii=False),
            JSON,
            item.updated,
        )

    def head(self) -> str:
        """The scripts by which a Shopify shop is known."""
        host = f"{self.shop.name}.myshopify.com"
        return (
            '<link rel="preconnect" href="https://cdn.shopify.com">'
            f'<script>var Shopify = Shopify || {{}};Shopify.shop = "{host}";'
            f'Shopify.locale = "{self.shop.language}";'
            f'Shopify.currency = {{"active":"{self.shop.currency}","rate":"1.0"}};'
            f'Shopify.country = "DE";Shopify.cdnHost = "{self.shop.url}/cdn";</script>'
        )

    def cards(self, items: Sequence[Item]) -> str:
        """A grid of items."""
        cells = "".join(
            layout.card(
                i, f"/products/{i.handle}", self.image_url(i, i.photos[0]).removeprefix(self.shop.url)
            )
            for i in items
        )
        return f'<div class="grid">{cells}</div>'

    async def home(self, request: Request) -> Response:
        """Some of everything."""
        first = [items[0] for items in self.groups.values()]
        return answer(
            request,
            layout.page(
                self.shop, "Home", f"<h1>{self.shop.label}</h1>{self.cards(first)}", self.menu, self.head()
            ),
            HTML,
        )

    async def listing(self, request: Request) -> Response:
        """One page of a collection."""
        key, at = request.path_params["collection"], number(request, "page", 1, 10**9)
        items = self.group(key)
        if items is None:
            return missing(request)
        shown, label, more = items[(at - 1) * PER_PAGE : at * PER_PAGE], self.labels[key], ""
        if at * PER_PAGE < len(items):
            further = layout.PHRASES[self.shop.language]["next"]
            more = f'<a rel="next" href="/collections/{key}?page={at + 1}">{further}</a>'
        body = f'<h1>{label}</h1>{self.cards(shown)}<div class="pages">{more}</div>'
        return answer(request, layout.page(self.shop, label, body, self.menu, self.head()), HTML)

    async def product(self, request: Request) -> Response:
        """A product page."""
        handle = request.path_params["handle"]
        item = self.by_handle.get(handle)
        if item is None:
            return missing(request)
        return answer(request, self.product_page(handle), HTML, item.updated)

    def _product_page(self, handle: str) -> bytes:
        item = self.by_handle[handle]
        pictures = {
            kind: [(self.image_url(item, p), f"{item.title} {p.view}") for p in item.photos if p.kind == kind]
            for kind in ("shop", "customer")
        }
        return layout.page(
            self.shop,
            item.title,
            layout.product(self.shop, item, pictures["shop"], pictures["customer"]),
            self.menu,
            self.head(),
        ).encode()

    async def photo(self, request: Request) -> Response:
        """A photo."""
        found = self.files.get(request.path_params["file"])
        return missing(request) if found is None else await photo_answer(request, self.catalogue, *found)

    async def meta(self, request: Request) -> Response:
        """The shop itself."""
        about = {
            "id": stable_number("shop", self.shop.name),
            "name": self.shop.label,
            "city": "Hamburg",
            "country": "DE",
            "currency": self.shop.currency,
            "domain": self.shop.url.removeprefix("http://"),
            "url": self.shop.url,
            "myshopify_domain": f"{self.shop.name}.myshopify.com",
            "description": "",
            "published_collections_count": len(self.groups),
            "published_products_count": len(self.catalogue.items),
        }
        return answer(request, json.dumps(about), JSON)

    async def cart(self, request: Request) -> Response:
        """An empty cart; robots.txt forbids it, but it names the currency, as Shopify's does."""
        empty: dict[str, Any] = {
            "token": "0" * 32,
            "note": None,
            "attributes": {},
            "total_price": 0,
            "item_count": 0,
            "items": [],
            "currency": self.shop.currency,
        }
        return Response(json.dumps(empty), media_type=JSON)

    async def robots(self, request: Request) -> Response:
        """Rules like Shopify's."""
        text = "# we use Shopify as our ecommerce platform\nUser-agent: *\n"
        text += "".join(f"Disallow: {path}\n" for path in DISALLOWED)
        return answer(request, f"{text}\nSitemap: {self.shop.url}/sitemap.xml\n", TEXT)

    async def sitemap_index(self, request: Request) -> Response:
        """The index."""
        count = sitemaps.files(self.catalogue.items)
        urls = [f"{self.shop.url}/sitemap_products_{n + 1}.xml" for n in range(count)]
        return answer(request, sitemaps.index([*urls, f"{self.shop.url}/sitemap_collections_1.xml"]), XML)

    async def sitemap_products(self, request: Request) -> Response:
        """Up to 500 products."""
        at = request.path_params["file"]
        if not 1 <= at <= sitemaps.files(self.catalogue.items):
            return missing(request)
        body = sitemaps.products(
            self.catalogue.items,
            at,
            lambda i: f"{self.shop.url}/products/{i.handle}",
            lambda i: self.image_url(i, i.photos[0]),
        )
        return answer(request, body, XML)

    async def sitemap_collections(self, request: Request) -> Response:
        """The collections."""
        return answer(request, sitemaps.pages([self.shop.url + url for url, _ in self.menu]), XML)
