"""Which pages are asked: those that others lead to, within bounds, unless what the previous crawl read there stands.

A sitemap is believed until it is caught: of the pages that it calls unchanged, one in AUDIT_ONE_IN is asked
all the same.
"""

import zlib
from collections.abc import Sequence, Set

from crawlers.discover.traps import depth_of
from crawlers.discover.visit import Visit
from crawlers.extract.canonical_url import canonical
from crawlers.fetch.validators import NOTHING, Validators
from crawlers.state.budget import BUDGET
from crawlers.state.frontier import DISCOVER, PAGE, UNASKED, Kind, Task
from crawlers.state.photo_queue import PhotoQueue
from crawlers.state.previous_crawl import PreviousPage
from crawlers.state.recorder import Recorder
from schemas.reject import Reject

AUDIT_ONE_IN = 50


class PageQueue:
    """The listings and product pages of a crawl's frontier (crawl_stage.TaskQueue), closed until the home page is read.

    photos  takes the photos of unchanged products that failed last time
    """

    def __init__(self, recorder: Recorder, photos: PhotoQueue) -> None:
        self._recorder = recorder
        self._state, self._policy = recorder.state, recorder.policy
        self._photos = photos
        self._open = False
        self.trusts_lastmod = not self._state.read_note("lastmod_lies")

    def open(self) -> None:
        """Begin to hand out pages: it is known by now what reads them."""
        self._open = True

    def add(self, visit: Visit, parent: Task | None = None, *, linked: bool = False) -> bool:
        """Add an address that a page leads to; True for one that was not known in this crawl."""
        kind = Kind.PRODUCT if visit.product else Kind.LISTING
        key = canonical(visit.url)
        if not key:
            self._recorder.refuse(Reject(kind.stage, "address", visit.url, detail="not an http(s) address"))
            return False
        depth = depth_of(visit.url, parent.url, parent.depth) if parent else 1
        frontier = self._state.frontier
        if not frontier.add(kind, key, visit.url, lastmod=visit.lastmod, depth=depth, linked=linked):
            return False
        if why := self._recorder.traps.refusal(visit.url, depth, listed=not linked):
            frontier.skip(kind, key, why[0])
            self._refuse(kind, visit.url, why)
            return False
        previous = self._state.previous.page(kind, key) if kind == Kind.PRODUCT else None
        if previous is not None and self._may_stay_unasked(key, visit.lastmod, previous):
            frontier.leave_unasked(kind, key, previous.validators, previous.leads, previous.fetched_at)
            self.carry_over_page(previous)
        return True

    def has_waiting(self) -> bool:
        """Whether a page waits that this crawl still wants."""
        kinds = (Kind.PRODUCT, Kind.LISTING)
        return self._open and self.room() != 0 and any(map(self._state.frontier.has_waiting, kinds))

    def next_task(self, busy: Set[str]) -> Task | None:
        """Hand out the next product page, or a listing where none waits: a large shop's pages do not pile up."""
        if not self._open or self.room() == 0:
            return None
        task = self._next_waiting(busy)
        while task is not None and not (self._is_within_budget(task) and self._is_still_wanted(task)):
            task = self._next_waiting(busy)
        return task

    def validators(self, task: Task) -> Validators:
        """Return what to ask a page with; empty for a full answer."""
        if not self._policy.is_conditional:
            return NOTHING
        previous = self._state.previous.page(task.kind, task.key)
        if previous is None or (task.lastmod and previous.lastmod and task.lastmod != previous.lastmod):
            return NOTHING  # the sitemap says it changed: a 304 would be a lie
        return previous.validators

    def room(self) -> int | None:
        """Return how many more products the limit lets in; None without a limit."""
        if self._policy.limit is None:
            return None
        return max(0, self._policy.limit - self._state.collected.product_count())

    def knows_all(self, visits: Sequence[Visit]) -> bool:
        """Whether the previous crawl, if there was one, read all of these listings."""
        previous = self._state.previous
        keys = (canonical(visit.url) for visit in visits)
        return not previous.product_count() or all(previous.page(Kind.LISTING, key) for key in keys)

    def carry_over(self, page: PreviousPage) -> int:
        """Carry the products of a page on as they were, counted; returns how many that was not known of before."""
        products = self._state.previous.mark_unchanged(page.products)
        for url, product_id in self._state.previous.photos_to_retry(page.products):
            self._photos.add(url, product_id)
        if products:
            self._recorder.count_out(PAGE, products)
        return products

    def carry_over_page(self, page: PreviousPage) -> None:
        """Carry a product page's products on; one that held nothing new counts as a listing that led nowhere."""
        if not self.carry_over(page):
            self._recorder.count_out(DISCOVER)

    def distrust_lastmod(self) -> None:
        """Ask every page from now on, those too that were left unasked: the sitemap was caught in a lie."""
        self.trusts_lastmod = False
        self._state.write_note("lastmod_lies", True)
        for key, _ in self._state.frontier.reopen(Kind.PRODUCT, (UNASKED,)):
            previous = self._state.previous.page(Kind.PRODUCT, key)
            assert previous is not None  # or it would not have been left unasked
            products = self._state.previous.unmark_unchanged(previous.products)
            self._recorder.take_back(PAGE if products else DISCOVER, products or 1)

    def _next_waiting(self, busy: Set[str]) -> Task | None:
        room, frontier = self.room(), self._state.frontier
        if room is None:
            return frontier.next_task(Kind.PRODUCT, busy) or frontier.next_task(Kind.LISTING, busy)
        in_flight = frontier.in_flight(Kind.PRODUCT)
        task = frontier.next_task(Kind.PRODUCT, busy) if in_flight < room else None
        return task or (None if in_flight else frontier.next_task(Kind.LISTING, busy))

    def _is_within_budget(self, task: Task) -> bool:
        if why := self._recorder.budget.is_spent_by():
            self._state.frontier.finish(task, BUDGET)
            self._refuse(task.kind, task.url, (BUDGET, why))
            self._recorder.tell(f"not all pages were asked for: {why}")
        return not why

    def _is_still_wanted(self, task: Task) -> bool:
        """Whether a page that waited is still worth asking: others like it may have led nowhere meanwhile."""
        why = self._recorder.traps.refusal(task.url, task.depth, waiting=True, listed=not task.linked)
        if why:
            self._state.frontier.finish(task, why[0])
            self._refuse(task.kind, task.url, why)
        return why is None

    def _refuse(self, kind: Kind, url: str, why: tuple[str, str]) -> None:
        reason, detail = why
        self._recorder.refuse(Reject(kind.stage, reason, url[:2000], detail=detail))

    def _may_stay_unasked(self, key: str, lastmod: str, previous: PreviousPage) -> bool:
        """Whether a sitemap's word that a page is as before is believed, and the page is none of the sample."""
        if not (self._policy.is_conditional and self.trusts_lastmod):
            return False
        if not lastmod or lastmod != previous.lastmod or self._policy.is_old(previous.fetched_at):
            return False
        return zlib.crc32(f"{self._policy.salt} {key}".encode()) % AUDIT_ONE_IN > 0
