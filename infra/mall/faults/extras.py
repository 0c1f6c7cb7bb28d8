"""Pages that nobody should crawl for products: endless, hostile, forbidden, doubled, or opted out."""

import gzip
import io
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from html import escape

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from infra.mall.faults.pictures import BOMB_BYTES
from infra.mall.faults.plan import HIDDEN, Plan
from infra.mall.item import Item
from infra.mall.pages.answers import HTML, number

OUTLET = "/outlet"  # every page of the shop answers below this path, too


@dataclass(frozen=True)
class Extra:
    """A page of its own making. `listed`: also in the sitemap, where the shop has one."""

    name: str
    path: str
    listed: bool


class Extras:
    """The extra pages of one shop."""

    def __init__(self, plan: Plan) -> None:
        self.plan, self.site = plan, plan.site
        shelf = self.site.catalogue.items
        page = self.site.page_path
        self.hidden: Item | None = None
        found = [
            Extra("calendar", "/calendar?month=1", False),
            Extra("calendar_path", "/calendar/2026/11", False),
            Extra("facets", "/filter?sort=price&page=1", False),
            Extra("redirect_to_canary", "/go/partner", True),
            Extra("gzip_bomb_page", "/lookbook/archive", True),
            Extra("disallowed", f"{self.site.disallowed[0].rstrip('/')}/secret-sale", True),
            Extra("long_address", f"/landing?session={'x' * 2983}", True),
        ]
        doubled: tuple[Callable[[str], str], ...] = (
            lambda path: f"{path}?utm_source=newsletter",
            lambda path: f"{path}?color=red",
            lambda path: OUTLET + path,
        )
        for make, item in zip(doubled, shelf[:3], strict=False):
            found.append(Extra("duplicate", make(page(item)), True))
        if shelf and shelf[0].truth is not None:  # a catalogue file has no item to spare
            self.hidden = shelf.hide(HIDDEN)
            found.append(Extra("noai_product", page(self.hidden), True))
        self.all = tuple(found)

    def routes(self) -> list[Route]:
        """Where they answer. Doubled and hidden pages are the shop's own."""
        forbidden = next(extra.path for extra in self.all if extra.name == "disallowed")
        return [
            Route("/calendar", self.calendar, name="extra"),
            Route("/calendar/{year:int}/{month:int}", self.calendar_path, name="extra"),
            Route("/filter", self.facets, name="extra"),
            Route("/go/partner", self.partner, name="extra"),
            Route("/lookbook/archive", self.archive, name="extra"),
            Route("/landing", self.landing, name="extra"),
            Route(forbidden, self.landing, name="private"),
        ]

    def links(self) -> str:
        """Links to all of them, in HTML."""
        cells = "".join(
            f'<li><a href="{escape(extra.path)}">{escape(extra.name)}</a></li>' for extra in self.all
        )
        return f'<ul class="more">{cells}</ul>'

    def entries(self) -> str:
        """Those a sitemap lists."""
        urls = (self.site.shop.url + extra.path for extra in self.all if extra.listed)
        return "".join(f"<url><loc>{escape(url)}</loc></url>" for url in urls)

    async def calendar(self, request: Request) -> Response:
        """A month that links to the next and the one before, for ever."""
        at = number(request, "month", 1, 10**9)
        return self._page(f"Month {at}", [f"/calendar?month={at + 1}", f"/calendar?month={max(1, at - 1)}"])

    async def calendar_path(self, request: Request) -> Response:
        """The same by path."""
        months = request.path_params["year"] * 12 + request.path_params["month"] - 1
        there = [f"/calendar/{when // 12}/{when % 12 + 1}" for when in (months + 1, max(0, months - 1))]
        return self._page("Calendar", there)

    async def facets(self, request: Request) -> Response:
        """A listing whose links add to the query, without end and without a product."""
        query = str(request.url.query)[:1500]
        at = number(request, "page", 1, 10**9)
        more = [
            f"/filter?{query}&colour={at}",
            f"/filter?sort=name&page={at + 1}",
            f"/filter?{query}&page={at + 1}",
        ]
        return self._page("Filter", more)

    async def partner(self, request: Request) -> Response:
        """To the canary."""
        return RedirectResponse(f"{self.plan.canary}/partner", 302)

    async def archive(self, request: Request) -> Response:
        """A page of 100 MB in 100 KB."""
        return Response(page_bomb(), headers={"content-encoding": "gzip"}, media_type=HTML)

    async def landing(self, request: Request) -> Response:
        """A page without a product."""
        return self._page("Welcome", [])

    def _page(self, title: str, links: list[str]) -> Response:
        body = "".join(f'<p><a href="{escape(link)}">{escape(link[-40:])}</a></p>' for link in links)
        return Response(self.site.page(title, f"<h1>{title}</h1>{body}"), media_type=HTML)


@lru_cache(maxsize=1)
def page_bomb() -> bytes:
    """HTML that unpacks to BOMB_BYTES of spaces."""
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb", compresslevel=9, mtime=0) as file:
        file.write(b"<!doctype html><title>Archive</title><p>")
        for _ in range(BOMB_BYTES >> 20):
            file.write(b" " * (1 << 20))
    return out.getvalue()
