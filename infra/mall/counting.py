"""Counts what was asked for, around an application; so that a test can say what a crawler did."""

import json
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

DESK = "/_mall/"  # the paths of the mall's own desk, which no shop has and nothing counts
STATS, RESET, ADVANCE = DESK + "stats", DESK + "reset", DESK + "advance"
LONGEST = 300  # characters of an address that are remembered


class Counted:
    """Counts requests by kind of page, by status and by address."""

    def __init__(self, app: ASGIApp, disallowed: Sequence[str]) -> None:
        self.app, self.disallowed = app, tuple(disallowed)
        self.reset()

    def reset(self) -> None:
        """Begin again at nothing."""
        self.kinds: Counter[str] = Counter()
        self.statuses: Counter[str] = Counter()
        self.forbidden: Counter[str] = Counter()
        self.paths: Counter[str] = Counter()
        self.conditional: Counter[str] = Counter()
        self.not_modified = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on and note what became of it."""
        if scope["type"] != "http" or scope["path"].startswith(DESK):
            await self.app(scope, receive, send)
            return
        # Faults break connections, which ASGI has no word for; uvicorn's `send` knows its own.
        scope["mall.transport"] = getattr(getattr(send, "__self__", None), "transport", None)
        query = scope["query_string"].decode("latin-1")
        address = (scope["path"] + (f"?{query}" if query else ""))[:LONGEST]
        self.paths[address] += 1
        if any(name in (b"if-none-match", b"if-modified-since") for name, _ in scope["headers"]):
            self.conditional[address] += 1
        if scope["path"].startswith(self.disallowed):
            self.forbidden[scope["path"]] += 1

        async def noted(message: Message) -> None:
            if message["type"] == "http.response.start":
                # Before the answer leaves, so that whoever has it finds it counted.
                route = scope.get("route")
                self.kinds[route.name if isinstance(route, Route) else "unknown"] += 1
                self.statuses[str(message["status"])] += 1
                self.not_modified += message["status"] == 304
            await send(message)

        await self.app(scope, receive, noted)

    def counters(self, by_path: bool = False) -> dict[str, Any]:
        """All counters; those by address only when asked for, since there are many."""
        found: dict[str, Any] = {
            "requests": sum(self.kinds.values()),
            "kinds": dict(self.kinds),
            "statuses": dict(self.statuses),
            "disallowed": dict(self.forbidden),
            "conditional": sum(self.conditional.values()),
            "not_modified": self.not_modified,
        }
        if by_path:
            found |= {"paths": dict(self.paths), "conditional_paths": dict(self.conditional)}
        return found


class Desk:
    """The mall's own addresses, the same at every shop.

    advance  lets a day pass in all shops: its seed in, what changed by shop out, as JSON values
    canary   how many connections the canary has seen
    """

    def __init__(
        self, counted: Counted, advance: Callable[[int], dict[str, Any]], canary: Callable[[], int]
    ) -> None:
        self.counted, self._advance, self._canary = counted, advance, canary

    def routes(self) -> list[Route]:
        """GET stats, POST reset, POST advance."""
        found: tuple[tuple[str, Callable[[Request], Awaitable[Response]], str], ...] = (
            (STATS, self.stats, "GET"),
            (RESET, self.reset, "POST"),
            (ADVANCE, self.advance, "POST"),
        )
        return [Route(path, endpoint, methods=[method]) for path, endpoint, method in found]

    async def stats(self, request: Request) -> Response:
        """This shop's counters as JSON; by address, too, with ?paths=1."""
        counters = self.counted.counters(request.query_params.get("paths") == "1")
        return _json(counters | {"canary": self._canary()})

    async def reset(self, request: Request) -> Response:
        """This shop's counters to nothing. The canary's count and the faults of a moment stay as they are."""
        self.counted.reset()
        return _json(self.counted.counters())

    async def advance(self, request: Request) -> Response:
        """The next day, in all shops: ?seed=N."""
        seed = request.query_params.get("seed", "1")
        if not seed.isdigit():
            return _json({"error": "seed is not a number"}, 400)
        return _json(await run_in_threadpool(self._advance, int(seed)))


def _json(value: Any, status: int = 200) -> Response:
    return Response(json.dumps(value), status, media_type="application/json")
