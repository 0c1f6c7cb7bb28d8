"""The ASGI layer: looks up what is wrong with a request, and does it."""

import gzip
from collections.abc import Sequence
from typing import Any

from starlette.routing import Match, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from infra.mall.faults import markup, validators
from infra.mall.faults.exchange import Answer, Exchange
from infra.mall.faults.extras import OUTLET, Extras
from infra.mall.faults.plan import RESTLESS, Plan
from infra.mall.faults.transient import TRANSIENT

# robots.txt and the home page stay good: without them there is nothing to test.
MAY_FAIL = ("feed", "listing", "product", "image", "sitemap")
NOAI = '<meta name="robots" content="noai, noimageai">'


class FaultLayer:
    """Around one shop's application."""

    def __init__(self, app: ASGIApp, plan: Plan, extras: Extras, routes: Sequence[Route]) -> None:
        self.app, self.plan, self.extras = app, plan, extras
        self.routes = routes
        self._failed: set[str] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer badly where the plan says so, else as the shop does."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if scope["path"].startswith(OUTLET + "/"):
            scope["path"] = scope["path"].removeprefix(OUTLET)
            scope["raw_path"] = scope["path"].encode()
        route, params = self._route(scope)
        exchange = Exchange(self.app, scope, receive, send, self.plan.canary)
        if route is None:
            await self.app(scope, receive, send)
            return
        scope["route"] = route  # for whoever counts, where the shop itself is never asked
        if route.name == "image" and await self._photo(exchange, params):
            return
        if await self._failed_once(exchange, route.name):
            return
        answer = await self._answer(exchange, route, params)
        if answer is None:
            await self.app(scope, receive, send)
        else:
            await exchange.pass_on(answer)

    def _route(self, scope: Scope) -> tuple[Route | None, dict[str, Any]]:
        for route in self.routes:
            match, child = route.matches(scope)
            if match is Match.FULL:
                return route, child["path_params"]
        return None, {}

    async def _photo(self, exchange: Exchange, params: dict[str, Any]) -> bool:
        """Serve a photo's permanent fault, if it has one."""
        handle, name = self.plan.site.photo_of(params)
        item = self.plan.site.catalogue.items.find(handle)
        photo = next((photo for photo in item.photos if photo.name == name), None) if item else None
        fault = self.plan.photo(item, photo) if item and photo else None
        if fault is None:
            return False
        await fault.respond(exchange)
        return True

    async def _failed_once(self, exchange: Exchange, kind: str) -> bool:
        """Serve an address's transient fault, if it has one and this is the first time."""
        address = exchange.scope["path"] + "?" + exchange.scope["query_string"].decode("latin-1")
        if kind not in MAY_FAIL or address in self._failed or not (name := self.plan.transient(address)):
            return False
        self._failed.add(address)
        await TRANSIENT[name](exchange)
        return True

    async def _answer(self, exchange: Exchange, route: Route, params: dict[str, Any]) -> Answer | None:
        """The shop's answer with something changed; nothing where it may go out as it is."""
        if route.name == "product":
            return await self._product(exchange, params["handle"])
        if route.name == "home" or (route.name == "listing" and self._first_listing(exchange.scope["path"])):
            answer = await exchange.original((b"accept-encoding",))
            return changed(answer, "</main>", self.extras.links() + "</main>")
        if route.name == "sitemap" and params.get("file") == 1:
            answer = await exchange.original((b"accept-encoding",))
            return changed(answer, "</urlset>", self.extras.entries() + "</urlset>")
        return None

    def _first_listing(self, path: str) -> bool:
        menu = self.plan.site.menu
        return bool(menu) and path == menu[0][0]

    async def _product(self, exchange: Exchange, handle: str) -> Answer | None:
        item = self.plan.site.catalogue.items.find(handle)
        if item is None:
            return None
        lie, style = self.plan.lie(item), self.plan.markup(item)
        hidden = self.extras.hidden is not None and item.number == self.extras.hidden.number
        if not (lie or style or hidden):
            return None
        if lie:
            answer = await (validators.restless if lie == RESTLESS else validators.stale)(exchange)
        else:
            answer = await exchange.original((b"accept-encoding",))
        if style and answer.status == 200:
            answer.body = markup.rewritten(answer.body.decode(), style).encode()
        return changed(answer, "</head>", NOAI + "</head>") if hidden else answer


def changed(answer: Answer, old: str, new: str) -> Answer:
    """An answer with one text put for another in its body, packed again if it is a .gz file."""
    if answer.status == 200:
        packed = answer.body[:2] == b"\x1f\x8b"
        body = gzip.decompress(answer.body) if packed else answer.body
        body = body.replace(old.encode(), new.encode(), 1)
        answer.body = gzip.compress(body, 6, mtime=0) if packed else body
    return answer
