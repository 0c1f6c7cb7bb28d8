"""Products on their way from the page stage to their table: a local SQLite file, thrown away at the end.

A product row needs the ids of its photos, and those are known only after every photo was fetched.
The catalogue waits here instead of in memory; also the grouping of catalogue rows by product, the
list of distinct photo addresses and the comparison with the previous crawl are its indexes' work.
Not for several threads, and not meant to survive a crash: a killed crawl starts anew.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from schemas.product import Product

_TABLES = """
pragma journal_mode = off;
pragma synchronous = off;
create table product (n integer primary key, id text not null unique, facts text not null);
create table photo (n integer not null, place integer not null, url text not null, view text not null,
                    primary key (n, place)) without rowid;
create table answer (url text primary key, image_id text not null) without rowid;
create table before (id text primary key, content_hash text not null, first_seen integer not null)
                     without rowid;
"""
_LISTS = ("categories", "tags", "image_urls", "image_views")


class Spool:
    """A spool in a new file at `path`; `close` leaves the file to whoever owns the folder."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.executescript(_TABLES)
        self._db.execute("begin")

    def add(self, product: Product) -> bool:
        """Take a product with its photo addresses; False when its id is here already."""
        facts = asdict(product) | {"image_urls": [], "image_views": []}
        row = (product.product_id, json.dumps(facts, ensure_ascii=False, default=str))
        cursor = self._db.execute("insert or ignore into product (id, facts) values (?, ?)", row)
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

    def photos(self) -> Iterator[tuple[str, str]]:
        """Every distinct unanswered photo address, with the first product that shows it; in that order."""
        yield from self._db.cursor().execute(
            "select photo.url, product.id from"
            " (select url, min(n) as n from photo where url not in (select url from answer) group by url)"
            " as photo"
            " join product using (n) order by photo.n"
        )

    def photo_count(self) -> int:
        """How many addresses `photos` yields."""
        query = "select count(distinct url) from photo where url not in (select url from answer)"
        return int(self._db.execute(query).fetchone()[0])

    def remember(self, rows: Iterable[tuple[str, str, datetime]]) -> None:
        """The previous crawl's products: id, content hash, first seen."""
        stamped = ((name, content, int(seen.timestamp() * 1000)) for name, content, seen in rows)
        self._db.executemany("insert or ignore into before values (?, ?, ?)", stamped)

    def products(self) -> Iterator[tuple[Product, tuple[str, ...], str, datetime | None]]:
        """Every product by id, with photo ids ("" for unanswered), and what the previous crawl had of it.

        Yields (product, image_ids, previous content hash or "", first seen or None).
        """
        found = self._db.cursor().execute(
            "select product.n, product.facts, before.content_hash, before.first_seen"
            " from product left join before using (id) order by product.id"
        )
        for n, facts, content_hash, first_seen in found:
            photos = self._db.execute(
                "select photo.url, view, coalesce(image_id, '') from photo left join answer using (url)"
                " where n = ? order by place",
                (n,),
            ).fetchall()
            urls, views, ids = zip(*photos, strict=True) if photos else ((), (), ())
            product = _product(json.loads(facts) | {"image_urls": urls, "image_views": views})
            seen = datetime.fromtimestamp(first_seen / 1000, UTC) if first_seen is not None else None
            yield product, ids, content_hash or "", seen

    def gone(self) -> int:
        """Products of the previous crawl that are not here."""
        query = "select count(*) from before where id not in (select id from product)"
        return int(self._db.execute(query).fetchone()[0])

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()


def _product(facts: dict[str, Any]) -> Product:
    lists = {name: tuple(facts[name]) for name in _LISTS}
    price = None if facts["price"] is None else Decimal(facts["price"])
    return Product(
        **(facts | lists | {"price": price, "fetched_at": datetime.fromisoformat(facts["fetched_at"])})
    )
