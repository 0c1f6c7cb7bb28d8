"""What a crawl has gathered: products in full, the photo each address is, and every refusal.

Every page that shows a product has a row of its own until the page stage ends, which makes one of them
(crawlers/state/page_union.py): which page answers first is chance. A product's row needs the ids of its photos, known
only after every photo was fetched; until then the catalogue waits here instead of in memory. Part of a CrawlState, or
alone for an import.
"""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from crawlers.discover.walls import led_to
from schemas.product import Product
from schemas.reject import Reject

_TABLES = """
create table if not exists product (n integer primary key, id text not null, page text not null,
                                    language text not null, facts text not null);
create index if not exists product_id on product (id);
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


@dataclass(frozen=True)
class Shown:
    """One page that shows a product: number of its row, key in the frontier, language, the product's own address."""

    n: int
    page: str
    language: str
    url: str


class Collected:
    """Products, photo answers and rejects in tables of `db`; writes into the transaction that is open."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        db.executescript(_TABLES)
        # Counted once: asked for with every request under a limit.
        self._products = int(db.execute("select count(distinct id) from product").fetchone()[0])

    def add_product(self, product: Product, page: str = "", language: str = "") -> bool:
        """Add what a page says of a product, with its photo addresses; False where another page showed it before.

        page      key of the page in the frontier
        language  of the page, as crawlers.extract.language writes it; empty where it says none
        """
        new = not self.has_product(product.product_id)
        row = (product.product_id, page, language, _written(product))
        cursor = self._db.execute("insert into product (id, page, language, facts) values (?, ?, ?, ?)", row)
        self._products += new
        assert cursor.lastrowid is not None
        self._add_photos(cursor.lastrowid, product)
        return new

    def has_product(self, product_id: str) -> bool:
        """Whether a page showed this product."""
        query = "select 1 from product where id = ? limit 1"
        return self._db.execute(query, (product_id,)).fetchone() is not None

    def adds_to(self, product: Product) -> bool:
        """Whether a product shows a photo that no page so far showed of it."""
        query = "select url from photo join product using (n) where id = ?"
        return not {row["url"] for row in self._db.execute(query, (product.product_id,))}.issuperset(
            product.image_urls
        )

    def shown_twice(self) -> list[str]:
        """Return the products that have several rows, by id."""
        rows = self._db.execute("select id from product group by id having count(*) > 1 order by id")
        return [row["id"] for row in rows]

    def pages_of(self, product_id: str) -> list[Shown]:
        """Return the rows of a product, without its facts, in the order read."""
        query = "select n, page, language, json_extract(facts, '$.url') as url from product where id = ? order by n"
        return [Shown(**row) for row in self._db.execute(query, (product_id,)).fetchall()]

    def product_shown(self, shown: Shown) -> Product:
        """Return a product as one page shows it."""
        facts = self._db.execute("select facts from product where n = ?", (shown.n,)).fetchone()["facts"]
        photos = self._db.execute(
            "select url, view from photo where n = ? order by place", (shown.n,)
        ).fetchall()
        lists = {"image_urls": [row["url"] for row in photos], "image_views": [row["view"] for row in photos]}
        return Product.of(json.loads(facts) | lists)

    def rewrite(self, shown: Shown, product: Product) -> None:
        """Write other facts and photos into the row of one page."""
        self._db.execute("update product set facts = ? where n = ?", (_written(product), shown.n))
        self._db.execute("delete from photo where n = ?", (shown.n,))
        self._add_photos(shown.n, product)

    def drop(self, product_id: str, rows: Sequence[Shown]) -> None:
        """Delete rows of a product; with the last one it is not here any more."""
        numbers = [(shown.n,) for shown in rows]
        self._db.executemany("delete from product where n = ?", numbers)
        self._db.executemany("delete from photo where n = ?", numbers)
        self._products -= bool(rows) and not self.has_product(product_id)

    def languages(self) -> dict[str, int]:
        """Count rows by the language of their page, those without any left out."""
        rows = self._db.execute(
            "select language, count(*) from product where language <> '' group by language"
        )
        return dict(rows.fetchall())

    def products_in(self, language: str) -> list[str]:
        """Return the products that a page in this language shows, by id."""
        query = "select distinct id from product where language = ? order by id"
        return [row["id"] for row in self._db.execute(query, (language,)).fetchall()]

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
        """Note that a product stands on this page, which has no row of its own."""
        self._db.execute("insert or ignore into shown values (?, ?)", (page, product_id))

    def photos_to_ask(self) -> Iterator[tuple[str, str, str]]:
        """Read every photo address without a photo, the product that shows it and its page, by product.

        An address that several products show comes once for each. Read in slices, so that the caller may write.
        """
        at = ("", -1)
        while rows := self._db.execute(
            "select place, url, id, page from product join photo using (n)"
            " where (id, place) > (?, ?) and url not in (select url from answer) order by id, place limit 1000",
            at,
        ).fetchall():
            at = rows[-1]["id"], rows[-1]["place"]
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

    def name_walls(self, least: int) -> list[str]:
        """Make a consent_wall of each place without a product that so many pages led to; returns those pages."""
        same = "stage = 'page' and reason = 'no_product' and detail = ?"
        rows = self._db.execute(
            "select detail from reject where stage = 'page' and reason = 'no_product' and detail like ?"
            " group by detail having count(*) >= ?",
            (led_to("%"), least),
        ).fetchall()
        urls: list[str] = []
        for (detail,) in rows:
            urls += [
                row["url"] for row in self._db.execute(f"select url from reject where {same}", (detail,))
            ]
            self._db.execute(f"update reject set reason = 'consent_wall' where {same}", (detail,))
        return urls

    def walls(self) -> list[tuple[str, int]]:
        """Return what stood in the way of product pages, in words, and of how many; the most frequent first."""
        rows = self._db.execute(
            "select detail, count(*) from reject where stage = 'page' and reason = 'consent_wall'"
            " group by detail order by 2 desc, 1"
        )
        return [(detail, number) for detail, number in rows.fetchall()]

    def photo_count(self) -> int:
        """Count the distinct photos that addresses turned out to be."""
        return int(self._db.execute("select count(distinct image_id) from answer").fetchone()[0])

    def product_count(self) -> int:
        """Count the products that are here."""
        return self._products

    def _add_photos(self, n: int, product: Product) -> None:
        photos = zip(product.image_urls, product.image_views, strict=True)
        rows = [(n, place, url, view) for place, (url, view) in enumerate(photos)]
        self._db.executemany("insert into photo values (?, ?, ?, ?)", rows)


def _written(product: Product) -> str:
    facts = vars(product) | {"image_urls": [], "image_views": []}
    return json.dumps(facts, ensure_ascii=False, default=str)
