"""The mall in this process: one loop in one thread, one port on 127.0.0.1 per shop.

    with Mall(MallSpec(products=60, seed=1)) as mall:
        mall.shops[0].url

What was asked for is counted at /_mall/stats, so that a test can say what a crawler did.
"""

import asyncio
import json
import socket
from collections import Counter
from collections.abc import Sequence
from threading import Event, Thread
from types import TracebackType

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from infra.mall import dialects
from infra.mall.ahead import DrawAhead
from infra.mall.catalogue import DrawnCatalogue, draw_catalogue
from infra.mall.item import Catalogue
from infra.mall.parquet import FileCatalogue
from infra.mall.trade import MallSpec, Shop, trades
from schemas.errors import InputError

STATS = "/_mall/stats"
START_SECONDS = 30.0


class Counted:
    """Counts requests by kind of page and by status around an application. Its own path is not counted."""

    def __init__(self, app: ASGIApp, disallowed: Sequence[str]) -> None:
        self.app, self.disallowed = app, tuple(disallowed)
        self.kinds: Counter[str] = Counter()
        self.statuses: Counter[str] = Counter()
        self.forbidden: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on and note what became of it."""
        if scope["type"] != "http" or scope["path"] == STATS:
            await self.app(scope, receive, send)
            return

        async def noted(message: Message) -> None:
            if message["type"] == "http.response.start":
                # Before the answer leaves, so that whoever has it finds it counted.
                route = scope.get("route")
                self.kinds[route.name if isinstance(route, Route) else "unknown"] += 1
                self.statuses[str(message["status"])] += 1
            await send(message)

        if scope["path"].startswith(self.disallowed):
            self.forbidden[scope["path"]] += 1
        await self.app(scope, receive, noted)

    async def report(self, request: Request) -> Response:
        """The counters as JSON."""
        counters = {
            "requests": sum(self.kinds.values()),
            "kinds": dict(self.kinds),
            "statuses": dict(self.statuses),
            "disallowed": dict(self.forbidden),
        }
        return Response(json.dumps(counters), media_type="application/json")


def application(catalogue: Catalogue, shop: Shop) -> Counted:
    """A shop as an ASGI application."""
    dialect = dialects.load(shop.dialect)
    inner = Starlette()
    counted = Counted(inner, dialect.DISALLOWED)
    inner.router.routes.extend([*dialect.routes(catalogue, shop), Route(STATS, counted.report, name="stats")])
    return counted


class _Server(uvicorn.Server):
    """Says when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listens = Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listens.set()


class Mall:
    """All shops of a spec. Enter it to open them, leave it to close them.

    Raises InputError for an unknown dialect, an unusable catalogue file or a port that is taken.
    """

    def __init__(self, spec: MallSpec | None = None) -> None:
        self.spec = spec or MallSpec()
        if not self.spec.shops:
            raise InputError("--shops", "names no shop")
        for name in self.spec.shops:
            dialects.load(name)
        self.catalogues = catalogues(self.spec)
        self.shops: tuple[Shop, ...] = ()
        self._servers: list[_Server] = []
        self._thread: Thread | None = None
        self._ahead: DrawAhead | None = None

    def __enter__(self) -> "Mall":
        """Open every shop; back when all of them listen."""
        sockets = [
            _listener(self.spec.port + n if self.spec.port else 0) for n in range(len(self.spec.shops))
        ]
        self.shops = tuple(self._shop(n, sock.getsockname()[1]) for n, sock in enumerate(sockets))
        for catalogue, shop in zip(self.catalogues, self.shops, strict=True):
            app = application(catalogue, shop)
            config = uvicorn.Config(
                app, log_level="warning", access_log=False, lifespan="off", timeout_graceful_shutdown=2
            )
            self._servers.append(_Server(config))
        self._thread = Thread(target=asyncio.run, args=(self._serve(sockets),), name="mall", daemon=True)
        self._thread.start()
        for server in self._servers:
            if not server.listens.wait(START_SECONDS):
                raise InputError("mall", f"did not listen within {START_SECONDS:.0f} s")
        drawn = [c for c in self.catalogues if isinstance(c, DrawnCatalogue)]
        if self.spec.draw_ahead and drawn:
            self._ahead = DrawAhead(drawn, self.spec.draw_ahead)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the shops after the answers in hand."""
        if self._ahead is not None:
            self._ahead.stop()
        for server in self._servers:
            server.should_exit = True
        if self._thread is not None:
            self._thread.join(10)

    @property
    def urls(self) -> list[str]:
        """The shops' addresses, without a slash at the end."""
        return [shop.url for shop in self.shops]

    async def _serve(self, sockets: list[socket.socket]) -> None:
        pairs = zip(self._servers, sockets, strict=True)
        await asyncio.gather(*(server.serve(sockets=[sock]) for server, sock in pairs))

    def _shop(self, number: int, port: int) -> Shop:
        trade, catalogue = trades(self.spec.shops)[number], self.catalogues[number]
        return Shop(
            name=trade.name,
            dialect=self.spec.shops[number],
            url=f"http://127.0.0.1:{port}",
            language="en" if trade.english >= 0.5 else "de",
            currency=catalogue.items[0].currency if catalogue.items else trade.currency,
            products=len(catalogue.items),
        )


def catalogues(spec: MallSpec) -> list[Catalogue]:
    """One catalogue per shop: the items of all shops together are as many as the spec says."""
    count = len(spec.shops)
    shares = [spec.products // count + (n < spec.products % count) for n in range(count)]
    if spec.catalogue_file:
        parts = [
            FileCatalogue(spec.catalogue_file, spec.mapping, (n, count), share)
            for n, share in enumerate(shares)
        ]
        return list(parts)
    return [
        draw_catalogue(share, spec.seed, trade, spec.size)
        for share, trade in zip(shares, trades(spec.shops), strict=True)
    ]


def _listener(port: int) -> socket.socket:
    # asyncio turns Nagle off only where the protocol is spelt out; with it every answer waits 40 ms.
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind(("127.0.0.1", port))
    except OSError as error:
        raise InputError(f"port {port}", str(error.strerror or error)) from error
    sock.listen(512)
    return sock
