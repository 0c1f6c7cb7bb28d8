"""What the previous crawl of a shop knew, and what became of each of its products in this one.

A product that was there stays in the catalogue unless the shop says it is gone: its page answers
404 or 410, or a listing that was read to its end no longer leads to it. A fault never removes one.
"""

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum
from typing import Any

from crawlers.fetch.validators import Validators
from crawlers.state.tables.frontier import ANSWERED, READ, TRANSIENT, Kind

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


class Fate(IntEnum):
    """What became of a product of the previous crawl. The numbers stand in the state."""

    UNSEEN = 0
    FETCHED = 1
    UNCHANGED = 2
    KEPT = 3
    GONE = 4


@dataclass(frozen=True)
class PreviousPage:
    """A page as it was when last read in full. `leads` is JSON as the frontier keeps it; `fetched_at` in ms."""

    outcome: str
    validators: Validators
    lastmod: str
    products: tuple[str, ...]
    leads: str
    fetched_at: int


@dataclass(frozen=True)
class PreviousPhoto:
    """A photo address as it last answered. `image_id` is empty where no photo ever came; `fetched_at` in ms."""

    outcome: str
    image_id: str
    validators: Validators
    fetched_at: int


@dataclass(frozen=True)
class PreviousProduct:
    """A product as the previous crawl left it, and what became of it in this one."""

    content_hash: str
    image_ids: list[str]
    first_seen: datetime
    fate: Fate


