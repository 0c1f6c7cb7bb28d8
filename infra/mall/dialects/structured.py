"""A server-rendered shop with schema.org data: category pages, JSON-LD on product pages, a sitemap index."""

import json
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from infra.mall import layout, sitemaps
from infra.mall.answers import HTML, TEXT, XML, answer, kept, missing, number, photo_answer
from infra.mall.catalogue import slug
from infra.mall.item import Catalogue, Item, Photo
from infra.mall.trade import Shop

DISALLOWED = ("/cart", "/private/")
PER_PAGE = 24


def routes(catalogue: Catalogue, shop: Shop) -> list[Route]:
    """/, /c/<category>, /p/<handle>.html, /media/<handle>/<photo>.jpg, robots.txt and sitemaps."""
    site = Site(catalogue, shop)
    return [
        Route("/", site.home, name="home"),
        Route("/c/{category}", site.listing, name="listing"),
        Route("/p/{handle}.html", site.product, name="product"),
        Route("/media/{handle}/{photo}.jpg", site.photo, name="image"),
        Route("/robots.txt", site.robots, name="robots"),
        Route("/sitemap.xml", site.sitemap_index, name="sitemap"),
        Route("/sitemap-categories.xml", site.sitemap_categories, name="sitemap"),
        Route("/sitemap-products-{file:int}.xml", site.sitemap_products, name="sitemap"),
        Route("/cart", site.private, name="private"),
        Route("/private/{rest:path}", site.private, name="private"),
    ]


