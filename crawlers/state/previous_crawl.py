"""What the previous crawl of a shop knew, and what became of each of its products in this one.

A product that was there stays in the catalogue unless the shop says it is gone: its page answers
404 or 410, or a listing that was read to its end no longer leads to it. A fault never removes one.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from crawlers.fetch.validators import Validators
from crawlers.state.frontier import KINDS, PHOTO, READ, TRANSIENT

# The fates of a product of the previous crawl.
UNSEEN, FETCHED, UNCHANGED, KEPT, GONE = range(5)

_TABLES = """
create table if not exists before (id text primary key, page text not null, content_hash text not null,
    image_ids text not null, first_seen integer not null, fate integer not null default 0) without rowid;
create table if not exists shown_before (page text not null, id text not null, primary key (page, id)) without rowid;
create index if not exists shown_before_id on shown_before (id);
create table if not exists page_before (kind integer not null, key text not null, url text not null,
    outcome text not null, etag text not null, last_modified text not null, lastmod text not null,
    products text not null, leads text not null, fetched_at integer not null, primary key (kind, key))
    without rowid;
create table if not exists photo_before (url text primary key, outcome text not null, image_id text not null,
    etag text not null, last_modified text not null, fresh_until integer, product_id text not null,
    fetched_at integer not null) without rowid;
