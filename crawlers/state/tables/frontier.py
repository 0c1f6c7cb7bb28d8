"""The addresses of one crawl: to be asked, or done with an outcome. Each address is there once.

What is in flight is not marked: it is to be asked until its outcome is written, so a killed crawl
asks it again. The running process remembers how far it has read on instead.
"""

import sqlite3
from collections import Counter, deque
from collections.abc import Set
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple
from urllib.parse import urlsplit

from crawlers.fetch.validators import NOTHING, Validators
from schemas.ledger import KINDS

DISCOVER, PAGE, IMAGE = STAGES = (
    "discover",
    "page",
    "image",
)  # where listings, products and photos are counted
READ, UNASKED = "read", "unasked"
ANSWERED = (READ, "no_product", "language")  # a whole page came: its validators tell if it is still the same
# Faults of the moment, and what a crawl had no room for: one that goes on, the next, and `--retry` ask once more.
TRANSIENT = ("timeout", "connection", "http_5xx", "busy", "budget")
_AHEAD = 64  # addresses read from the file at once, per host

_TABLES = """
create table if not exists request (
    n integer primary key, kind integer not null, key text not null, url text not null, host text not null,
    lastmod text not null, depth integer not null, product_id text not null, linked integer not null,
    outcome text, etag text not null default '', last_modified text not null default '',
    fresh_until integer, fetched_at integer, leads text, carried integer not null default 0,
    unique (kind, key));
create index if not exists todo on request (kind, host, n) where outcome is null;
"""


class Kind(IntEnum):
    """What an address is. The number stands in the state, the word in the ledger, the stage in the counts."""

    LISTING = 0
    PRODUCT = 1
    PHOTO = 2

    @property
    def word(self) -> str:
        """The kind as schemas.ledger writes it."""
        return KINDS[self]

    @property
    def stage(self) -> str:
        """The stage that counts addresses of this kind."""
        return STAGES[self]

    @classmethod
    def of(cls, word: str) -> "Kind":
        """Return the kind that schemas.ledger calls by a word; raises ValueError for any other."""
        return cls(KINDS.index(word))


@dataclass(frozen=True)
class Task:
    """One address to ask.

    n           its number in the file
    key         identity of the address, canonical for pages
    depth       listings between the home page and it
    linked      it was found on a page that people read, where links may have no end, not in a feed or sitemap
    product_id  for a photo the first product that shows it, else empty
    """

    n: int
    kind: Kind
    key: str
    url: str
    host: str
    lastmod: str = ""
    depth: int = 0
    product_id: str = ""
    linked: bool = False


class Reopened(NamedTuple):
    """An address that is asked once more; `carried` as Frontier.finish took it."""

    key: str
    url: str
    carried: bool


