"""Products that several pages showed in the previous crawl: what they are must be read from all of those pages.

A page that answers 304 says nothing of its product but that it adds what it added before, which nobody kept by page.
So as soon as one page of a product changed, or is gone, the product is stale and its pages are asked for all they hold.
Part of a CrawlState; reads the tables of crawlers.state.tables.previous_crawl and crawlers.state.tables.frontier.
"""

import sqlite3

from crawlers.state.tables.frontier import TRANSIENT, Kind
from crawlers.state.tables.previous_crawl import Fate

_TABLES = "create table if not exists stale (id text primary key) without rowid;"
_FAULTS = (*TRANSIENT, "consent_wall")


class SharedPages:
    """Writes into the transaction that is open."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        db.executescript(_TABLES)

    def other_pages(self, product_id: str, key: str) -> list[tuple[str, str]]:
        """Return key and address of the other product pages that showed a product, of those not read anew."""
        rows = self._db.execute(
            "select key, url from shown_before join page_before on kind = ? and key = page"
            " where id = ? and page <> ? order by key",
            (Kind.PRODUCT, product_id, key),
        )
        return [(row["key"], row["url"]) for row in rows.fetchall()]

    def mark_stale(self, product_id: str) -> None:
        """Note that one of a product's pages changed, so that what it is must be read from all of them."""
        self._db.execute("insert or ignore into stale values (?)", (product_id,))

    def is_stale(self, key: str) -> bool:
        """Whether a page showed a product of which another page changed."""
        query = "select 1 from shown_before join stale using (id) where page = ? limit 1"
        return self._db.execute(query, (key,)).fetchone() is not None

    def unnamed_pages(self) -> list[tuple[str, str]]:
        """Return unchanged products with a page that no listing names any more while another stands, and that page."""
        rows = self._db.execute(
            "select lost.id, lost.page from before join shown_before as lost using (id)"
            " join page_before on page_before.kind = :product and page_before.key = lost.page"
            " where fate = :unchanged and not exists (select 1 from request where kind = :product and key = lost.page)"
            " and exists (select 1 from shown_before as left_ join request on kind = :product and key = left_.page"
            " where left_.id = lost.id) and not exists (select 1 from stale where stale.id = lost.id)",
            {"product": Kind.PRODUCT, "unchanged": Fate.UNCHANGED},
        )
        return [(row["id"], row["page"]) for row in rows.fetchall()]

    def half_read(self) -> list[str]:
        """Return products read now of which a page failed by a fault: it showed them before, and may still."""
        marks = ", ".join("?" * len(_FAULTS))
        rows = self._db.execute(
            "select distinct product.id from product join shown_before using (id)"
            f" join request on kind = ? and key = shown_before.page where outcome in ({marks}) order by 1",
            (Kind.PRODUCT, *_FAULTS),
        )
        return [row["id"] for row in rows.fetchall()]