create index if not exists photo_before_product on photo_before (product_id);
"""


@dataclass(frozen=True)
class KnownPage:
    """A page as it was when last read in full. `leads` is JSON as the frontier keeps it; `fetched_at` in ms."""

    validators: Validators
    lastmod: str
    products: tuple[str, ...]
    leads: str
    fetched_at: int


@dataclass(frozen=True)
class KnownPhoto:
    """A photo address as it last answered. `image_id` is empty where no photo ever came."""

    outcome: str
    image_id: str
    validators: Validators
    fetched_at: int


class PreviousCrawl:
    """Part of a CrawlState, empty for a shop's first crawl; writes into the transaction that is open."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        db.executescript(_TABLES)

    def learn_products(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Rows of the previous products table, with `page`, the key of the address each was read from."""
        for row in rows:
            self._db.execute(
                "insert or ignore into before (id, page, content_hash, image_ids, first_seen) values (?, ?, ?, ?, ?)",
                (
                    row["product_id"], row["page"], row["content_hash"], json.dumps(row["image_ids"]),
                    _ms(row["first_seen"]),
                ),
            )  # fmt: skip
            self._shown(row["page"], [row["product_id"]])
            at = _ms(row["fetched_at"])
            self._db.executemany(  # what a ledger says of a photo, read afterwards, counts more
                "insert or ignore into photo_before values (?, ?, ?, '', '', null, ?, ?)",
                [
                    (url, READ if name else "", name, row["product_id"], at)
                    for url, name in zip(row["image_urls"], row["image_ids"], strict=True)
                ],
            )

    def learn_ledger(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Rows of the previous ledger (schemas.ledger), with `key`, the frontier's."""
        for row in rows:
            kind, at = KINDS.index(row["kind"]), _ms(row["fetched_at"])
            if kind == PHOTO:
                self._db.execute(
                    "insert or replace into photo_before values (?, ?, ?, ?, ?, ?, ?, ?)",
                    (
                        row["url"], row["outcome"], row["image_id"], row["etag"], row["last_modified"],
                        None if row["fresh_until"] is None else _ms(row["fresh_until"]),
                        next(iter(row["product_ids"]), ""), at,
                    ),
                )  # fmt: skip
                continue
            products, leads = json.dumps(row["product_ids"]), json.dumps(row["leads_to"])
            self._db.execute(
                "insert or replace into page_before values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    kind, row["key"], row["url"], row["outcome"], row["etag"], row["last_modified"],
                    row["lastmod"], products, leads, at,
                ),
            )  # fmt: skip
            self._db.executemany(
                "update before set page = ? where id = ?", [(row["key"], name) for name in row["product_ids"]]
            )
            self._shown(row["key"], row["product_ids"])

    def page(self, kind: int, key: str) -> KnownPage | None:
        """A page that the previous crawl read; None for one it did not."""
        found = self._db.execute(
            "select etag, last_modified, lastmod, products, leads, fetched_at from page_before"
            " where kind = ? and key = ? and outcome = ?",
            (kind, key, READ),
        ).fetchone()
        if found is None:
            return None
        etag, last_modified, lastmod, products, leads, at = found
        return KnownPage(Validators(etag, last_modified), lastmod, tuple(json.loads(products)), leads, at)

    def photo(self, url: str) -> KnownPhoto | None:
        """A photo address of the previous crawl; None for a new one."""
        found = self._db.execute(
            "select outcome, image_id, etag, last_modified, fresh_until, fetched_at from photo_before where url = ?",
            (url,),
        ).fetchone()
        if found is None:
            return None
        outcome, image_id, etag, last_modified, fresh_until, at = found
        return KnownPhoto(outcome, image_id, Validators(etag, last_modified, fresh_until), at)

    def failed_photos(self, product_ids: Iterable[str]) -> Iterator[tuple[str, str]]:
        """Photo addresses of products that failed by a fault of the moment, with their product."""
        marks = ", ".join("?" * len(TRANSIENT))
        query = f"select url, product_id from photo_before where product_id = ? and outcome in ({marks})"
        for name in product_ids:
            yield from self._db.execute(query, (name, *TRANSIENT)).fetchall()

    def see(self, product_id: str) -> bool:
        """A product was read anew; True where another page had called it unchanged before."""
        found = self._db.execute("select fate from before where id = ?", (product_id,)).fetchone()
        self._db.execute("update before set fate = ? where id = ?", (FETCHED, product_id))
        return found is not None and found[0] == UNCHANGED

    def carry(self, product_ids: Iterable[str]) -> int:
        """Products are as they were: their page says so. Returns how many that was not known of before."""
        return self._db.executemany(
            "update before set fate = ? where id = ? and fate not in (?, ?)",
            [(UNCHANGED, name, FETCHED, UNCHANGED) for name in product_ids],
        ).rowcount

    def uncarry(self, product_ids: Iterable[str]) -> int:
        """Products are to be seen after all: what called them unchanged is not believed any more."""
        return self._db.executemany(
            "update before set fate = ? where id = ? and fate = ?",
            [(UNSEEN, name, UNCHANGED) for name in product_ids],
        ).rowcount

    def products_of(self, key: str) -> list[str]:
        """Products that the page of this key showed when it was last read."""
        return [name for (name,) in self._db.execute("select id from shown_before where page = ?", (key,))]

    def lose(self, key: str) -> int:
        """The page of this key answers 404 or 410, or shows other products now: those that it showed are gone.

        Not those that another page showed, too, of which nothing was heard yet, or whose reading failed.
        Returns how many are gone.
        """
        query = (
            "update before set fate = ? where fate = ? and id in (select id from shown_before where page = ?)"
            " and not exists (select 1 from shown_before as other join request on kind = 1 and key = other.page"
            " where other.id = before.id and other.page <> ?"
            " and coalesce(outcome, '') not in ('gone', 'read', 'opted_out'))"
        )
        gone = self._db.execute(query, (GONE, UNSEEN, key, key)).rowcount
        self.forget(key)
        return gone

    def forget(self, key: str) -> None:
        """The page of this key was read anew: what it showed before says nothing any more."""
        self._db.execute("delete from shown_before where page = ?", (key,))

    def keep(self, product_id: str) -> None:
        """The shop still lists a product, in a way that cannot be read: it stays as it was."""
        self._db.execute("update before set fate = ? where id = ? and fate = ?", (KEPT, product_id, UNSEEN))

    def page_of(self, product_id: str) -> str:
        """Key of the page that a product was last read from; empty for a new one."""
        found = self._db.execute("select page from before where id = ?", (product_id,)).fetchone()
        return str(found[0]) if found else ""

    def delisted(self) -> list[str]:
        """Products that no listing leads to any more: not seen, and no page that showed them was named either."""
        query = (
            "select id from before where fate = ? and not exists (select 1 from shown_before"
            " join request on kind = 1 and key = page where shown_before.id = before.id)"
        )
        return [name for (name,) in self._db.execute(query, (UNSEEN,))]

    def settle(self, gone: Iterable[str]) -> None:
        """End of the crawl: these are gone; whatever else was not seen is kept as it was."""
        self._db.executemany("update before set fate = ? where id = ?", [(GONE, name) for name in gone])
        self._db.execute("update before set fate = ? where fate = ?", (KEPT, UNSEEN))

    def fates(self) -> dict[int, int]:
        """Products of the previous crawl by fate."""
        return dict(self._db.execute("select fate, count(*) from before group by fate").fetchall())

    def count(self) -> int:
        """Products of the previous crawl."""
        return int(self._db.execute("select count(*) from before").fetchone()[0])

    def product(self, product_id: str) -> tuple[str, list[str], datetime, int] | None:
        """Content hash, photo ids, first sight and fate of a product of the previous crawl."""
        found = self._db.execute(
            "select content_hash, image_ids, first_seen, fate from before where id = ?", (product_id,)
        ).fetchone()
        if found is None:
            return None
        return found[0], json.loads(found[1]), datetime.fromtimestamp(found[2] / 1000, UTC), found[3]

    def _shown(self, page: str, product_ids: Iterable[str]) -> None:
        rows = [(page, name) for name in product_ids]
        self._db.executemany("insert or ignore into shown_before values (?, ?)", rows)


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
