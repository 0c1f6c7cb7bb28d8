"""The count of where the rows of one stage went, and the floor under the share of good ones."""

from collections import Counter, deque
from dataclasses import dataclass, field

from schemas.errors import RejectedError
from schemas.manifest import Count

FLOOR = 0.80
FLOOR_FROM = 50  # rows seen before the share means anything
WINDOW = 200  # newest rows: a shop that breaks after a good start is noticed before its share is
# Obeying the shop, staying on its host and in one language and reading a product once are no sign of a broken crawl,
# nor are the pages about other things than products that a sitemap names, or a product
# that the shop has not photographed.
HARMLESS = frozenset(
    "robots opted_out forgotten address duplicate gone trap out_of_bounds budget language no_product"
    " placeholder".split()
)


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

    def count_out(self, rows: int = 1) -> None:
        """Count rows that went out."""
        self.out += rows
        self.newest.append("")

    def take_back(self, rows: int) -> None:
        """Count rows out no longer: they come once more."""
        self.out -= rows

    def count_reject(self, reason: str) -> None:
        """Count one row that was refused."""
        self.rejected[reason] += 1
        self.newest.append("" if reason in HARMLESS else reason)

    def count(self) -> Count:
        """Return the same for the manifest."""
        return Count(self.seen, self.out, dict(self.rejected))

    def check_floor(self, stage: str) -> None:
        """Raise RejectedError once the share of good rows is below the floor, or below half of it lately."""
        bad = Counter({reason: n for reason, n in self.rejected.items() if reason not in HARMLESS})
        if self.seen >= FLOOR_FROM and self.seen - bad.total() < self.floor * self.seen:
            raise RejectedError(stage, bad.total(), self.seen, bad.most_common(1)[0][0])
        lately = Counter(reason for reason in self.newest if reason)
        if len(self.newest) == WINDOW and lately.total() > (1 - self.floor / 2) * WINDOW:
            raise RejectedError(stage, lately.total(), WINDOW, lately.most_common(1)[0][0])