class PreviousCrawl:
    """Part of a CrawlState, empty for a shop's first crawl; writes into the transaction that is open."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        db.executescript(_TABLES)

    def load_products(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Take in rows of the previous products table, with `page`, the key of the address each was read from."""
        for row in rows:
            self._db.execute(
                "insert or ignore into before (id, page, content_hash, image_ids, first_seen)"
                " values (:product_id, :page, :content_hash, :image_ids, :first_seen)",
                {
                    "product_id": row["product_id"],
                    "page": row["page"],
                    "content_hash": row["content_hash"],
                    "image_ids": json.dumps(row["image_ids"]),
                    "first_seen": _ms(row["first_seen"]),
                },
            )
            self._add_shown(row["page"], [row["product_id"]])
            fetched_at = _ms(row["fetched_at"])
            self._db.executemany(  # what a ledger says of a photo, read afterwards, counts more
                "insert or ignore into photo_before values (?, ?, ?, '', '', null, ?, ?)",
                [
                    (url, READ if image_id else "", image_id, row["product_id"], fetched_at)
                    for url, image_id in zip(row["image_urls"], row["image_ids"], strict=True)
                ],
            )

    def load_ledger(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Take in rows of the previous ledger (schemas.ledger), with `key`, the frontier's."""
        for row in rows:
            kind = Kind.of(row["kind"])
            if kind == Kind.PHOTO:
                self._load_photo(row)
            else:
                self._load_page(kind, row)

    def page(self, kind: Kind, key: str) -> PreviousPage | None:
        """Return a page that the previous crawl read; None for one it did not."""
        row = self._db.execute(
            "select outcome, etag, last_modified, lastmod, products, leads, fetched_at from page_before"
            " where kind = ? and key = ?",
            (kind, key),
        ).fetchone()
        if row is None or row["outcome"] not in ANSWERED:
            return None
        validators = Validators(row["etag"], row["last_modified"])
        products = tuple(json.loads(row["products"]))
        return PreviousPage(
            row["outcome"], validators, row["lastmod"], products, row["leads"], row["fetched_at"]
        )

    def photo(self, url: str) -> PreviousPhoto | None:
        """Return a photo address of the previous crawl; None for a new one."""
        row = self._db.execute(
            "select outcome, image_id, etag, last_modified, fresh_until, fetched_at from photo_before where url = ?",
            (url,),
        ).fetchone()
        if row is None:
            return None
        validators = Validators(row["etag"], row["last_modified"], row["fresh_until"])
        return PreviousPhoto(row["outcome"], row["image_id"], validators, row["fetched_at"])

    def photos_to_retry(self, product_ids: Iterable[str]) -> Iterator[tuple[str, str]]:
        """Read the photo addresses of products that failed by a fault of the moment, each with its product."""
        marks = ", ".join("?" * len(TRANSIENT))
        query = f"select url, product_id from photo_before where product_id = ? and outcome in ({marks})"
        for product_id in product_ids:
            for row in self._db.execute(query, (product_id, *TRANSIENT)).fetchall():
                yield row["url"], row["product_id"]

    def mark_fetched(self, product_id: str) -> bool:
        """Mark a product as read anew; True where another page had called it unchanged before."""
        row = self._db.execute("select fate from before where id = ?", (product_id,)).fetchone()
        self._db.execute("update before set fate = ? where id = ?", (Fate.FETCHED, product_id))
        return row is not None and row["fate"] == Fate.UNCHANGED

    def mark_unchanged(self, product_ids: Iterable[str]) -> int:
        """Mark products as they were, since their page says so; returns how many that was not known of before."""
        return self._db.executemany(
            "update before set fate = ? where id = ? and fate not in (?, ?)",
            [(Fate.UNCHANGED, product_id, Fate.FETCHED, Fate.UNCHANGED) for product_id in product_ids],
        ).rowcount

    def unmark_unchanged(self, product_ids: Iterable[str]) -> int:
        """Mark products as unseen that were called unchanged by what is not believed any more; returns how many."""
        return self._db.executemany(
            "update before set fate = ? where id = ? and fate = ?",
            [(Fate.UNSEEN, product_id, Fate.UNCHANGED) for product_id in product_ids],
        ).rowcount

    def products_on(self, key: str) -> list[str]:
        """Return the products that the page of this key showed when it was last read."""
        return [row["id"] for row in self._db.execute("select id from shown_before where page = ?", (key,))]

    def mark_page_gone(self, key: str) -> int:
        """Mark the products of a page as gone: it answers 404 or 410, or shows other products now.

        Not those that another page showed, too, of which nothing was heard yet, or whose reading failed.
        Returns how many are gone.
        """
        gone = self._db.execute(
            "update before set fate = :gone where fate = :unseen"
            " and id in (select id from shown_before where page = :key)"
            " and not exists (select 1 from shown_before as other"
            " join request on kind = :product and key = other.page"
            " where other.id = before.id and other.page <> :key"
            " and coalesce(outcome, '') not in ('gone', 'read', 'opted_out'))",
            {"gone": Fate.GONE, "unseen": Fate.UNSEEN, "product": Kind.PRODUCT, "key": key},
        ).rowcount
        self.clear_page(key)
        return gone

    def clear_page(self, key: str) -> None:
        """Delete what a page showed before: it was read anew."""
        self._db.execute("delete from shown_before where page = ?", (key,))

    def mark_kept(self, product_id: str) -> None:
        """Mark a product to stay as it was: the shop still lists it, in a way that cannot be read."""
        query = "update before set fate = ? where id = ? and fate = ?"
        self._db.execute(query, (Fate.KEPT, product_id, Fate.UNSEEN))

    def listing_of(self, product_id: str) -> str:
        """Return the key of the feed page that a product was last read from; empty for one that has a page."""
        query = "select page from before join page_before on kind = ? and key = page where id = ?"
        row = self._db.execute(query, (Kind.LISTING, product_id)).fetchone()
        return str(row["page"]) if row else ""

    def keep(self, product_id: str) -> None:
        """Let a product stay as it was, whatever was read of it now."""
        self._db.execute("update before set fate = ? where id = ?", (Fate.KEPT, product_id))

    def delisted(self) -> list[str]:
        """Return products that no listing leads to any more: not seen, nor was any page named that showed them."""
        rows = self._db.execute(
            "select id from before where fate = ? and not exists (select 1 from shown_before"
            " join request on kind = ? and key = page where shown_before.id = before.id)",
            (Fate.UNSEEN, Kind.PRODUCT),
        )
        return [row["id"] for row in rows]

    def decide_fates(self, gone: Iterable[str]) -> None:
        """End the crawl: mark these as gone, and whatever else was not seen as kept."""
        self._db.executemany("update before set fate = ? where id = ?", [(Fate.GONE, each) for each in gone])
        self._db.execute("update before set fate = ? where fate = ?", (Fate.KEPT, Fate.UNSEEN))

    def fate_counts(self) -> Counter[Fate]:
        """Count the products of the previous crawl by fate."""
        rows = self._db.execute("select fate, count(*) as products from before group by fate").fetchall()
        return Counter({Fate(row["fate"]): row["products"] for row in rows})

    def product_count(self) -> int:
        """Count the products of the previous crawl."""
        return int(self._db.execute("select count(*) from before").fetchone()[0])

    def product(self, product_id: str) -> PreviousProduct | None:
        """Return a product of the previous crawl; None for a new one."""
        row = self._db.execute(
            "select content_hash, image_ids, first_seen, fate from before where id = ?", (product_id,)
        ).fetchone()
        if row is None:
            return None
        first_seen = datetime.fromtimestamp(row["first_seen"] / 1000, UTC)
        return PreviousProduct(
            row["content_hash"], json.loads(row["image_ids"]), first_seen, Fate(row["fate"])
        )

    def _load_photo(self, row: Mapping[str, Any]) -> None:
        fresh_until = None if row["fresh_until"] is None else _ms(row["fresh_until"])
        self._db.execute(
            "insert or replace into photo_before values"
            " (:url, :outcome, :image_id, :etag, :last_modified, :fresh_until, :product_id, :fetched_at)",
            dict(row)
            | {"fresh_until": fresh_until, "fetched_at": _ms(row["fetched_at"])}
            | {"product_id": next(iter(row["product_ids"]), "")},
        )

    def _load_page(self, kind: Kind, row: Mapping[str, Any]) -> None:
        self._db.execute(
            "insert or replace into page_before values"
            " (:kind, :key, :url, :outcome, :etag, :last_modified, :lastmod, :products, :leads, :fetched_at)",
            dict(row)
            | {"kind": kind, "products": json.dumps(row["product_ids"]), "leads": json.dumps(row["leads_to"])}
            | {"fetched_at": _ms(row["fetched_at"])},
        )
        self._db.executemany(
            "update before set page = ? where id = ?", [(row["key"], each) for each in row["product_ids"]]
        )
        self._add_shown(row["key"], row["product_ids"])

    def _add_shown(self, page: str, product_ids: Iterable[str]) -> None:
        rows = [(page, product_id) for product_id in product_ids]
        self._db.executemany("insert or ignore into shown_before values (?, ?)", rows)


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
