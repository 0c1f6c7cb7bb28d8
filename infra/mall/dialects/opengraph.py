"""A shop whose pages say what they sell in OpenGraph tags only; no sitemap, so its categories lead the way."""

from html import escape

from starlette.routing import Route

from infra.mall import pricetag
from infra.mall.item import Item, Photo
from infra.mall.pages import layout
from infra.mall.storefront import Storefront


class Site(Storefront):
    """/, /category/<category>, /product/<handle>, /images/<handle>/<photo>.jpg."""

    disallowed = ("/basket", "/account/")
    sitemap = ""

    def routes(self) -> list[Route]:
        """Every address."""
        return [
            Route("/", self.home, name="home"),
            Route("/category/{category}", self.listing, name="listing"),
            Route("/product/{handle}", self.product, name="product"),
            Route("/images/{handle}/{photo}.jpg", self.photo, name="image"),
            Route("/robots.txt", self.robots, name="robots"),
            Route("/basket", self.private, name="private"),
            Route("/account/{rest:path}", self.private, name="private"),
        ]

    def page_path(self, item: Item) -> str:
        """Path of a product's page."""
        return f"/product/{item.handle}"

    def image_path(self, item: Item, photo: Photo) -> str:
        """Path of a photo."""
        return f"/images/{item.handle}/{photo.name}.jpg"

    def category_path(self, key: str, page: int = 1) -> str:
        """Path of one page of a category."""
        return f"/category/{key}?page={page}" if page > 1 else f"/category/{key}"

    def price(self, item: Item) -> str:
        """The price as people read it."""
        return pricetag.tag(item, self.shop.language)

    def head(self) -> str:
        """What the page of any kind says."""
        return f'<meta property="og:site_name" content="{escape(self.shop.label)}">'

    def page_of(self, item: Item) -> str:
        """A product's page."""
        shown, sent = self.pictures(item, "shop"), self.pictures(item, "customer")
        tags = "".join(
            f'<meta property="{name}" content="{escape(value)}">' for name, value in self.tags(item) if value
        )
        tags += f'<meta name="description" content="{escape(item.description_html)}">'
        body = layout.product(self.shop, item, shown, sent, self.price(item))
        return self.page(item.title, body, tags)

    def tags(self, item: Item) -> list[tuple[str, str]]:
        """Property and content of each tag, in the order of the page. A list price is the amount before a sale."""
        found = [("og:type", "product"), ("og:title", item.title), ("og:url", self.page_url(item))]
        found += [("og:description", item.description_html)]
        for photo in item.photos:
            found.append(("og:image", self.image_url(item, photo)))
            found.append(("og:image:alt", f"{item.title} {photo.view}"))
            found += [
                ("og:image:width", str(photo.width or "")),
                ("og:image:height", str(photo.height or "")),
            ]
        if item.price is not None:
            found += prices(item)
        found += [
            ("product:availability", "in stock" if item.in_stock else "out of stock"),
            ("product:retailer_item_id", item.sku),
            ("product:brand", item.brand),
            ("product:category", " > ".join(item.categories)),
            ("product:color", item.colour),
            ("product:gender", item.gender),
        ]
        return found + [("product:tag", tag) for tag in item.tags]


def prices(item: Item) -> list[tuple[str, str]]:
    """The price asked; with a list price also that one, and the asked one again as the sale's."""
    asked = f"{item.price:.2f}"
    found = [("product:price:amount", asked), ("product:price:currency", item.currency)]
    if item.list_price is not None:
        found += [
            ("product:original_price:amount", f"{item.list_price:.2f}"),
            ("product:original_price:currency", item.currency),
            ("product:sale_price:amount", asked),
            ("product:sale_price:currency", item.currency),
        ]
    return found
