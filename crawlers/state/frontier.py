"""The addresses of one crawl: to be asked, or done with an outcome. Each address is there once.

What is in flight is not marked: it is to be asked until its outcome is written, so a killed crawl
asks it again. The running process remembers how far it has read on instead.
"""

import sqlite3
from collections import deque
from dataclasses import dataclass
from urllib.parse import urlsplit

from crawlers.fetch.validators import NOTHING, Validators

LISTING, PRODUCT, PHOTO = range(3)
KINDS = ("listing", "product", "photo")
STAGES = ("discover", "page", "image")  # where each kind is counted
READ, UNASKED = "read", "unasked"
# Faults of the moment: an interrupted crawl that goes on, and `--retry`, may ask once more.
TRANSIENT = ("timeout", "connection", "http_5xx")
_AHEAD = 64  # addresses read from the file at once, per host

_TABLES = """
create table if not exists request (
    n integer primary key, kind integer not null, key text not null, url text not null, host text not null,
    lastmod text not null, depth integer not null, product_id text not null, linked integer not null,
    outcome text, etag text not null default '', last_modified text not null default '',
    fresh_until integer, fetched_at integer, leads text,
    unique (kind, key));
create index if not exists todo on request (kind, host, n) where outcome is null;
"""


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
    kind: int
    key: str
    url: str
    host: str
    lastmod: str = ""
    depth: int = 0
    product_id: str = ""
    linked: bool = False


class Frontier:
    """Part of a CrawlState; its methods write into the transaction that is open."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        db.executescript(_TABLES)
        self._read: dict[tuple[int, str], int] = {}  # how far, by kind and host
        self._ready: dict[tuple[int, str], deque[Task]] = {}
        self._hosts: dict[int, deque[str]] = {kind: deque() for kind in range(3)}
        self._known: set[tuple[int, str]] = set()
        self._in_flight: set[int] = set()
        totals = db.execute("select kind, count(*) from request group by kind").fetchall()
        self._totals = dict.fromkeys(range(3), 0) | dict(totals)  # asked for with every word of progress
        rows = db.execute("select distinct kind, host from request where outcome is null order by kind, n")
        for kind, host in rows.fetchall():
            self._meet(kind, host)

    def add(
        self,
        kind: int,
        key: str,
        url: str,
        *,
        lastmod: str = "",
        depth: int = 0,
        product_id: str = "",
        linked: bool = False,
    ) -> bool:
        """Take an address; False when its key is here already."""
        cursor = self._db.execute(
            "insert or ignore into request (kind, key, url, host, lastmod, depth, product_id, linked)"
            " values (?, ?, ?, ?, ?, ?, ?, ?)",
            (kind, key, url, host := _host(url), lastmod, depth, product_id, linked),
        )
        if cursor.rowcount:
            self._totals[kind] += 1
            self._meet(kind, host)
        return bool(cursor.rowcount)

    def next(self, kind: int, busy: frozenset[str] | set[str] = frozenset()) -> Task | None:
        """The next address of a kind, hosts in turn, passing over the `busy` ones; None where none waits."""
        hosts = self._hosts[kind]
        for _ in range(len(hosts)):
            host = hosts[0]
            hosts.rotate(-1)
            if host not in busy and (task := self._next_of(kind, host)):
                return task
        return None

    def waiting(self, kind: int) -> bool:
        """Whether an address of this kind was not handed out yet."""
        return any(self._fill(kind, host) for host in self._hosts[kind])

    def done(
        self, task: Task, outcome: str, validators: Validators = NOTHING, leads: str | None = None,
        fetched_at: int | None = None,
    ) -> None:  # fmt: skip
        """Write an outcome: READ, UNASKED (the previous crawl's answer stands), or a reason of schemas.reject."""
        self._in_flight.discard(task.n)
        self._db.execute(
            "update request set outcome = ?, etag = ?, last_modified = ?, fresh_until = ?, leads = ?, fetched_at = ?"
            " where n = ?",
            (
                outcome, validators.etag, validators.last_modified, validators.fresh_until, leads, fetched_at,
                task.n,
            ),
        )  # fmt: skip

    def outcome(self, kind: int, key: str) -> str | None:
        """How an address ended; None where it was not asked (yet)."""
        found = self._db.execute(
            "select outcome from request where kind = ? and key = ?", (kind, key)
        ).fetchone()
        return found[0] if found else None

    def drop(self, kind: int, key: str, reason: str) -> None:
        """Give an address just added an outcome without asking it."""
        self._db.execute("update request set outcome = ? where kind = ? and key = ?", (reason, kind, key))

    def stand(self, kind: int, key: str, validators: Validators, leads: str, fetched_at: int) -> None:
        """Leave an address just added UNASKED: what the previous crawl read there stands."""
        self._db.execute(
            "update request set outcome = ?, etag = ?, last_modified = ?, leads = ?, fetched_at = ?"
            " where kind = ? and key = ?",
            (UNASKED, validators.etag, validators.last_modified, leads, fetched_at, kind, key),
        )

    def reopen(self, kind: int, outcomes: tuple[str, ...]) -> list[tuple[str, str]]:
        """Ask again what ended in one of these outcomes; returns (key, address) of each."""
        marks = ", ".join("?" * len(outcomes))
        where = f"kind = ? and outcome in ({marks})"
        rows = self._db.execute(
            f"select key, url, host from request where {where}", (kind, *outcomes)
        ).fetchall()
        self._db.execute(f"update request set outcome = null where {where}", (kind, *outcomes))
        for host in {host for _, _, host in rows}:
            self._read[kind, host] = 0
            self._ready.pop((kind, host), None)
            self._meet(kind, host)
        return [(key, url) for key, url, _ in rows]

    def counts(self, kind: int) -> dict[str, int]:
        """Addresses by outcome; "" for those without one."""
        rows = self._db.execute(
            "select coalesce(outcome, ''), count(*) from request where kind = ? group by 1", (kind,)
        )
        return dict(rows.fetchall())

    def total(self, kind: int) -> int:
        """Addresses of a kind, done or not."""
        return self._totals[kind]

    def _meet(self, kind: int, host: str) -> None:
        if (kind, host) not in self._known:
            self._known.add((kind, host))
            self._hosts[kind].append(host)

    def _next_of(self, kind: int, host: str) -> Task | None:
        if not self._fill(kind, host):
            return None
        task = self._ready[kind, host].popleft()
        self._in_flight.add(task.n)
        return task

    def _fill(self, kind: int, host: str) -> bool:
        """Read on where nothing is at hand; False where nothing is left."""
        ready = self._ready.setdefault((kind, host), deque())
        while not ready:
            rows = self._db.execute(
                "select n, kind, key, url, host, lastmod, depth, product_id, linked from request"
                " where outcome is null and kind = ? and host = ? and n > ? order by n limit ?",
                (kind, host, self._read.get((kind, host), 0), _AHEAD),
            ).fetchall()
            if not rows:
                return False
            self._read[kind, host] = rows[-1][0]
            ready.extend(Task(*row) for row in rows if row[0] not in self._in_flight)
        return True


def _host(url: str) -> str:
    try:
        return urlsplit(url).netloc.lower()
    except ValueError:  # such as "http://[x": it is refused before it is asked
        return ""
