"""A shop that says everything to people and nothing to machines: no data, no sitemap, prices in the local form.

Its classes are .product-title, .product-brand, .price, .list-price, .sku, .colour, .gender, .stock, .breadcrumb,
.tags, .description and .gallery: a crawler reads it with selectors written by hand.
"""

from html import escape

from starlette.routing import Route

from infra.mall import pricetag
from infra.mall.item import Item, Photo
from infra.mall.pages import layout
from infra.mall.storefront import Storefront

STOCK = {"en": ("In stock", "Sold out"), "de": ("Auf Lager", "Ausverkauft")}


class Site(Storefront):
    """/, /sortiment/<category>/<page>, /stueck/<handle>, /fotos/<handle>/<photo>.jpg."""

    disallowed = ("/korb", "/intern/")
    sitemap = ""

    def routes(self) -> list[Route]:
        """Every address."""
        return [
            Route("/", self.home, name="home"),
            Route("/sortiment/{category}", self.listing, name="listing"),
            Route("/sortiment/{category}/{page:int}", self.listing, name="listing"),
            Route("/stueck/{handle}", self.product, name="product"),
            Route("/fotos/{handle}/{photo}.jpg", self.photo, name="image"),
            Route("/robots.txt", self.robots, name="robots"),
            Route("/korb", self.private, name="private"),
            Route("/intern/{rest:path}", self.private, name="private"),
        ]

    def page_path(self, item: Item) -> str:
        """Path of a product's page."""
        return f"/stueck/{item.handle}"

    def image_path(self, item: Item, photo: Photo) -> str:
        """Path of a photo."""
        return f"/fotos/{item.handle}/{photo.name}.jpg"

    def category_path(self, key: str, page: int = 1) -> str:
        """Path of one page of a category."""
        return f"/sortiment/{key}/{page}" if page > 1 else f"/sortiment/{key}"

    def price(self, item: Item) -> str:
        """The price as people read it."""
        return pricetag.tag(item, self.shop.language)

    def page_of(self, item: Item) -> str:
        """A product's page."""
        say, stock = layout.PHRASES[self.shop.language], STOCK[self.shop.language]
        shown = [(self.image_path(item, p), f"{item.title} {p.view}") for p in item.photos]
        sizes = "".join(f"<option>{escape(size)}</option>" for size in item.sizes)
        crumbs = "".join(f"<li>{escape(name)}</li>" for name in item.categories)
        tags = "".join(f"<li>{escape(tag)}</li>" for tag in item.tags)
        facts = "".join(
            f'<p class="{name}">{escape(value)}</p>'
            for name, value in (("colour", item.colour), ("gender", item.gender))
            if value
        )
        body = (
            f'<ul class="breadcrumb">{crumbs}</ul><div class="product">'
            f'<div class="gallery">{layout.shown(shown)}</div><div>'
            f'<h1 class="product-title">{escape(item.title)}</h1>'
            f'<p class="product-brand">{escape(item.brand)}</p><p>{self.price(item)}</p>{facts}'
            f'<p class="stock">{stock[not item.in_stock]}</p><p><select>{sizes}</select></p>'
            f"<button>{say['cart'] if item.in_stock else say['sold']}</button>"
            f'<div class="description">{item.description_html}</div><ul class="tags">{tags}</ul>'
            f'<p><small>Art. <span class="sku">{escape(item.sku)}</span></small></p></div></div>'
        )
        return self.page(item.title, body)
