"""The end of a crawl: its state becomes the rows of its tables. Streams; nothing here holds a catalogue."""

import heapq
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any

from crawlers.state.crawl_state import CrawlState
from crawlers.state.frontier import KINDS, PHOTO, READ, UNASKED
from crawlers.state.previous_crawl import FETCHED, GONE, KEPT, UNCHANGED
from schemas.manifest import Count
from schemas.product import PRODUCTS, Product

Row = dict[str, Any]
# Of a shop that had more products than this, a crawl does not remove over half because a listing is short.
SUDDEN_FROM, SUDDEN_SHARE = 20, 0.5
# A listing refused for one of these was never meant to be read.
_MEANT = frozenset([READ, UNASKED, "robots", "opted_out", "address", "trap", "gone"])
_REQUESTS = (
    "select url, kind, key, outcome, etag, last_modified, lastmod, fresh_until, product_id, leads, fetched_at"
    " from request where outcome is not null order by n"
)
_PAGES_LEFT = (
    "select url, kind, key, outcome, etag, last_modified, lastmod, null, '', leads, fetched_at from page_before as p"
    " where not exists (select 1 from request where kind = p.kind and key = p.key)"
)
_PHOTOS_LEFT = (
    "select url, 2, url, outcome, etag, last_modified, '', fresh_until, product_id, '[]', fetched_at"
    " from photo_before as p where not exists (select 1 from request where kind = 2 and key = p.url)"
    " and (exists (select 1 from photo where photo.url = p.url)"
    "      or exists (select 1 from before where id = p.product_id and fate in (2, 3)))"
)


@dataclass
class Catalogue:
    """A crawl's products table in the making, and what it says beside the previous one.

    added, changed  products that are new, or whose facts or photos differ
    not_modified    products whose page, or its listing, says that nothing changed
    kept            products carried on because nothing was heard of them: a fault, a limit, a list of addresses
    removed         products that are gone
    """

    state: CrawlState
    added: int = 0
    changed: int = 0
    not_modified: int = 0
    kept: int = 0
    removed: int = 0

    def close(self, *, complete: bool, sudden: bool = False) -> int:
        """Decide what is gone.

        complete  every listing was read to its end
        sudden    also over half of a shop's products may be gone at once: the operator asked for a full reading
        Returns how many delisted products are kept all the same, because they are suspiciously many.
        """
        memory = self.state.previous
        gone = memory.delisted() if complete else []
        withheld = 0
        if not sudden and memory.count() > SUDDEN_FROM and len(gone) > SUDDEN_SHARE * memory.count():
            gone, withheld = [], len(gone)
        memory.settle(gone)
        fates = memory.fates()
        self.removed, self.not_modified = fates.get(GONE, 0), fates.get(UNCHANGED, 0)
        self.kept = fates.get(KEPT, 0)
        return withheld

    def rows(self, previous: Iterable[Mapping[str, Any]], started_at: datetime) -> Iterator[Row]:
        """Every row by product_id: those read now and, of `previous` (by product_id, too), those carried on."""
        yield from heapq.merge(
            self._read(started_at), self._carried(previous), key=lambda row: row["product_id"]
        )

    def count(self) -> Count:
        """What became of the previous crawl's products, for the manifest."""
        stay = sum(self.state.previous.fates().get(fate, 0) for fate in (FETCHED, UNCHANGED, KEPT))
        return Count(self.state.previous.count(), stay, {"gone": self.removed} if self.removed else {})

    def _read(self, started_at: datetime) -> Iterator[Row]:
        for product, image_ids in self.state.collected.products():
            before = self.state.previous.product(product.product_id)
            row = dict(product.row(image_ids, before[2] if before else started_at))
            if before is None:
                self.added += 1
            elif before[0] != row["content_hash"] or before[1] != row["image_ids"]:
                self.changed += 1
            yield row

    def _carried(self, previous: Iterable[Mapping[str, Any]]) -> Iterator[Row]:
        usual = _defaults()
        for old in previous:
            before = self.state.previous.product(old["product_id"])
            if before is None or before[3] not in (UNCHANGED, KEPT):
                continue
            row = usual | dict(old)
            ids = [
                self.state.collected.stands(url, name)
                for url, name in zip(row["image_urls"], row["image_ids"], strict=True)
            ]
            self.changed += ids != row["image_ids"]  # a photo that failed last time came now
            yield row | {"image_ids": ids}


def is_complete(state: CrawlState) -> bool:
    """Whether every listing was read to its end, so that what none of them names has left the shop."""
    if state.note("begun_elsewhere"):  # the sitemap could not be asked, and the categories may show less
        return False
    return all(outcome in _MEANT for outcome in state.frontier.counts(KINDS.index("listing")))


def ledger_rows(state: CrawlState, *, whole: bool) -> Iterator[Row]:
    """Rows of schemas.ledger: what was asked now, and what of the previous ledger still stands.

    whole  every listing was read, so that a page without a product that none of them names is forgotten
    """
    db = state.db
    for query in (_REQUESTS, _PAGES_LEFT, _PHOTOS_LEFT):
        for (
            url,
            kind,
            key,
            outcome,
            etag,
            modified,
            lastmod,
            fresh,
            product,
            leads,
            at,
        ) in db.cursor().execute(query):
            if kind == PHOTO:
                products, image = [product] if product else [], state.collected.answer_of(url)
                if query is _PHOTOS_LEFT and not image:  # one that was asked and refused now is none any more
                    image = known.image_id if (known := state.previous.photo(url)) else ""
            else:
                products, image = _products_on(state, key), ""
                if query is _PAGES_LEFT and whole and not products:
                    continue
            yield {
                "url": url,
                "kind": KINDS[kind],
                "outcome": READ if outcome == UNASKED else outcome or READ,
                "etag": etag,
                "last_modified": modified,
                "lastmod": lastmod,
                "fresh_until": _moment(fresh),
                "image_id": image,
                "product_ids": products,
                "leads_to": json.loads(leads or "[]"),
                "fetched_at": _moment(at) or datetime.now(UTC),
            }


def _products_on(state: CrawlState, key: str) -> list[str]:
    query = (
        "select id from product where page = ?1 union select id from shown where page = ?1 union"
        " select id from shown_before join before using (id) where shown_before.page = ?1 and fate in (2, 3) order by 1"
    )
    return [name for (name,) in state.db.execute(query, (key,)).fetchall()]


def _defaults() -> Row:
    """Values of the columns that an older products table lacks."""
    bare = Product("", "", "", "", datetime.now(UTC))
    values = {f.name: getattr(bare, f.name) for f in fields(Product) if f.name in PRODUCTS.names}
    return values | {"attributes": [], "sources": []}


def _moment(ms: int | None) -> datetime | None:
    return None if ms is None else datetime.fromtimestamp(ms / 1000, UTC)
