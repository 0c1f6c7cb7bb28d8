"""The books of one crawl, whichever stage it is in: rows counted, refusals written, progress told, answers committed.

The recorders of the two stages (page_recorder.py, photo_recorder.py) write what an answer says and end with
`commit_if_due`: one answer is one transaction (crawl_state.py).
"""

from collections.abc import Iterator
from contextlib import contextmanager

from crawlers.discover.traps import TrapDetector
from crawlers.state.budget import Budget
from crawlers.state.forgotten import NOTHING_FORGOTTEN, Forgotten
from crawlers.state.photo_store import PhotoStore
from crawlers.state.progress import Progress, ProgressReport, TrafficMeter, unheard, unmetered
from crawlers.state.recrawl_policy import RecrawlPolicy
from crawlers.state.tables.crawl_state import CrawlState
from crawlers.state.tables.frontier import DISCOVER, IMAGE, TRANSIENT, Kind
from crawlers.state.tally import Tally
from schemas.manifest import Count
from schemas.reject import Reject


class Recorder:
    """Counts rows on their way into the state. Stages: discover, page, image, import.

    store    where photos go
    policy   what this crawl takes as read, and what ends it
    report   hears how far a stage is
    traffic  what was asked of the network so far, for the reports
    forgotten  what is neither asked nor taken
    """

    def __init__(
        self,
        state: CrawlState,
        store: PhotoStore,
        policy: RecrawlPolicy | None = None,
        report: ProgressReport = unheard,
        traffic: TrafficMeter = unmetered,
        forgotten: Forgotten = NOTHING_FORGOTTEN,
    ) -> None:
        self.forgotten = forgotten
        self.state, self.store, self.policy = state, store, policy or RecrawlPolicy()
        self.traps = TrapDetector(most_pages=self.policy.most_pages)
        if (traps := state.read_note("bounds")) is not None:
            self.traps.restore(traps)
        self.budget = Budget(self.policy.most_photos, self.policy.most_bytes, traffic)
        self._progress = Progress(report, traffic)
        self._expected: dict[str, int] = {}
        self._shown = ""
        self._tallies: dict[str, Tally] = {}
        for stage, out in (state.read_note("out") or {}).items():
            self.tally(stage).out = out
        self.count_rejects()

    def tally(self, stage: str) -> Tally:
        """Return the tally of a stage, begun on first use."""
        return self._tallies.setdefault(stage, Tally(floor=self.policy.floor))

    def expect(self, stage: str, rows: int) -> None:
        """Set how many rows a stage will have, where that is known beforehand."""
        self._expected[stage] = rows

    @contextmanager
    def showing(self, stage: str) -> Iterator[None]:
        """Report the progress of this stage alone, where another counts beside it."""
        self._shown = stage
        yield
        self._shown = ""
        self.report_progress(stage, now=True)

    def count_out(self, stage: str, rows: int = 1) -> None:
        """Count rows of a stage that went out."""
        self.tally(stage).count_out(rows)
        self.report_progress(stage)

    def take_back(self, stage: str, rows: int = 1) -> None:
        """Count rows of a stage out no longer: they come once more."""
        self.tally(stage).take_back(rows)

    def refuse(self, reject: Reject) -> None:
        """Write and count one refusal. Raises RejectedError below the floor; discovery has none."""
        self.state.collected.add_reject(reject)
        tally = self.tally(reject.stage)
        tally.count_reject(reject.reason)
        self.report_progress(reject.stage)
        if reject.stage != DISCOVER:
            tally.check_floor(reject.stage)

    def tell(self, line: str) -> None:
        """Keep a sentence that the operator is told at the end, once."""
        lines = self.state.read_note("told") or []
        if line not in lines:
            self.state.write_note("told", [*lines, line])

    def resume(self) -> None:
        """Go on after a kill: store the photos of the spool, and ask once more what a fault of the moment failed."""
        for row in self.state.spool.rows():
            if not self.store.has_photo(row["image_id"]):
                self.store.add(row)
        kinds = (Kind.PHOTO,) if self.state.read_note("stage") == IMAGE else tuple(Kind)
        for kind in kinds:
            for page in self.state.frontier.reopen(kind, TRANSIENT):
                self.state.collected.delete_rejects(page.url, kind.stage)
        self.count_rejects()

    def count_rejects(self) -> None:
        """Count the refusals that the state holds instead of those counted so far."""
        for tally in self._tallies.values():
            tally.rejected.clear()
        for (stage, reason), rejects in self.state.collected.reject_counts().items():
            self.tally(stage).rejected[reason] = rejects

    def report_progress(self, stage: str, *, now: bool = False) -> None:
        """Report how far a stage is, if the last report is old enough; `now` for the end of a stage."""
        if stage == DISCOVER or self._shown not in ("", stage) or not (now or self._progress.is_due()):
            return
        kind = Kind.PHOTO if stage == IMAGE else Kind.PRODUCT
        total = self._expected.get(stage) or self.state.frontier.total(kind)
        self._progress.report(stage, self.tally(stage), total)

    def counts(self) -> dict[str, Count]:
        """Return every stage's count for the manifest."""
        return {stage: tally.count() for stage, tally in self._tallies.items()}

    def commit_if_due(self) -> None:
        """End one answer's consequences: they may be committed, and in time are."""
        if self.state.is_commit_due():
            self.commit()

    def commit(self, *, stored: bool = False) -> None:
        """Make everything so far survive a kill, with what a process that goes on needs beside the rows themselves.

        stored  whether every photo recorded so far lies in a complete part
        """
        self.state.write_note("out", {stage: tally.out for stage, tally in self._tallies.items()})
        self.state.write_note("bounds", self.traps.state())
        self.state.commit(stored=stored)