class Site:
    """One shop's pages."""

    def __init__(self, catalogue: Catalogue, shop: Shop) -> None:
        self.catalogue, self.shop = catalogue, shop
        self.by_handle = {item.handle: item for item in catalogue.items}
        self.by_category: dict[str, list[Item]] = {}
        self.labels: dict[str, str] = {}
        for item in catalogue.items:
            path = item.categories or ("all",)
            key = slug("-".join(path))
            self.by_category.setdefault(key, []).append(item)
            self.labels[key] = " / ".join((path[0], path[-1])) if len(path) > 1 else path[0]
        self.menu = [(f"/c/{key}", self.labels[key]) for key in sorted(self.by_category)]
        self.product_page = kept(self._product_page)

    def page_url(self, item: Item) -> str:
        """Address of a product's page."""
        return f"{self.shop.url}/p/{item.handle}.html"

    def image_url(self, item: Item, photo: Photo) -> str:
        """Address of a photo."""
        return f"{self.shop.url}/media/{item.handle}/{photo.name}.jpg"

    def cards(self, items: list[Item]) -> str:
        """A grid of items."""
        cells = "".join(
            layout.card(i, f"/p/{i.handle}.html", f"/media/{i.handle}/{i.photos[0].name}.jpg") for i in items
        )
        return f'<div class="grid">{cells}</div>'

    async def home(self, request: Request) -> Response:
        """Some of everything."""
        first = [items[0] for items in self.by_category.values()]
        body = f"<h1>{self.shop.label}</h1>{self.cards(first)}"
        menu = [*self.menu, ("/private/account", layout.PHRASES[self.shop.language]["private"])]
        return answer(request, layout.page(self.shop, "Mode", body, menu), HTML)

    async def listing(self, request: Request) -> Response:
        """One page of a category, with rel=next and rel=prev."""
        key = request.path_params["category"]
        items = self.by_category.get(key)
        at = number(request, "page", 1, 10**9)
        if items is None or (at - 1) * PER_PAGE >= len(items):
            return missing(request)
        say, head, pages = layout.PHRASES[self.shop.language], "", ""
        for there, rel, label in ((at - 1, "prev", say["previous"]), (at + 1, "next", say["next"])):
            if 0 < there <= -(-len(items) // PER_PAGE):
                head += f'<link rel="{rel}" href="{self.shop.url}/c/{key}?page={there}">'
                pages += f'<a rel="{rel}" href="/c/{key}?page={there}">{label}</a>'
        shown = items[(at - 1) * PER_PAGE : at * PER_PAGE]
        body = f'<h1>{self.labels[key]}</h1>{self.cards(shown)}<div class="pages">{pages}</div>'
        return answer(request, layout.page(self.shop, self.labels[key], body, self.menu, head), HTML)

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
        # "</" inside a script would end it.
        data = json.dumps(self.structured(item), ensure_ascii=False).replace("</", "<\\/")
        head = f'<link rel="canonical" href="{self.page_url(item)}">'
        head += f'<script type="application/ld+json">{data}</script>'
        body = layout.product(self.shop, item, pictures["shop"], pictures["customer"])
        return layout.page(self.shop, item.title, body, self.menu, head).encode()

    def structured(self, item: Item) -> dict[str, Any]:
        """The schema.org Product."""
        data: dict[str, Any] = {
            "@context": "https://schema.org",
            "@type": "Product",
            "@id": self.page_url(item),
            "name": item.title,
            "sku": item.sku,
            "description": item.description_html,
            "url": self.page_url(item),
            "image": [
                {"@type": "ImageObject", "contentUrl": self.image_url(item, p), "name": p.view}
                | ({"width": p.width, "height": p.height} if p.width else {})
                for p in item.photos
                if p.kind == "shop"
            ],
        }
        if item.brand:
            data["brand"] = {"@type": "Brand", "name": item.brand}
        if item.categories:
            data["category"] = " > ".join(item.categories)
        if item.colour:
            data["color"] = item.colour
        if item.tags:
            data["keywords"] = ", ".join(item.tags)
        if item.gender:
            data["audience"] = {"@type": "PeopleAudience", "suggestedGender": item.gender}
        if item.price is not None:
            data["offers"] = {
                "@type": "Offer",
                "url": self.page_url(item),
                "price": f"{item.price:.2f}",
                "priceCurrency": item.currency,
                "availability": f"https://schema.org/{'InStock' if item.in_stock else 'OutOfStock'}",
            }
        reviews = [
            {
                "@type": "Review",
                "author": {"@type": "Person", "name": f"Gast {n + 1}"},
                "image": self.image_url(item, photo),
            }
            for n, photo in enumerate(p for p in item.photos if p.kind == "customer")
        ]
        return data | ({"review": reviews} if reviews else {})

    async def photo(self, request: Request) -> Response:
        """A photo."""
        item = self.by_handle.get(request.path_params["handle"])
        photo = (
            next((p for p in item.photos if p.name == request.path_params["photo"]), None) if item else None
        )
        if item is None or photo is None:
            return missing(request)
        return await photo_answer(request, self.catalogue, item, photo)

    async def robots(self, request: Request) -> Response:
        """What crawlers may not fetch, and where the sitemap is."""
        rules = "".join(f"Disallow: {path}\n" for path in DISALLOWED)
        return answer(request, f"User-agent: *\n{rules}\nSitemap: {self.shop.url}/sitemap.xml\n", TEXT)

    async def sitemap_index(self, request: Request) -> Response:
        """The index."""
        count = sitemaps.files(self.catalogue.items)
        urls = [f"{self.shop.url}/sitemap-products-{n + 1}.xml" for n in range(count)]
        return answer(request, sitemaps.index([*urls, f"{self.shop.url}/sitemap-categories.xml"]), XML)

    async def sitemap_categories(self, request: Request) -> Response:
        """The category pages."""
        return answer(request, sitemaps.pages([self.shop.url + url for url, _ in self.menu]), XML)

    async def sitemap_products(self, request: Request) -> Response:
        """Up to 500 products."""
        at = request.path_params["file"]
        if not 1 <= at <= sitemaps.files(self.catalogue.items):
            return missing(request)
        body = sitemaps.products(
            self.catalogue.items, at, self.page_url, lambda i: self.image_url(i, i.photos[0])
        )
        return answer(request, body, XML)

    async def private(self, request: Request) -> Response:
        """What robots.txt forbids; it answers, so that a test can see who came."""
        return Response(layout.page(self.shop, "-", "<h1>-</h1>", self.menu), media_type=HTML)
