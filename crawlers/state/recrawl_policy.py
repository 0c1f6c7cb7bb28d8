"""How one crawl goes about its shop: what it asks again, how much failure it bears, where it ends."""

import time
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from crawlers.state.budget import MOST_BYTES, MOST_PHOTOS
from crawlers.state.tables.previous_crawl import PreviousPhoto
from crawlers.state.tally import FLOOR

FULL, CHANGED, LIST = REVISITS = ("full", "changed", "list")
MOST_PAGES = 1_000_000
OLDEST_S = 7 * 24 * 3600.0
_EDITIONS = ("v", "version")  # parameters that shops raise when the photo changes


@dataclass(frozen=True)
class RecrawlPolicy:
    """What one crawl of a shop may take as read, and what ends it.

    revisit     full: every page is read anew. changed: pages are asked whether they changed, and not even that
                where a sitemap says they did not. list: only the addresses named, the rest stays as it was
    floor       least share of good rows; below it the crawl stops
    limit       products to read at most, None for all
    most_pages  pages to ask for at most, of one host
    most_photos, most_bytes  photos to ask for and bytes to receive at most, of all hosts
    oldest_s    what a sitemap calls unchanged is asked all the same once its last reading is this old
    language    asked for by the operator, as crawlers.extract.language writes it; empty for the shop's main one
    salt        varies which of the pages called unchanged are asked as a sample
    """

    revisit: str = CHANGED
    floor: float = FLOOR
    limit: int | None = None
    most_pages: int = MOST_PAGES
    most_photos: int = MOST_PHOTOS
    most_bytes: int = MOST_BYTES
    oldest_s: float = OLDEST_S
    salt: str = ""
    language: str = ""

    @property
    def is_conditional(self) -> bool:
        """Whether pages are asked with validators."""
        return self.revisit != FULL

    def is_old(self, fetched_at_ms: int) -> bool:
        """Whether a reading is too old to stand unasked."""
        return time.time() - fetched_at_ms / 1000 > self.oldest_s

    def takes_as_read(self, url: str, photo: PreviousPhoto, *, alone: bool) -> bool:
        """Whether a photo need not be asked for: its address names its edition, or its server gave it a lifetime.

        alone  its product's page was read anew for this product only; then a lifetime is no answer
        """
        if not self.is_conditional:
            return False
        if any(name in _EDITIONS for name in parse_qs(urlsplit(url).query)):
            return True
        fresh_until = photo.validators.fresh_until
        return not alone and fresh_until is not None and fresh_until > time.time() * 1000
