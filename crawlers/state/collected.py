"""What a crawl has gathered: products in full, the photo each address is, and every refusal.

A product's row needs the ids of its photos, known only after every photo was fetched; until then the
catalogue waits here instead of in memory. Part of a CrawlState, or alone for an import.
"""

import json
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
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


class Collected:
    """Products, photo answers and rejects in tables of `db`; writes into the transaction that is open."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        db.executescript(_TABLES)
        # Counted once: asked for with every request under a limit.
        self._products = int(db.execute("select count(*) from product").fetchone()[0])

    def add_product(self, product: Product, page: str = "") -> bool:
        """Add a product with its photo addresses, read on `page` (a frontier key); False where its id is here."""
        facts = vars(product) | {"image_urls": [], "image_views": []}
        row = (product.product_id, page, json.dumps(facts, ensure_ascii=False, default=str))
        cursor = self._db.execute("insert or ignore into product (id, page, facts) values (?, ?, ?)", row)
        if not cursor.rowcount:
            return False
        self._products += 1
        photos = zip(product.image_urls, product.image_views, strict=True)
        rows = [(cursor.lastrowid, place, url, view) for place, (url, view) in enumerate(photos)]
        self._db.executemany("insert into photo values (?, ?, ?, ?)", rows)
        return True

    def add_photo(self, product_id: str, url: str, view: str) -> None:
        """Add one more photo of a product that is here."""
        (n,) = self._db.execute("select n from product where id = ?", (product_id,)).fetchone()
        (place,) = self._db.execute("select count(*) from photo where n = ?", (n,)).fetchone()
        self._db.execute("insert into photo values (?, ?, ?, ?)", (n, place, url, view))

    def set_photo(self, url: str, image_id: str) -> None:
        """Write which photo an address is."""
        self._db.execute("insert or replace into answer values (?, ?)", (url, image_id))

    def photo_of(self, url: str) -> str:
        """Return the id of the photo an address is; empty where it has none."""
        row = self._db.execute("select image_id from answer where url = ?", (url,)).fetchone()
        return str(row["image_id"]) if row else ""

    def carry_photo(self, url: str, image_id: str) -> str:
        """Return the photo of a product that is carried on: `image_id`, which it was, or else what came now."""
        if not image_id:
            return self.photo_of(url)
        self._db.execute("insert or ignore into answer values (?, ?)", (url, image_id))
        return image_id

    def add_reject(self, reject: Reject) -> None:
        """Add one refusal."""
        self._db.execute(
            "insert into reject (stage, reason, url, product_id, detail, at)"
            " values (:stage, :reason, :url, :product_id, :detail, :at)",
            vars(reject) | {"at": int(reject.at.timestamp() * 1000)},
        )

    def delete_rejects(self, url: str, stage: str) -> None:
        """Delete the refusals of an address that is asked again."""
        self._db.execute("delete from reject where url = ? and stage = ?", (url, stage))

    def add_page_of(self, product_id: str, page: str) -> None:
        """Note that a product which is here already stands on this page, too."""
        self._db.execute("insert or ignore into shown values (?, ?)", (page, product_id))

    def photos_to_ask(self) -> Iterator[tuple[str, str, str]]:
        """Read every photo address without a photo, the product that shows it and its page, in the order found.

        An address that several products show comes once for each. Read in slices, so that the caller may write.
        """
        at = (0, -1)
        while rows := self._db.execute(
            "select n, place, url, id, page from photo join product using (n)"
            " where (n, place) > (?, ?) and url not in (select url from answer) order by n, place limit 1000",
            at,
        ).fetchall():
            at = rows[-1]["n"], rows[-1]["place"]
            yield from ((row["url"], row["id"], row["page"]) for row in rows)

    def products(self) -> Iterator[tuple[Product, tuple[str, ...]]]:
        """Read every product by id, with its photo ids ("" for none)."""
        for product in self._db.cursor().execute("select n, facts from product order by id"):
            photos = self._db.execute(
                "select photo.url, view, coalesce(image_id, '') as image_id from photo left join answer using (url)"
                " where n = ? order by place",
                (product["n"],),
            ).fetchall()
            urls, views, ids = zip(*photos, strict=True) if photos else ((), (), ())
            facts = json.loads(product["facts"]) | {"image_urls": urls, "image_views": views}
            yield Product.of(facts), ids

    def rejects(self) -> Iterator[dict[str, Any]]:
        """Read every refusal as a row of schemas.reject.REJECTS, by address."""
        query = "select stage, reason, url, product_id, detail, at from reject order by stage, url, reason, n"
        for row in self._db.cursor().execute(query):
            yield dict(row) | {"at": datetime.fromtimestamp(row["at"] / 1000, UTC)}

    def reject_counts(self) -> dict[tuple[str, str], int]:
        """Count refusals by (stage, reason)."""
        rows = self._db.execute("select stage, reason, count(*) as rows from reject group by 1, 2").fetchall()
        return {(row["stage"], row["reason"]): row["rows"] for row in rows}

    def photo_count(self) -> int:
        """Count the distinct photos that addresses turned out to be."""
        return int(self._db.execute("select count(distinct image_id) from answer").fetchone()[0])

    def product_count(self) -> int:
        """Count the products that are here."""
        return self._products
