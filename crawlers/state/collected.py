"""What a crawl has gathered: products in full, the photo each address is, and every refusal.

A product's row needs the ids of its photos, known only after every photo was fetched; until then the
catalogue waits here instead of in memory. Part of a CrawlState, or alone for an import.
"""

import json
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from schemas.product import Product
from schemas.reject import Reject

_TABLES = """
create table if not exists product (n integer primary key, id text not null unique, page text not null,
                                    facts text not null);
create table if not exists photo (n integer not null, place integer not null, url text not null,
                                  view text not null, primary key (n, place)) without rowid;
create index if not exists product_page on product (page);
create index if not exists photo_url on photo (url);
create table if not exists shown (page text not null, id text not null, primary key (page, id)) without rowid;
create table if not exists answer (url text primary key, image_id text not null) without rowid;
create table if not exists reject (n integer primary key, stage text not null, reason text not null,
    url text not null, product_id text not null, detail text not null, at integer not null);
create index if not exists reject_url on reject (url);
"""
_LISTS = ("categories", "tags", "image_urls", "image_views")


class Collected:
    """Products, photo answers and rejects in tables of `db`; writes into the transaction that is open."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        db.executescript(_TABLES)

    def add(self, product: Product, page: str = "") -> bool:
        """Take a product with its photo addresses, found on `page` (a frontier key); False where its id is here."""
        facts = vars(product) | {"image_urls": [], "image_views": []}
        row = (product.product_id, page, json.dumps(facts, ensure_ascii=False, default=str))
        cursor = self._db.execute("insert or ignore into product (id, page, facts) values (?, ?, ?)", row)
        if not cursor.rowcount:
            return False
        photos = zip(product.image_urls, product.image_views, strict=True)
        rows = [(cursor.lastrowid, place, url, view) for place, (url, view) in enumerate(photos)]
        self._db.executemany("insert into photo values (?, ?, ?, ?)", rows)
        return True

    def add_photo(self, product_id: str, url: str, view: str) -> None:
        """One more photo of a product that is here."""
        (n,) = self._db.execute("select n from product where id = ?", (product_id,)).fetchone()
        (place,) = self._db.execute("select count(*) from photo where n = ?", (n,)).fetchone()
        self._db.execute("insert into photo values (?, ?, ?, ?)", (n, place, url, view))

    def answer(self, url: str, image_id: str) -> None:
        """Note which photo an address is."""
        self._db.execute("insert or replace into answer values (?, ?)", (url, image_id))

    def answer_of(self, url: str) -> str:
        """The photo an address is; empty where it has none."""
        found = self._db.execute("select image_id from answer where url = ?", (url,)).fetchone()
        return str(found[0]) if found else ""

    def stands(self, url: str, image_id: str) -> str:
        """The photo an address is in a product that is carried on: what it was, or what it answered now."""
        if not image_id:
            return self.answer_of(url)
        self._db.execute("insert or ignore into answer values (?, ?)", (url, image_id))
        return image_id

    def refuse(self, reject: Reject) -> None:
        """Keep one refusal."""
        self._db.execute(
            "insert into reject (stage, reason, url, product_id, detail, at) values (?, ?, ?, ?, ?, ?)",
            (
                reject.stage, reject.reason, reject.url, reject.product_id, reject.detail,
                int(reject.at.timestamp() * 1000),
            ),
        )  # fmt: skip

    def pardon(self, url: str, stage: str) -> None:
        """Forget the refusals of an address that is asked again."""
        self._db.execute("delete from reject where url = ? and stage = ?", (url, stage))

    def show(self, product_id: str, page: str) -> None:
        """A product that is here already stands on this page, too."""
        self._db.execute("insert or ignore into shown values (?, ?)", (page, product_id))

    def unanswered(self) -> Iterator[tuple[str, str, str]]:
        """Every photo address without an answer, the product that shows it and its page, in the order found.

        An address that several products show comes once for each. Read in slices, so that the caller may write.
        """
        at = (0, -1)
        while rows := self._db.execute(
            "select photo.n, place, url, product.id, page from photo join product using (n)"
            " where (photo.n, place) > (?, ?) and url not in (select url from answer)"
            " order by photo.n, place limit 1000",
            at,
        ).fetchall():
            at = rows[-1][:2]
            yield from (row[2:] for row in rows)

    def products(self) -> Iterator[tuple[Product, tuple[str, ...]]]:
        """Every product by id, with its photo ids ("" for unanswered)."""
        for n, facts in self._db.cursor().execute("select n, facts from product order by id"):
            photos = self._db.execute(
                "select photo.url, view, coalesce(image_id, '') from photo left join answer using (url)"
                " where n = ? order by place",
                (n,),
            ).fetchall()
            urls, views, ids = zip(*photos, strict=True) if photos else ((), (), ())
            yield _product(json.loads(facts) | {"image_urls": urls, "image_views": views}), ids

    def rejects(self) -> Iterator[dict[str, Any]]:
        """Every refusal as a row of schemas.reject.REJECTS, by address."""
        names = ("stage", "reason", "url", "product_id", "detail")
        query = "select stage, reason, url, product_id, detail, at from reject order by stage, url, reason, n"
        for *values, at in self._db.cursor().execute(query):
            yield dict(zip(names, values, strict=True)) | {"at": datetime.fromtimestamp(at / 1000, UTC)}

    def reject_counts(self) -> dict[tuple[str, str], int]:
        """Refusals by (stage, reason)."""
        rows = self._db.execute("select stage, reason, count(*) from reject group by 1, 2").fetchall()
        return {(stage, reason): count for stage, reason, count in rows}

    def image_count(self) -> int:
        """Distinct photos that addresses turned out to be."""
        return int(self._db.execute("select count(distinct image_id) from answer").fetchone()[0])

    def product_count(self) -> int:
        """Products that are here."""
        return int(self._db.execute("select count(*) from product").fetchone()[0])


def _product(facts: dict[str, Any]) -> Product:
    lists = {name: tuple(facts[name]) for name in _LISTS}
    prices = {name: None if facts[name] is None else Decimal(facts[name]) for name in ("price", "list_price")}
    return Product(**(facts | lists | prices | {"fetched_at": datetime.fromisoformat(facts["fetched_at"])}))
