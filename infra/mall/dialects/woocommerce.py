"""A WooCommerce shop: WordPress pages, and the Store API that answers without a key."""

import json
import re
from collections.abc import Mapping
from html import unescape

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from infra.mall import pricetag
from infra.mall.catalogue import Catalogue
from infra.mall.item import Item, Photo
from infra.mall.pages import layout, sitemaps
from infra.mall.pages.answers import JSON, TEXT, XML, answer, kept, number
from infra.mall.pages.woocommerce_json import entities, entry, product_number
from infra.mall.storefront import Storefront
from infra.mall.trade import Shop

USUAL, MOST = 10, 100  # products a page of the API holds
API = "/wp-json/wc/store/v1/products"


class Site(Storefront):
    """The Store API, /product/<handle>/, /product-category/<category>/, uploads and WordPress's own sitemap."""

    disallowed = ("/wp-admin/", "/cart/", "/checkout/", "/my-account/")
    sitemap = "/wp-sitemap.xml"

    def __init__(self, catalogue: Catalogue, shop: Shop) -> None:
        super().__init__(catalogue, shop)
        self.feed_entry = kept(lambda item: json.dumps(self.entry(item)).encode())

    def routes(self) -> list[Route]:
        """Every address."""
        return [
            Route("/", self.home, name="home"),
            Route(API, self.products, name="feed"),
            Route(API + "/{handle}", self.product_json, name="feed"),
            Route("/product-category/{category}/", self.listing, name="listing"),
            Route("/product-category/{category}/page/{page:int}/", self.listing, name="listing"),
            Route("/product/{handle}/", self.product, name="product"),
            Route("/wp-content/uploads/{handle}-photo-{photo}.jpg", self.photo, name="image"),
            Route("/robots.txt", self.robots, name="robots"),
            Route("/wp-sitemap.xml", self.sitemap_index, name="sitemap"),
            Route("/wp-sitemap-posts-product-{file:int}.xml", self.sitemap_products, name="sitemap"),
            Route("/wp-sitemap-taxonomies-product_cat-1.xml", self.sitemap_categories, name="sitemap"),
            *(Route(path + "{rest:path}", self.private, name="private") for path in self.disallowed),
        ]

    def key(self, item: Item) -> str:
        """The product's post id, as the API says it."""
        return str(product_number(self.shop, item))

    def title(self, item: Item) -> str:
        """The title with WordPress's typographic signs."""
        return unescape(entities(item.title))

    def page_path(self, item: Item) -> str:
        """Path of a product's page."""
        return f"/product/{item.handle}/"

    def image_path(self, item: Item, photo: Photo) -> str:
        """Path of a photo; WordPress names an edited one anew, with an `-e` and a number."""
        edited = f"-e{photo.edition}" if photo.edition else ""
        return f"/wp-content/uploads/{item.handle}-photo-{photo.name}{edited}.jpg"

    def photo_of(self, params: Mapping[str, str]) -> tuple[str, str]:
        """Handle and name of the photo at a path, edited or not."""
        return params["handle"], re.sub(r"-e\d+$", "", params["photo"])

    def category_path(self, key: str, page: int = 1) -> str:
        """Path of one page of a category."""
        return f"/product-category/{key}/page/{page}/" if page > 1 else f"/product-category/{key}/"

    def price(self, item: Item) -> str:
        """The price as people read it."""
        return pricetag.tag(item, self.shop.language)

    def head(self) -> str:
        """By what WordPress and WooCommerce are known."""
        return (
            '<meta name="generator" content="WordPress 6.8"><meta name="generator" content="WooCommerce 10.2">'
            f'<link rel="https://api.w.org/" href="{self.shop.url}/wp-json/">'
        )

    def entry(self, item: Item) -> dict[str, object]:
        """The product as the API lists it."""
        urls = [self.image_url(item, photo) for photo in item.photos]
        return entry(self.shop, self.catalogue, item, self.page_url(item), urls)

    async def products(self, request: Request) -> Response:
        """A page of products with the totals in its headers; empty past the end."""
        items = self.catalogue.items
        size, at = number(request, "per_page", USUAL, MOST), number(request, "page", 1, 10**9)
        pages = -(-len(items) // size)
        body = b"[" + b",".join(self.feed_entry(item) for item in items[(at - 1) * size : at * size]) + b"]"
        reply = answer(request, body, JSON)
        reply.headers["x-wp-total"], reply.headers["x-wp-totalpages"] = str(len(items)), str(pages)
        links = [
            f'<{self.shop.url}{API}?per_page={size}&page={there}>; rel="{rel}"'
            for there, rel in ((at - 1, "prev"), (at + 1, "next"))
            if 0 < there <= pages
        ]
        if links:
            reply.headers["link"] = ", ".join(links)
        return reply

    async def product_json(self, request: Request) -> Response:
        """One product by its name, or the API's own 404."""
        item = self.catalogue.items.find(request.path_params["handle"])
        if item is None:
            gone = {"code": "woocommerce_rest_product_invalid_slug", "message": "Invalid product slug."}
            return Response(json.dumps(gone), 404, media_type=JSON)
        return answer(request, self.feed_entry(item), JSON)

    def page_of(self, item: Item) -> str:
        """A product's page."""
        shown, sent = self.pictures(item, "shop"), self.pictures(item, "customer")
        body = layout.product(self.shop, item, shown, sent, self.price(item))
        classes = f"product type-product post-{self.key(item)} {'instock' if item.in_stock else 'outofstock'}"
        body = f'<article class="{classes}">{body}</article>'
        return self.page(item.title, body, f'<link rel="canonical" href="{self.page_url(item)}">')

    async def robots(self, request: Request) -> Response:
        """Rules like WordPress's own."""
        rules = "".join(f"Disallow: {path}\n" for path in self.disallowed)
        rules += "Allow: /wp-admin/admin-ajax.php\n"
        return answer(request, f"User-agent: *\n{rules}\nSitemap: {self.shop.url}{self.sitemap}\n", TEXT)

    async def sitemap_index(self, request: Request) -> Response:
        """The index."""
        count = sitemaps.files(self.catalogue.items)
        urls = [f"{self.shop.url}/wp-sitemap-posts-product-{n + 1}.xml" for n in range(count)]
        urls.append(f"{self.shop.url}/wp-sitemap-taxonomies-product_cat-1.xml")
        return answer(request, sitemaps.index(urls), XML)
