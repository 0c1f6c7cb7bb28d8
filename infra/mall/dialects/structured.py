"""A server-rendered shop with schema.org data: category pages, JSON-LD on product pages, a sitemap index."""

import json
from decimal import Decimal
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from infra.mall.item import Item, Photo
from infra.mall.pages import layout, sitemaps
from infra.mall.pages.answers import XML, answer
from infra.mall.storefront import Storefront


class Site(Storefront):
    """/, /c/<category>, /p/<handle>.html, /media/<handle>/<photo>.jpg, robots.txt and sitemaps."""

    disallowed = ("/cart", "/private/")

    def routes(self) -> list[Route]:
        """Every address."""
        return [
            Route("/", self.home, name="home"),
            Route("/c/{category}", self.listing, name="listing"),
            Route("/p/{handle}.html", self.product, name="product"),
            Route("/media/{handle}/{photo}.jpg", self.photo, name="image"),
            Route("/robots.txt", self.robots, name="robots"),
            Route("/sitemap.xml", self.sitemap_index, name="sitemap"),
            Route("/sitemap-categories.xml", self.sitemap_categories, name="sitemap"),
            Route("/sitemap-products-{file:int}.xml", self.sitemap_products, name="sitemap"),
            Route("/cart", self.private, name="private"),
            Route("/private/{rest:path}", self.private, name="private"),
        ]

    def page_path(self, item: Item) -> str:
        """Path of a product's page."""
        return f"/p/{item.handle}.html"

    def image_path(self, item: Item, photo: Photo) -> str:
        """Path of a photo."""
        return f"/media/{item.handle}/{photo.name}.jpg"

    def category_path(self, key: str, page: int = 1) -> str:
        """Path of one page of a category."""
        return f"/c/{key}?page={page}" if page > 1 else f"/c/{key}"

    def page_of(self, item: Item) -> str:
        """A product's page with its JSON-LD."""
        # "</" inside a script would end it.
        data = json.dumps(self.structured(item), ensure_ascii=False).replace("</", "<\\/")
        head = f'<link rel="canonical" href="{self.page_url(item)}">'
        head += f'<script type="application/ld+json">{data}</script>'
        shown, sent = self.pictures(item, "shop"), self.pictures(item, "customer")
        return self.page(item.title, layout.product(self.shop, item, shown, sent), head)

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
            data["offers"] = self.offer(item, item.price)
        reviews = [
            {
                "@type": "Review",
                "author": {"@type": "Person", "name": f"Gast {n + 1}"},
                "image": self.image_url(item, photo),
            }
            for n, photo in enumerate(p for p in item.photos if p.kind == "customer")
        ]
        return data | ({"review": reviews} if reviews else {})

    def offer(self, item: Item, price: Decimal) -> dict[str, Any]:
        """The schema.org Offer, with the price before a reduction where there is one."""
        offer: dict[str, Any] = {
            "@type": "Offer",
            "url": self.page_url(item),
            "price": f"{price:.2f}",
            "priceCurrency": item.currency,
            "availability": f"https://schema.org/{'InStock' if item.in_stock else 'OutOfStock'}",
        }
        if item.list_price is not None:
            offer["priceSpecification"] = {
                "@type": "UnitPriceSpecification",
                "priceType": "https://schema.org/StrikethroughPrice",
                "price": f"{item.list_price:.2f}",
                "priceCurrency": item.currency,
            }
        return offer

    async def sitemap_index(self, request: Request) -> Response:
        """The index."""
        count = sitemaps.files(self.catalogue.items)
        urls = [f"{self.shop.url}/sitemap-products-{n + 1}.xml" for n in range(count)]
        return answer(request, sitemaps.index([*urls, f"{self.shop.url}/sitemap-categories.xml"]), XML)
