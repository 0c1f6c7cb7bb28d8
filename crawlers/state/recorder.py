"""Where rows enter on their way to the tables: counted, written into the crawl's state, told as progress.

Pages come through crawlers.state.page_recorder, photos and refusals directly; Scrapy's answers reach both through
the pipeline crawlers.state.pipeline. One answer is one transaction (crawlers/state/crawl_state.py).
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from crawlers.discover.traps import TrapDetector
from crawlers.extract.canonical_url import is_fetchable
from crawlers.fetch.validators import NOTHING, Validators
from crawlers.state.crawl_state import CrawlState
from crawlers.state.frontier import KINDS, PHOTO, PRODUCT, READ, STAGES, TRANSIENT, Task
from crawlers.state.recrawl_policy import Rules
from crawlers.state.sink import Sink, Tally
from schemas.manifest import Count
from schemas.reject import Reject

TELL_EVERY_S = 0.2


@dataclass(frozen=True)
class Photo:
    """What a photo address answered; `row` (schemas.image.IMAGES) is None where the bytes are stored already.

    url      the address, or for an import a name that stays the same when the file's rows move
    refusal  why there is none
    """

    url: str
    image_id: str = ""
    row: Mapping[str, Any] | None = None
    task: Task | None = None
    validators: Validators = NOTHING
    refusal: Reject | None = None


class Recorder:
    """Counts rows on their way into the state. Stages: discover, page, image, import."""

    def __init__(self, state: CrawlState, sink: Sink, rules: Rules | None = None) -> None:
        self.state, self.sink, self.rules = state, sink, rules or Rules()
        self.bounds = TrapDetector(most_pages=self.rules.most_pages)
        if (kept := state.note("bounds")) is not None:
            self.bounds.restore(kept)
        self.tallies: dict[str, Tally] = {}
        for stage, out in (state.note("out") or {}).items():
            self.tally(stage).out = out
        for (stage, reason), count in state.collected.reject_counts().items():
            self.tally(stage).rejected[reason] = count
        self.accepted = state.collected.product_count()
        self.lastmod_lies = bool(state.note("lastmod_lies"))
        self.expected: dict[str, int] = {}  # rows of a stage, where that is known beforehand
        self._told = 0.0
        self._begun = time.monotonic()
        self.traffic: Callable[[], tuple[int, int]] = lambda: (
            0,
            0,
        )  # requests and bytes so far, for the progress note

    def tally(self, stage: str) -> Tally:
        """The tally of a stage, begun on first use."""
        return self.tallies.setdefault(stage, Tally(floor=self.rules.floor))

    def photo(self, photo: Photo, stage: str = "image") -> None:
        """One photo address: stored, known, or refused."""
        if photo.refusal is not None:
            self._photo_refused(photo, photo.refusal)
            self.settle()
            return
        if photo.row is not None and not self.sink.has_image(photo.image_id):  # two addresses, one photo
            self._store(photo.row)
        self.state.collected.answer(photo.url, photo.image_id)
        if photo.task is not None:
            now = int(datetime.now(UTC).timestamp() * 1000)
            self.state.frontier.done(photo.task, READ, photo.validators, None, now)
        self.passed(stage)
        self.settle()

    def land(self) -> None:
        """Every photo taken so far lies in a complete part."""
        self.sink.land()
        self.state.spool.release()
        self.settle(now=True)

    def passed(self, stage: str, rows: int = 1) -> None:
        """Rows of a stage went out."""
        self.tally(stage).passed(rows)
        self.tell(stage)

    def refuse(self, reject: Reject) -> None:
        """One row was refused. Raises RejectedError below the floor; discovery has none."""
        self.state.collected.refuse(reject)
        tally = self.tally(reject.stage)
        tally.refuse(reject.reason)
        self.tell(reject.stage)
        if reject.stage != "discover":
            tally.check(reject.stage)

    def go_on(self) -> None:
        """After a kill: photos held are stored, and what had failed by a fault of the moment is asked once more."""
        for row in self.state.spool.rows():
            if not self.sink.has_image(row["image_id"]):
                self.sink.image(row)
        kinds = (PHOTO,) if self.state.note("stage") == "image" else range(len(KINDS))
        for kind in kinds:
            for _, url in self.state.frontier.reopen(kind, TRANSIENT):
                self.state.collected.pardon(url, STAGES[kind])
        for tally in self.tallies.values():
            tally.rejected.clear()
        for (stage, reason), count in self.state.collected.reject_counts().items():
            self.tally(stage).rejected[reason] = count

    def want_photos(self) -> None:
        """Every photo address that the products name becomes one to ask, or has its answer already."""
        for url, product_id, page in self.state.collected.unanswered():
            self.want_photo(url, product_id, page)
        self.settle(now=True)

    def want_photo(self, url: str, product_id: str, page: str = "") -> None:
        """A photo address of a product: to be asked, unless what it answered before still stands.

        page  key of the page the product was read from; one that was read anew for one product alone
              may have been read because its photo changed
        """
        known = self.state.previous.photo(url)
        if known is not None and known.image_id:
            alone = self.state.frontier.outcome(PRODUCT, page) is not None
            if self.rules.trusts(url, known, alone=alone):
                self.state.collected.answer(url, known.image_id)
                return
        if self.state.frontier.add(PHOTO, url, url, product_id=product_id) and not is_fetchable(url):
            self.state.frontier.drop(PHOTO, url, "address")
            self.refuse(Reject("image", "address", url, product_id, "not an http(s) address"))

    def conditions(self, task: Task) -> Validators:
        """What to ask a photo with; empty for a full answer."""
        known = self.state.previous.photo(task.url)
        return known.validators if known is not None and known.image_id else NOTHING

    def tell(self, stage: str, *, now: bool = False) -> None:
        """Progress, throttled; `now` for the end of a stage."""
        moment = time.monotonic()
        if stage == "discover" or not (now or moment - self._told >= TELL_EVERY_S):
            return
        self._told = moment
        tally = self.tally(stage)
        requests, size = self.traffic()
        note = f"{requests / max(moment - self._begun, 1e-3):,.0f} requests/s, {size / 1e6:,.1f} MB"
        if refusals := tally.rejected.total():
            note += f", {refusals} refused"
        kind = PHOTO if stage == "image" else PRODUCT
        total = self.expected.get(stage) or self.state.frontier.total(kind)
        self.sink.progress(stage, tally.seen, max(total, tally.seen) if total else None, note)

    def counts(self) -> dict[str, Count]:
        """Every stage's count for the manifest."""
        return {stage: tally.count() for stage, tally in self.tallies.items()}

    def keep(self) -> None:
        """Write what a process that goes on needs beside the rows themselves."""
        self.state.remember("out", {stage: tally.out for stage, tally in self.tallies.items()})
        self.state.remember("bounds", self.bounds.state())
        self.state.remember("lastmod_lies", self.lastmod_lies)

    def settle(self, *, now: bool = False) -> None:
        """The end of one answer's consequences: they may be committed, and in time are."""
        if now or self.state.due():
            self.keep()
            self.state.commit()

    def _store(self, row: Mapping[str, Any]) -> None:
        self.state.spool.keep(row)
        if self.sink.image(row):
            self.state.spool.release()
            self.settle(now=True)

    def _photo_refused(self, photo: Photo, reject: Reject) -> None:
        if photo.task is not None:
            self.state.frontier.done(photo.task, reject.reason)
            known = self.state.previous.photo(photo.url)
            if known is not None and known.image_id and reject.reason in TRANSIENT:
                self.state.collected.answer(photo.url, known.image_id)  # a fault takes no photo away
        self.refuse(reject)
