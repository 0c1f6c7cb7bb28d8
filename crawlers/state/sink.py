"""The border to storage, and the count of where every row went.

Crawlers know no lake. Whoever runs one gives it a `Sink` for photos and for progress; everything
else waits in the crawl's own state until its tables are written (crawlers/state/closing.py).
"""

from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from schemas.errors import RejectedError
from schemas.manifest import Count

FLOOR = 0.80
FLOOR_FROM = 50  # rows seen before the share means anything
WINDOW = 200  # newest rows: a shop that breaks after a good start is noticed before its share is
# Obeying the shop, staying on its host and reading a product once are no sign of a broken crawl.
HARMLESS = frozenset(["robots", "opted_out", "address", "duplicate", "gone", "trap", "out_of_bounds"])


class Sink(Protocol):
    """Where photos go and who hears of progress. Whatever it raises ends the crawl."""

    def has_image(self, image_id: str) -> bool:
        """Whether these bytes are stored already, now or by an earlier crawl. Asked from several threads."""

    def image(self, row: Mapping[str, Any]) -> bool:
        """Store one row of schemas.image.IMAGES; True once every row given so far would survive a kill."""

    def land(self) -> None:
        """Make every row given so far survive a kill."""

    def progress(self, stage: str, done: int, total: int | None, note: str) -> None:
        """Hear how far a stage is; a few times a second at most."""


@dataclass
class Tally:
    """Rows of one stage: what went out, and what was refused for which reason.

    floor  least share of good rows, over all and (half as strict) over the newest
    """

    out: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    floor: float = FLOOR
    newest: deque[str] = field(default_factory=lambda: deque(maxlen=WINDOW))

    @property
    def seen(self) -> int:
        """Rows that came in and have an outcome."""
        return self.out + self.rejected.total()

    def passed(self, rows: int = 1) -> None:
        """Rows that went out."""
        self.out += rows
        self.newest.append("")

    def refuse(self, reason: str) -> None:
        """One row that was refused."""
        self.rejected[reason] += 1
        self.newest.append("" if reason in HARMLESS else reason)

    def count(self) -> Count:
        """The same for the manifest."""
        return Count(self.seen, self.out, dict(self.rejected))

    def check(self, stage: str) -> None:
        """Raise RejectedError once the share of good rows is below the floor, or below half of it lately."""
        bad = Counter({reason: n for reason, n in self.rejected.items() if reason not in HARMLESS})
        if self.seen >= FLOOR_FROM and self.seen - bad.total() < self.floor * self.seen:
            raise RejectedError(stage, bad.total(), self.seen, bad.most_common(1)[0][0])
        lately = Counter(reason for reason in self.newest if reason)
        if len(self.newest) == WINDOW and lately.total() > (1 - self.floor / 2) * WINDOW:
            raise RejectedError(stage, lately.total(), WINDOW, lately.most_common(1)[0][0])
