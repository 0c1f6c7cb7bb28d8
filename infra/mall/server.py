"""The mall in this process: one loop in one thread, one port on 127.0.0.1 per shop.

    with Mall(MallSpec(products=60, seed=1)) as mall:
        mall.shops[0].url

What was asked for is counted at /_mall/stats. `advance` lets a day pass, `truth` says what there is to find.
"""

import asyncio
import socket
from dataclasses import dataclass
from threading import Event, RLock, Thread
from types import TracebackType
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.types import ASGIApp

from infra.mall import dialects
from infra.mall.ahead import DrawAhead
from infra.mall.canary import Canary
from infra.mall.catalogue import Catalogue, DrawnCatalogue, draw_catalogue
from infra.mall.changes import Changes, advance
from infra.mall.counting import Counted, Desk
from infra.mall.faults.extras import Extras
from infra.mall.faults.layer import FaultLayer
from infra.mall.faults.plan import Plan
from infra.mall.parquet import FileCatalogue
from infra.mall.storefront import Storefront
from infra.mall.trade import MallSpec, Shop, trades
from infra.mall.truth import Truth, truth_of
from schemas.errors import InputError, UsageError

START_SECONDS = 30.0


@dataclass
class Opened:
    """One shop that serves: its pages, its counters and, with faults, its plan of them."""

    site: Storefront
    app: Counted
    plan: Plan | None = None
    extras: Extras | None = None


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
            raise UsageError("--shops", "names no shop")
        for name in self.spec.shops:
            dialects.load(name)
        self.catalogues = catalogues(self.spec)
        self.shops: tuple[Shop, ...] = ()
        self.canary: Canary | None = None
        self._opened: list[Opened] = []
        self._days = RLock()
        self._servers: list[_Server] = []
        self._thread: Thread | None = None
        self._ahead: DrawAhead | None = None

    def __enter__(self) -> "Mall":
        """Open every shop; back when all of them listen."""
        sockets = [
            _listener(self.spec.port + n if self.spec.port else 0) for n in range(len(self.spec.shops))
        ]
        self.canary = Canary() if self.spec.faults else None
        self.shops = tuple(self._shop(n, sock.getsockname()[1]) for n, sock in enumerate(sockets))
        for catalogue, shop in zip(self.catalogues, self.shops, strict=True):
            opened = self._open(catalogue, shop)
            self._opened.append(opened)
            config = uvicorn.Config(
                opened.app,
                log_level="warning",
                access_log=False,
                lifespan="off",
                timeout_graceful_shutdown=2,
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
        if self.canary is not None:
            self.canary.close()

    @property
    def urls(self) -> list[str]:
        """The shops' addresses, without a slash at the end."""
        return [shop.url for shop in self.shops]

    def advance(self, seed: int) -> dict[str, Changes]:
        """Let a day pass: what changed, by shop. Raises InputError for a mall that serves a file."""
        with self._days:
            return {opened.site.shop.name: advance(opened.site, seed) for opened in self._opened}

    def plan(self, number: int) -> Plan:
        """Which address or item of the shop of this number has which fault. Raises InputError without faults."""
        plan = self._opened[number].plan
        if plan is None:
            raise InputError("mall", "was opened without faults")
        return plan

    def truth(self, number: int) -> Truth:
        """What there is to find in the shop of this number, today."""
        opened = self._opened[number]
        with self._days:
            return truth_of(opened.site, opened.plan, opened.extras)

    def _open(self, catalogue: Catalogue, shop: Shop) -> Opened:
        """A shop as an ASGI application, from the inside out: pages, faults, counters."""
        site = dialects.load(shop.dialect)(catalogue, shop)
        site.departments.racks()  # a large catalogue is read here, and not while somebody waits for a page
        plan = extras = None
        routes, inner = site.routes(), Starlette()
        app: ASGIApp = inner
        if self.canary is not None:
            plan = Plan(site, self.spec.seed, self.canary.url)
            extras = Extras(plan)
            routes = [*extras.routes(), *routes]
            app = FaultLayer(inner, plan, extras, routes)
        counted = Counted(app, site.disallowed)
        inner.router.routes.extend([*routes, *Desk(counted, self._advanced, self._seen_by_canary).routes()])
        return Opened(site, counted, plan, extras)

    def _seen_by_canary(self) -> int:
        return self.canary.connections if self.canary else 0

    def _advanced(self, seed: int) -> dict[str, Any]:
        return {name: changes.as_json() for name, changes in self.advance(seed).items()}

    async def _serve(self, sockets: list[socket.socket]) -> None:
        pairs = zip(self._servers, sockets, strict=True)
        await asyncio.gather(*(server.serve(sockets=[sock]) for server, sock in pairs))

    def _shop(self, number: int, port: int) -> Shop:
        trade = trades(self.spec.shops, self.spec.faults, self.spec.assortment)[number]
        catalogue = self.catalogues[number]
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
        for share, trade in zip(shares, trades(spec.shops, spec.faults, spec.assortment), strict=True)
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
