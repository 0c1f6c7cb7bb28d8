"""A server-rendered shop that marks its HTML with microdata, and packs its sitemaps as .xml.gz."""

import gzip
from html import escape

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from infra.mall import pricetag
from infra.mall.item import Item, Photo
from infra.mall.pages import layout, sitemaps
from infra.mall.pages.answers import GZIP, XML, answer, missing
from infra.mall.storefront import Storefront


class Site(Storefront):
    """/, /shop/<category>/, /artikel/<handle>, /bilder/<handle>/<photo>.jpg, a sitemap index."""

    disallowed = ("/warenkorb", "/konto/")
    sitemap = "/sitemap_index.xml"

    def routes(self) -> list[Route]:
        """Every address."""
        return [
            Route("/", self.home, name="home"),
            Route("/shop/{category}/", self.listing, name="listing"),
            Route("/artikel/{handle}", self.product, name="product"),
            Route("/bilder/{handle}/{photo}.jpg", self.photo, name="image"),
            Route("/robots.txt", self.robots, name="robots"),
            Route("/sitemap_index.xml", self.sitemap_index, name="sitemap"),
            Route("/sitemaps/categories.xml.gz", self.sitemap_categories, name="sitemap"),
            Route("/sitemaps/products-{file:int}.xml.gz", self.sitemap_products, name="sitemap"),
            Route("/warenkorb", self.private, name="private"),
            Route("/konto/{rest:path}", self.private, name="private"),
        ]

    def page_path(self, item: Item) -> str:
        """Path of a product's page."""
        return f"/artikel/{item.handle}"

    def image_path(self, item: Item, photo: Photo) -> str:
        """Path of a photo."""
        return f"/bilder/{item.handle}/{photo.name}.jpg"

    def category_path(self, key: str, page: int = 1) -> str:
        """Path of one page of a category."""
        return f"/shop/{key}/?page={page}" if page > 1 else f"/shop/{key}/"

    def price(self, item: Item) -> str:
        """The price as people read it."""
        return pricetag.tag(item, self.shop.language)

    def page_of(self, item: Item) -> str:
        """A product's page, every fact an itemprop."""
        say = layout.PHRASES[self.shop.language]
        photos = "".join(
            f'<img itemprop="image" src="{escape(url)}" alt="{escape(alt)}" loading="lazy">'
            for url, alt in self.pictures(item, "shop")
        )
        reviews = "".join(
            f'<div itemprop="review" itemscope itemtype="https://schema.org/Review">'
            f'<span itemprop="author">Gast {n + 1}</span><img itemprop="image" src="{escape(url)}" alt=""></div>'
            for n, (url, _) in enumerate(self.pictures(item, "customer"))
        )
        facts = "".join(
            f'<meta itemprop="{name}" content="{escape(value)}">'
            for name, value in (
                ("category", " > ".join(item.categories)),
                ("color", item.colour),
                ("keywords", ", ".join(item.tags)),
            )
            if value
        )
        if item.gender:
            facts += (
                '<div itemprop="audience" itemscope itemtype="https://schema.org/PeopleAudience">'
                f'<meta itemprop="suggestedGender" content="{escape(item.gender)}"></div>'
            )
        body = (
            f'{self._crumbs(item)}<div class="product" itemscope itemtype="https://schema.org/Product"><div>'
            f'<link itemprop="url" href="{escape(self.page_url(item))}"><div class="gallery">{photos}</div>'
            f'<section><h2>{say["reviews"]}</h2><div class="gallery">{reviews}</div></section></div><div>'
            f'<h1 itemprop="name">{escape(item.title)}</h1>{self._brand(item)}{self._offer(item)}'
            f"<p><select>{''.join(f'<option>{escape(size)}</option>' for size in item.sizes)}</select></p>"
            f"<button>{say['cart'] if item.in_stock else say['sold']}</button>"
            f'<div class="description" itemprop="description">{item.description_html}</div>{facts}'
            f'<p><small>Art.-Nr. <span itemprop="sku">{escape(item.sku)}</span></small></p></div></div>'
        )
        return self.page(item.title, body, f'<link rel="canonical" href="{escape(self.page_url(item))}">')

    def _crumbs(self, item: Item) -> str:
        steps = "".join(
            '<li itemprop="itemListElement" itemscope itemtype="https://schema.org/ListItem">'
            f'<span itemprop="name">{escape(name)}</span><meta itemprop="position" content="{n + 1}"></li>'
            for n, name in enumerate(("Home", *item.categories))
        )
        return f'<ol class="crumbs" itemscope itemtype="https://schema.org/BreadcrumbList">{steps}</ol>'

    def _brand(self, item: Item) -> str:
        if not item.brand:
            return ""
        name = f'<span itemprop="name">{escape(item.brand)}</span>'
        return f'<p itemprop="brand" itemscope itemtype="https://schema.org/Brand">{name}</p>'

    def _offer(self, item: Item) -> str:
        if item.price is None:
            return ""
        before = ""
        if item.list_price is not None:
            before = (
                '<div itemprop="priceSpecification" itemscope itemtype="https://schema.org/UnitPriceSpecification">'
                '<link itemprop="priceType" href="https://schema.org/StrikethroughPrice">'
                f'<meta itemprop="price" content="{item.list_price:.2f}">'
                f'<meta itemprop="priceCurrency" content="{item.currency}"></div>'
            )
        state = "InStock" if item.in_stock else "OutOfStock"
        return (
            '<div itemprop="offers" itemscope itemtype="https://schema.org/Offer">'
            f'<meta itemprop="price" content="{item.price:.2f}">'
            f'<meta itemprop="priceCurrency" content="{item.currency}">'
            f'<link itemprop="availability" href="https://schema.org/{state}">{before}<p>{self.price(item)}</p></div>'
        )

    async def sitemap_index(self, request: Request) -> Response:
        """The index."""
        count = sitemaps.files(self.catalogue.items)
        urls = [f"{self.shop.url}/sitemaps/products-{n + 1}.xml.gz" for n in range(count)]
        return answer(request, sitemaps.index([*urls, f"{self.shop.url}/sitemaps/categories.xml.gz"]), XML)

    async def sitemap_categories(self, request: Request) -> Response:
        """The category pages."""
        return answer(request, packed(sitemaps.pages([self.shop.url + url for url, _ in self.menu])), GZIP)

    async def sitemap_products(self, request: Request) -> Response:
        """Up to 500 products."""
        body = self.sitemap_file(request.path_params["file"])
        return answer(request, packed(body), GZIP) if body else missing(request)


def packed(text: str) -> bytes:
    """A .gz file, the same for the same text."""
    return gzip.compress(text.encode(), 6, mtime=0)
