"""How far a stage is, a few times a second: rows so far, how fast it asks, how much came, what was refused."""

import time
from collections.abc import Callable

from crawlers.state.tally import Tally

REPORT_EVERY_S = 0.2
# Receives the stage, its rows so far, how many there will be (None where nobody knows) and a note for people.
ProgressReport = Callable[[str, int, int | None, str], None]
# Returns the requests and the bytes of a crawl so far.
TrafficMeter = Callable[[], tuple[int, int]]


def unheard(stage: str, done: int, total: int | None, note: str) -> None:
    """Drop a report: nobody listens."""


def unmetered() -> tuple[int, int]:
    """Return the traffic of what asks nothing of the network."""
    return 0, 0


class Progress:
    """Reports how far a crawl is, at most every REPORT_EVERY_S seconds unless told otherwise."""

    def __init__(self, report: ProgressReport, traffic: TrafficMeter) -> None:
        self._report, self._traffic = report, traffic
        self._begun = time.monotonic()
        self._reported = 0.0

    def is_due(self) -> bool:
        """Whether the last report is old enough for another."""
        return time.monotonic() - self._reported >= REPORT_EVERY_S

    def report(self, stage: str, tally: Tally, total: int) -> None:
        """Report a stage; `total` is 0 where nobody knows how many rows there will be."""
        self._reported = time.monotonic()
        requests, size = self._traffic()
        note = f"{requests / max(self._reported - self._begun, 1e-3):,.0f} requests/s, {size / 1e6:,.1f} MB"
        if refusals := tally.rejected.total():
            note += f", {refusals} refused"
        self._report(stage, tally.seen, max(total, tally.seen) if total else None, note)
