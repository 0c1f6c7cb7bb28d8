"""What every HTML shop does alike: categories, paging, product pages, photos, robots.txt and sitemaps.

A dialect is a subclass that says how addresses look and what its pages state.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from infra.mall.catalogue import Catalogue, slug
from infra.mall.departments import Departments
from infra.mall.item import Item, Photo
from infra.mall.pages import layout, sitemaps
from infra.mall.pages.answers import HTML, TEXT, XML, absent, answer, kept, missing, number, photo_answer
from infra.mall.seeds import digest
from infra.mall.trade import Shop

PER_PAGE = 24


class Storefront(ABC):
    """One shop's pages."""

    disallowed: ClassVar[tuple[str, ...]]
    sitemap: ClassVar[str] = "/sitemap.xml"
    "path that robots.txt names; empty for a shop without sitemaps"

    def __init__(self, catalogue: Catalogue, shop: Shop) -> None:
        self.catalogue, self.shop = catalogue, shop
        self.departments = Departments(catalogue.items, named)
        self.product_page = kept(lambda item: self.page_of(item).encode())

    @abstractmethod
    def routes(self) -> list[Route]:
        """The shop's addresses, named by the kind of page they serve."""

    @abstractmethod
    def page_path(self, item: Item) -> str:
        """Path of a product's page."""

    @abstractmethod
    def image_path(self, item: Item, photo: Photo) -> str:
        """Path of a photo."""

    @abstractmethod
    def category_path(self, key: str, page: int = 1) -> str:
        """Path of one page of a category."""

    @abstractmethod
    def page_of(self, item: Item) -> str:
        """A product's whole page."""

    def key(self, item: Item) -> str:
        """By what the shop tells its products apart: the SKU, unless a dialect has numbers of its own."""
        return item.sku

    def title(self, item: Item) -> str:
        """The title as a reader of the shop's data sees it."""
        return item.title

    def page_url(self, item: Item) -> str:
        """Address of a product's page."""
        return self.shop.url + self.page_path(item)

    def image_url(self, item: Item, photo: Photo) -> str:
        """Address of a photo."""
        return self.shop.url + self.image_path(item, photo)

    @property
    def menu(self) -> list[tuple[str, str]]:
        """Every category, as (address, label)."""
        return [(self.category_path(key), self.departments.label(key)) for key in self.departments.all()]

    def home_menu(self) -> list[tuple[str, str]]:
        """The menu of the home page, where a door stands that robots.txt forbids."""
        door = self.disallowed[-1].rstrip("/") + "/account"
        return [*self.menu, (door, layout.PHRASES[self.shop.language]["private"])]

    def head(self) -> str:
        """What every page's head holds besides the usual."""
        return ""

    def page(self, title: str, body: str, head: str = "", menu: list[tuple[str, str]] | None = None) -> str:
        """A whole page of this shop."""
        return layout.page(self.shop, title, body, self.menu if menu is None else menu, self.head() + head)

    def cards(self, items: Iterable[Item]) -> str:
        """A grid of items."""
        cells = "".join(
            layout.card(i, self.page_path(i), self.image_path(i, i.photos[0]), self.price(i)) for i in items
        )
        return f'<div class="grid">{cells}</div>'

    def price(self, item: Item) -> str:
        """The price as people read it, in HTML."""
        return layout.price(item)

    def pictures(self, item: Item, kind: str) -> list[tuple[str, str]]:
        """Photos of the shop or of customers, as (address, alternative text)."""
        return [(self.image_url(item, p), f"{item.title} {p.view}") for p in item.photos if p.kind == kind]

    async def home(self, request: Request) -> Response:
        """Some of everything."""
        body = f"<h1>{self.shop.label}</h1>{self.cards(self.departments.firsts())}"
        return answer(request, self.page("Mode", body, menu=self.home_menu()), HTML)

    async def listing(self, request: Request) -> Response:
        """One page of a category, with rel=next and rel=prev."""
        key = request.path_params["category"]
        items = self.departments.get(key)
        at = request.path_params.get("page") or number(request, "page", 1, 10**9)
        if items is None or not 0 <= (at - 1) * PER_PAGE < len(items):
            return missing(request)
        say, head, pages = layout.PHRASES[self.shop.language], "", ""
        for there, rel, label in ((at - 1, "prev", say["previous"]), (at + 1, "next", say["next"])):
            if 0 < there <= -(-len(items) // PER_PAGE):
                path = self.category_path(key, there)
                head += f'<link rel="{rel}" href="{self.shop.url}{path}">'
                pages += f'<a rel="{rel}" href="{path}">{label}</a>'
        shown, title = items[(at - 1) * PER_PAGE : at * PER_PAGE], self.departments.label(key)
        body = f'<h1>{title}</h1>{self.cards(shown)}<div class="pages">{pages}</div>'
        return answer(request, self.page(title, body, head), HTML)

    async def product(self, request: Request) -> Response:
        """A product page."""
        handle = request.path_params["handle"]
        item = self.catalogue.items.find(handle)
        if item is None:
            return absent(request, self.catalogue, handle)
        page = self.product_page(item)
        # A photo replaced under its old address leaves the page's text as it was; the page has changed all the same.
        replaced = any(photo.edition for photo in item.photos)
        edition = digest(page, item.updated)[:20] if replaced else ""
        return answer(request, page, HTML, item.updated, edition)

    def photo_of(self, params: Mapping[str, str]) -> tuple[str, str]:
        """An item's handle and a photo's name, from the parts of a photo's path."""
        return params["handle"], params["photo"]

    async def photo(self, request: Request) -> Response:
        """A photo."""
        handle, name = self.photo_of(request.path_params)
        item = self.catalogue.items.find(handle)
        photo = next((p for p in item.photos if p.name == name), None) if item else None
        if item is None or photo is None:
            return missing(request)
        return await photo_answer(request, self.catalogue, item, photo)

    async def robots(self, request: Request) -> Response:
        """What crawlers may not fetch, and where the sitemap is."""
        rules = "".join(f"Disallow: {path}\n" for path in self.disallowed)
        where = f"\nSitemap: {self.shop.url}{self.sitemap}\n" if self.sitemap else ""
        return answer(request, f"User-agent: *\n{rules}{where}", TEXT)

    async def sitemap_categories(self, request: Request) -> Response:
        """The category pages."""
        return answer(request, sitemaps.pages([self.shop.url + url for url, _ in self.menu]), XML)

    def sitemap_file(self, at: int) -> str:
        """The products' `at`-th sitemap, from 1; empty when there are fewer."""
        items = self.catalogue.items
        if not 1 <= at <= sitemaps.files(items):
            return ""
        return sitemaps.products(items, at, self.page_url, lambda i: self.image_url(i, i.photos[0]))

    async def sitemap_products(self, request: Request) -> Response:
        """Up to 500 products."""
        body = self.sitemap_file(request.path_params["file"])
        return answer(request, body, XML) if body else missing(request)

    async def private(self, request: Request) -> Response:
        """What robots.txt forbids; it answers, so that a test can see who came."""
        return Response(self.page("-", "<h1>-</h1>"), media_type=HTML)


def named(path: Sequence[str]) -> tuple[str, str]:
    """A category path's key and label."""
    path = path or ("all",)
    return slug("-".join(path)), " / ".join((path[0], path[-1])) if len(path) > 1 else path[0]