class Frontier:
    """Part of a CrawlState; its methods write into the transaction that is open."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        db.executescript(_TABLES)
        self._read_up_to: dict[tuple[Kind, str], int] = {}  # number of the last task read, by kind and host
        self._ready: dict[tuple[Kind, str], deque[Task]] = {}
        # Hosts in turn, without those that have nothing left: a crawl may meet thousands, a few photos each.
        self._hosts: dict[Kind, deque[str]] = {kind: deque() for kind in Kind}
        self._in_turn: set[tuple[Kind, str]] = set()
        self._unread: set[tuple[Kind, str]] = set()  # hosts of which the file may hold more than was read
        self._in_flight: dict[int, Kind] = {}  # by the tasks' numbers
        # Counted once: asked for with every word of progress, and with every request under a limit.
        self._totals = Counter[int](
            dict(db.execute("select kind, count(*) from request group by kind").fetchall())
        )
        rows = db.execute("select distinct kind, host from request where outcome is null order by kind, n")
        for row in rows.fetchall():
            self._meet(Kind(row["kind"]), row["host"])

    def add(
        self,
        kind: Kind,
        key: str,
        url: str,
        *,
        lastmod: str = "",
        depth: int = 0,
        product_id: str = "",
        linked: bool = False,
    ) -> bool:
        """Add an address to ask; False when its key is here already."""
        cursor = self._db.execute(
            "insert or ignore into request (kind, key, url, host, lastmod, depth, product_id, linked)"
            " values (?, ?, ?, ?, ?, ?, ?, ?)",
            (kind, key, url, host := _host(url), lastmod, depth, product_id, linked),
        )
        if cursor.rowcount:
            self._totals[kind] += 1
            self._meet(kind, host)
        return bool(cursor.rowcount)

    def next_task(self, kind: Kind, busy: Set[str] = frozenset()) -> Task | None:
        """Hand out the next address of a kind, hosts in turn, passing over the `busy` ones; None where none waits."""
        hosts = self._hosts[kind]
        for _ in range(len(hosts)):
            host = hosts[0]
            if host in busy:
                hosts.rotate(-1)
            elif self._fill(kind, host):
                hosts.rotate(-1)
                task = self._ready[kind, host].popleft()
                self._in_flight[task.n] = kind
                return task
            else:
                self._leave(kind, host)
        return None

    def has_waiting(self, kind: Kind) -> bool:
        """Whether an address of this kind was not handed out yet."""
        hosts = self._hosts[kind]
        while hosts and not self._fill(kind, hosts[0]):
            self._leave(kind, hosts[0])
        return bool(hosts)

    def in_flight(self, kind: Kind) -> int:
        """Count the addresses of a kind that were handed out and have no outcome yet."""
        return sum(each == kind for each in self._in_flight.values())

    def finish(
        self,
        task: Task,
        outcome: str,
        validators: Validators = NOTHING,
        leads: str | None = None,
        fetched_at: int | None = None,
        *,
        carried: bool = False,
    ) -> None:
        """Write an outcome: READ, or a reason of schemas.reject.

        carried  the page did not change, and products were carried on that no page had spoken for before
        """
        self._in_flight.pop(task.n, None)
        self._db.execute(
            "update request set outcome = :outcome, etag = :etag, last_modified = :last_modified,"
            " fresh_until = :fresh_until, leads = :leads, fetched_at = :fetched_at, carried = :carried where n = :n",
            vars(validators)
            | {"outcome": outcome, "leads": leads, "fetched_at": fetched_at, "carried": carried, "n": task.n},
        )

    def put_back(self, task: Task) -> None:
        """Take an address that was handed out for one that still waits."""
        self._in_flight.pop(task.n, None)
        self._begin_anew(task.kind, task.host)

    def outcome_of(self, kind: Kind, key: str) -> str | None:
        """Return how an address ended; None where it was not asked (yet)."""
        query = "select outcome from request where kind = ? and key = ?"
        row = self._db.execute(query, (kind, key)).fetchone()
        return row["outcome"] if row else None

    def skip(self, kind: Kind, key: str, reason: str) -> None:
        """Give an address just added an outcome without asking it."""
        self._db.execute("update request set outcome = ? where kind = ? and key = ?", (reason, kind, key))

    def leave_unasked(
        self, kind: Kind, key: str, validators: Validators, leads: str, fetched_at: int, *, carried: bool
    ) -> None:
        """Give an address just added the outcome UNASKED: what the previous crawl read there stands.

        carried  see `finish`
        """
        self._db.execute(
            "update request set outcome = ?, etag = ?, last_modified = ?, leads = ?, fetched_at = ?, carried = ?"
            " where kind = ? and key = ?",
            (UNASKED, validators.etag, validators.last_modified, leads, fetched_at, carried, kind, key),
        )

    def reopen(self, kind: Kind, outcomes: tuple[str, ...], key: str | None = None) -> list[Reopened]:
        """Put back what ended in one of these outcomes, to be asked again: all of a kind, or the address of one key."""
        marks = ", ".join("?" * len(outcomes))
        where, values = f"kind = ? and outcome in ({marks})", (kind, *outcomes)
        if key is not None:
            where, values = f"{where} and key = ?", (*values, key)
        rows = self._db.execute(
            f"select key, url, host, carried from request where {where}", values
        ).fetchall()
        self._db.execute(f"update request set outcome = null where {where}", values)
        for host in {row["host"] for row in rows}:
            self._begin_anew(kind, host)
        return [Reopened(row["key"], row["url"], bool(row["carried"])) for row in rows]

    def outcome_counts(self, kind: Kind) -> dict[str, int]:
        """Count addresses by outcome; "" for those without one."""
        rows = self._db.execute(
            "select coalesce(outcome, ''), count(*) from request where kind = ? group by 1", (kind,)
        )
        return dict(rows.fetchall())

    def total(self, kind: Kind) -> int:
        """Count addresses of a kind, done or not."""
        return self._totals[kind]

    def _begin_anew(self, kind: Kind, host: str) -> None:
        """Look for waiting addresses of a host from the first one on."""
        self._read_up_to[kind, host] = 0
        self._ready.pop((kind, host), None)
        self._meet(kind, host)

    def _meet(self, kind: Kind, host: str) -> None:
        self._unread.add((kind, host))
        if (kind, host) not in self._in_turn:
            self._in_turn.add((kind, host))
            self._hosts[kind].append(host)

    def _leave(self, kind: Kind, host: str) -> None:
        """Take the host whose turn it is out of the row until an address of it is added."""
        self._hosts[kind].popleft()
        self._in_turn.discard((kind, host))
        self._ready.pop((kind, host), None)

    def _fill(self, kind: Kind, host: str) -> bool:
        """Read on where nothing is at hand; False where nothing is left."""
        ready = self._ready.setdefault((kind, host), deque())
        while not ready:
            if (kind, host) not in self._unread:
                return False
            rows = self._db.execute(
                "select n, key, url, host, lastmod, depth, product_id, linked from request"
                " where outcome is null and kind = ? and host = ? and n > ? order by n limit ?",
                (kind, host, self._read_up_to.get((kind, host), 0), _AHEAD),
            ).fetchall()
            if len(rows) < _AHEAD:
                self._unread.discard((kind, host))
            if not rows:
                return False
            self._read_up_to[kind, host] = rows[-1]["n"]
            ready.extend(Task(kind=kind, **row) for row in rows if row["n"] not in self._in_flight)
        return True


def _host(url: str) -> str:
    try:
        return urlsplit(url).netloc.lower()
    except ValueError:  # such as "http://[x": it is refused before it is asked
        return ""
