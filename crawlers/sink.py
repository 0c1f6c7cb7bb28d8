"""The border to storage: what a crawl hands over, and the count of where every row went.

Crawlers know no lake. Whoever runs one gives it a `Sink`; `Intake` stands before it, counts, and
stops the run when too much is refused. Items reach it through the Scrapy pipeline crawlers.border.
"""

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

from schemas.errors import RejectedError
from schemas.manifest import Count
from schemas.product import Product
from schemas.reject import REASONS

LIMIT = 0.20
LIMIT_FROM = 50  # rows seen before the share means anything
# Obeying robots.txt, staying on the shop's host and reading a product once are no sign of a broken crawl.
HARMLESS = frozenset(["robots", "address", "duplicate"])
TELL_EVERY_S = 0.2


class Sink(Protocol):
    """Where rows go. Called from one thread; whatever it raises ends the crawl."""

    def product(self, product: Product) -> bool:
        """Take one product; False when one with this id was already taken."""

    def has_image(self, image_id: str) -> bool:
        """Whether these bytes are stored already, now or by an earlier crawl."""

    def image(self, row: Mapping[str, Any]) -> None:
        """Store one row of schemas.image.IMAGES."""

    def answer(self, url: str, image_id: str) -> None:
        """Note which photo an address turned out to be."""

    def reject(self, row: Mapping[str, Any]) -> None:
        """Store one row of schemas.reject.REJECTS."""

    def progress(self, stage: str, done: int, note: str) -> None:
        """Hear how far a stage is; a few times a second at most."""


@dataclass(frozen=True)
class Photo:
    """What an address answered; `row` (schemas.image.IMAGES) is None where the bytes are stored already."""

    url: str
    image_id: str
    row: Mapping[str, Any] | None


@dataclass
class Tally:
    """Rows of one stage: what went out, and what was refused for which reason."""

    out: int = 0
    rejected: Counter[str] = field(default_factory=Counter)

    @property
    def seen(self) -> int:
        """Rows that came in and have an outcome."""
        return self.out + self.rejected.total()

    def count(self) -> Count:
        """The same for the manifest."""
        return Count(self.seen, self.out, dict(self.rejected))

    def check(self, stage: str) -> None:
        """Raise RejectedError once more than a fifth of what was seen is refused."""
        bad = Counter({reason: n for reason, n in self.rejected.items() if reason not in HARMLESS})
        if self.seen >= LIMIT_FROM and bad.total() > LIMIT * self.seen:
            raise RejectedError(stage, bad.total(), self.seen, bad.most_common(1)[0][0])


class Intake:
    """Counts rows on their way into a sink. Stages: discover, page, image, import."""

    def __init__(self, sink: Sink) -> None:
        self.sink = sink
        self.tallies: dict[str, Tally] = {}
        self._told = 0.0

    def tally(self, stage: str) -> Tally:
        """The tally of a stage, begun on first use."""
        return self.tallies.setdefault(stage, Tally())

    def product(self, product: Product) -> None:
        """One product page or feed entry that is a product; a second one of its id is refused."""
        if self.sink.product(product):
            self.passed("page")
        else:
            detail = "the same product id was read before"
            self.refuse(refused("page", "duplicate", product.url, product.product_id, detail))

    def photo(self, photo: "Photo", stage: str = "image") -> None:
        """One address that turned out to be a photo."""
        if photo.row is not None and not self.sink.has_image(photo.image_id):  # two addresses, one photo
            self.sink.image(photo.row)
        self.sink.answer(photo.url, photo.image_id)
        self.passed(stage)

    def passed(self, stage: str) -> None:
        """One row of a stage went out."""
        self.tally(stage).out += 1
        self.tell(stage)

    def refuse(self, row: Mapping[str, Any]) -> None:
        """One row was refused. Raises RejectedError past the limit; discovery has none."""
        self.sink.reject(row)
        tally = self.tally(row["stage"])
        tally.rejected[row["reason"]] += 1
        self.tell(row["stage"])
        if row["stage"] != "discover":
            tally.check(row["stage"])

    def tell(self, stage: str, *, now: bool = False) -> None:
        """Progress, throttled; `now` for the end of a stage."""
        if stage != "discover" and (now or time.monotonic() - self._told >= TELL_EVERY_S):
            self._told = time.monotonic()
            tally = self.tally(stage)
            self.sink.progress(
                stage, tally.seen, f"{tally.rejected.total()} refused" if tally.rejected else ""
            )

    def counts(self) -> dict[str, Count]:
        """Every stage's count for the manifest."""
        return {stage: tally.count() for stage, tally in self.tallies.items()}


def refused(stage: str, reason: str, url: str, product_id: str = "", detail: str = "") -> dict[str, Any]:
    """One row of schemas.reject.REJECTS; `detail` is cut to 500 characters, pages can be long."""
    if reason not in REASONS:
        raise ValueError(f"{reason!r} is not a reason of schemas.reject")
    row = {"stage": stage, "reason": reason, "url": url, "product_id": product_id, "detail": detail[:500]}
    return row | {"at": datetime.now(UTC)}
