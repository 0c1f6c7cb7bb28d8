"""The catalogue of a crawl at its end: products read now, and of the previous crawl those that are carried on.

Streams; nothing here holds a catalogue.
"""

import heapq
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any

from crawlers.state.budget import BUDGET
from crawlers.state.forgotten import FORGOTTEN
from crawlers.state.tables.crawl_state import CrawlState
from crawlers.state.tables.frontier import READ, UNASKED, Kind
from crawlers.state.tables.previous_crawl import Fate
from schemas.manifest import Count
from schemas.product import PRODUCTS, Product

Row = dict[str, Any]
# Of a shop that had more products than this, a crawl does not remove over half because a listing is short.
SUDDEN_FROM, SUDDEN_SHARE = 20, 0.5
# A listing refused for one of these was never meant to be read.
_MEANT = frozenset([READ, UNASKED, "robots", "opted_out", FORGOTTEN, "address", "trap", "gone"])


def is_complete(state: CrawlState) -> bool:
    """Whether every listing was read to its end, so that what none of them names has left the shop.

    A crawl whose budget was spent is never called complete, be it for photos alone.
    """
    if state.read_note("begun_elsewhere"):  # the sitemap could not be asked, and the categories may show less
        return False
    if BUDGET in state.frontier.outcome_counts(Kind.PHOTO):
        return False
    return all(outcome in _MEANT for outcome in state.frontier.outcome_counts(Kind.LISTING))


@dataclass
class CatalogueRows:
    """A crawl's products table in the making, and how it differs from the previous one.

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

    def decide(self, *, complete: bool, sudden: bool = False) -> int:
        """Decide what is gone; to be called before `rows`.

        complete  every listing was read to its end
        sudden    also over half of a shop's products may be gone at once: the operator asked for a full reading
        Returns how many delisted products are kept all the same, because they are suspiciously many.
        """
        previous = self.state.previous
        gone = previous.delisted() if complete else []
        withheld, products = 0, previous.product_count()
        if not sudden and products > SUDDEN_FROM and len(gone) > SUDDEN_SHARE * products:
            gone, withheld = [], len(gone)
        previous.decide_fates(gone)
        fates = previous.fate_counts()
        self.removed, self.not_modified, self.kept = fates[Fate.GONE], fates[Fate.UNCHANGED], fates[Fate.KEPT]
        return withheld

    def rows(self, previous_rows: Iterable[Mapping[str, Any]], started_at: datetime) -> Iterator[Row]:
        """Read every row by product_id: those read now and, of `previous_rows` (in that order), those carried on."""
        read, carried = self._read(started_at), self._carried(previous_rows)
        yield from heapq.merge(read, carried, key=lambda row: row["product_id"])

    def count(self) -> Count:
        """Return what became of the previous crawl's products, for the manifest."""
        fates = self.state.previous.fate_counts()
        stay = fates[Fate.FETCHED] + fates[Fate.UNCHANGED] + fates[Fate.KEPT]
        rejected = {"gone": self.removed} if self.removed else {}
        return Count(self.state.previous.product_count(), stay, rejected)

    def _read(self, started_at: datetime) -> Iterator[Row]:
        for product, image_ids in self.state.collected.products():
            previous = self.state.previous.product(product.product_id)
            row = dict(product.row(image_ids, previous.first_seen if previous else started_at))
            if previous is None:
                self.added += 1
            elif previous.content_hash != row["content_hash"] or previous.image_ids != row["image_ids"]:
                self.changed += 1
            yield row

    def _carried(self, previous_rows: Iterable[Mapping[str, Any]]) -> Iterator[Row]:
        defaults = _defaults()
        for previous_row in previous_rows:
            previous = self.state.previous.product(previous_row["product_id"])
            if previous is None or previous.fate not in (Fate.UNCHANGED, Fate.KEPT):
                continue
            row = defaults | dict(previous_row)
            photos = zip(row["image_urls"], row["image_ids"], strict=True)
            image_ids = [self.state.collected.carry_photo(url, image_id) for url, image_id in photos]
            self.changed += image_ids != row["image_ids"]  # a photo that failed last time came now
            yield row | {"image_ids": image_ids}


def _defaults() -> Row:
    """Return the values of the columns that an older products table lacks."""
    bare = Product("", "", "", "", datetime.now(UTC))
    values = {f.name: getattr(bare, f.name) for f in fields(Product) if f.name in PRODUCTS.names}
    return values | {"attributes": [], "sources": []}
