"""A Shopify shop: the public products.json with its pages, collections, cdn addresses and robots rules."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from infra.mall.catalogue import Catalogue, slug
from infra.mall.departments import Departments
from infra.mall.item import Item, Photo
from infra.mall.pages import layout, sitemaps
from infra.mall.pages.answers import HTML, JSON, TEXT, XML, absent, answer, kept, missing, number
from infra.mall.pages.shopify_json import entry, image_url, moment, product_number
from infra.mall.seeds import number as stable_number
from infra.mall.storefront import PER_PAGE, Storefront
from infra.mall.trade import Shop

LIMIT, MOST = 30, 250  # products a page of products.json holds: usual, largest


class Site(Storefront):
    """The addresses that every Shopify shop answers without a key."""

    disallowed = ("/admin", "/cart", "/checkout", "/orders", "/search")

    def __init__(self, catalogue: Catalogue, shop: Shop) -> None:
        super().__init__(catalogue, shop)
        self.departments = Departments(catalogue.items, collection)
        self.feed_entry = kept(
            lambda item: json.dumps(entry(shop, catalogue, item), ensure_ascii=False).encode()
        )

    def routes(self) -> list[Route]:
        """Every address."""
        return [
            Route("/", self.home, name="home"),
            Route("/products.json", self.products, name="feed"),
            Route("/collections.json", self.collections, name="feed"),
            Route("/collections/{collection}/products.json", self.products, name="feed"),
            Route("/collections/{collection}", self.listing, name="listing"),
            Route("/products/{handle}.json", self.product_json, name="feed"),
            Route("/products/{handle}", self.product, name="product"),
            Route("/cdn/shop/files/{file}", self.photo, name="image"),
            Route("/meta.json", self.meta, name="feed"),
            Route("/cart.js", self.cart, name="private"),
            Route("/cart", self.cart, name="private"),
            Route("/robots.txt", self.robots, name="robots"),
            Route("/sitemap.xml", self.sitemap_index, name="sitemap"),
            Route("/sitemap_products_{file:int}.xml", self.sitemap_products, name="sitemap"),
            Route("/sitemap_collections_1.xml", self.sitemap_categories, name="sitemap"),
        ]

    def key(self, item: Item) -> str:
        """Shopify's own number of the product."""
        return str(product_number(self.shop, item))

    def page_path(self, item: Item) -> str:
        """Path of a product's page."""
        return f"/products/{item.handle}"

    def image_path(self, item: Item, photo: Photo) -> str:
        """Path of a photo; its `v` changes with the bytes."""
        return image_url(self.shop, self.catalogue, item, photo).removeprefix(self.shop.url)

    def category_path(self, key: str, page: int = 1) -> str:
        """Path of one page of a collection."""
        return f"/collections/{key}?page={page}" if page > 1 else f"/collections/{key}"

    def group(self, key: str) -> Sequence[Item] | None:
        """The items of a collection."""
        return self.catalogue.items if key == "all" else self.departments.get(key)

    def group_label(self, key: str) -> str:
        """A collection's title."""
        return "All" if key == "all" else self.departments.label(key)

    async def products(self, request: Request) -> Response:
        """A page of products; empty past the end."""
        items = self.group(request.path_params.get("collection", "all"))
        if items is None:
            return missing(request)
        limit, at = number(request, "limit", LIMIT, MOST), number(request, "page", 1, 10**9)
        chosen = items[(at - 1) * limit : at * limit]
        body = b'{"products":[' + b",".join(self.feed_entry(item) for item in chosen) + b"]}"
        return answer(request, body, JSON)

    async def collections(self, request: Request) -> Response:
        """Every collection and its size."""
        listed = [
            {
                "id": stable_number("collection", self.shop.name, key),
                "title": self.departments.label(key),
                "handle": key,
                "description": None,
                "published_at": moment(items[0].created),
                "updated_at": moment(max(i.updated for i in items)),
                "image": None,
                "products_count": len(items),
            }
            for key, items in sorted(self.departments.racks().items())
        ]
        limit, at = number(request, "limit", LIMIT, MOST), number(request, "page", 1, 10**9)
        return answer(
            request,
            json.dumps({"collections": listed[(at - 1) * limit : at * limit]}, ensure_ascii=False),
            JSON,
        )

    async def product_json(self, request: Request) -> Response:
        """One product."""
        item = self.catalogue.items.find(request.path_params["handle"])
        if item is None:
            return absent(request, self.catalogue, request.path_params["handle"])
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

    async def home(self, request: Request) -> Response:
        """Some of everything."""
        body = f"<h1>{self.shop.label}</h1>{self.cards(self.departments.firsts())}"
        return answer(request, self.page("Home", body), HTML)

    async def listing(self, request: Request) -> Response:
        """One page of a collection."""
        key, at = request.path_params["collection"], number(request, "page", 1, 10**9)
        items = self.group(key)
        if items is None:
            return missing(request)
        shown, label, more = items[(at - 1) * PER_PAGE : at * PER_PAGE], self.group_label(key), ""
        if at * PER_PAGE < len(items):
            further = layout.PHRASES[self.shop.language]["next"]
            more = f'<a rel="next" href="/collections/{key}?page={at + 1}">{further}</a>'
        body = f'<h1>{label}</h1>{self.cards(shown)}<div class="pages">{more}</div>'
        return answer(request, self.page(label, body), HTML)

    def page_of(self, item: Item) -> str:
        """A product's page."""
        shown, sent = self.pictures(item, "shop"), self.pictures(item, "customer")
        return self.page(item.title, layout.product(self.shop, item, shown, sent))

    def photo_of(self, params: Mapping[str, str]) -> tuple[str, str]:
        """Handle and photo's name stand in one file name."""
        handle, _, name = params["file"].removesuffix(".jpg").rpartition("_")
        return handle, name

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
            "published_collections_count": len(self.departments.all()),
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
        text += "".join(f"Disallow: {path}\n" for path in self.disallowed)
        return answer(request, f"{text}\nSitemap: {self.shop.url}/sitemap.xml\n", TEXT)

    async def sitemap_index(self, request: Request) -> Response:
        """The index."""
        count = sitemaps.files(self.catalogue.items)
        urls = [f"{self.shop.url}/sitemap_products_{n + 1}.xml" for n in range(count)]
        return answer(request, sitemaps.index([*urls, f"{self.shop.url}/sitemap_collections_1.xml"]), XML)


def collection(path: Sequence[str]) -> tuple[str, str]:
    """A category path's handle and title."""
    label = " ".join((path[0], path[-1])) if path else "All"
    return slug(label), label
