"""Which pages are asked: those that others lead to, within bounds, unless what the previous crawl read there stands.

A sitemap is believed until it is caught: of the pages that it calls unchanged, one in AUDIT_ONE_IN is asked
all the same.
"""

import zlib
from collections.abc import Iterable, Sequence, Set

from crawlers.discover.traps import depth_of
from crawlers.discover.visit import Visit
from crawlers.extract.canonical_url import canonical
from crawlers.fetch.validators import NOTHING, Validators
from crawlers.state.budget import BUDGET
from crawlers.state.catalogue_rows import is_complete
from crawlers.state.forgotten import FORGOTTEN
from crawlers.state.photo_queue import PhotoQueue
from crawlers.state.recorder import Recorder
from crawlers.state.recrawl_policy import LIST
from crawlers.state.tables.frontier import ANSWERED, DISCOVER, PAGE, UNASKED, Kind, Task
from crawlers.state.tables.previous_crawl import Fate, PreviousPage
from schemas.reject import Reject

AUDIT_ONE_IN = 50
_KINDS = (Kind.PRODUCT, Kind.LISTING)


class PageQueue:
    """The listings and product pages of a crawl's frontier (crawl_stage.TaskQueue), closed until the home page is read.

    photos  takes the photos of unchanged products that failed last time
    """

    def __init__(self, recorder: Recorder, photos: PhotoQueue) -> None:
        self._recorder = recorder
        self._state, self._policy = recorder.state, recorder.policy
        self._photos = photos
        self._open = False
        self._otherwise: tuple[Visit, ...] = ()
        self.trusts_lastmod = not self._state.read_note("lastmod_lies")

    def open(self, otherwise: tuple[Visit, ...] = ()) -> None:
        """Begin to hand out pages: it is known by now what reads them.

        otherwise  links to follow where everything else has led to no product
        """
        self._open, self._otherwise = True, otherwise

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
        if self._recorder.forgotten.has_address(key):
            frontier.skip(kind, key, FORGOTTEN)
            self._recorder.refuse(self._recorder.forgotten.refusal(kind.stage, visit.url))
            return False
        if why := self._recorder.traps.refusal(visit.url, depth, listed=not linked):
            frontier.skip(kind, key, why[0])
            self._refuse(kind, visit.url, why)
            return False
        previous = self._state.previous.page(kind, key) if kind == Kind.PRODUCT else None
        if previous is not None and self._may_stay_unasked(key, visit.lastmod, previous):
            carried = self.carry_over_page(previous)
            frontier.leave_unasked(
                kind, key, previous.validators, previous.leads, previous.fetched_at, carried=carried
            )
        return True

    def has_waiting(self) -> bool:
        """Whether a page waits that this crawl still wants."""
        if not self._open or self.room() == 0:
            return False
        return any(map(self._state.frontier.has_waiting, _KINDS)) or self._finds_more()

    def next_task(self, busy: Set[str]) -> Task | None:
        """Hand out the next product page, or a listing where none waits: a large shop's pages do not pile up."""
        if not self._open or self.room() == 0:
            return None
        task = self._next_waiting(busy)
        while task is not None and not (self._is_within_budget(task) and self._is_still_wanted(task)):
            task = self._next_waiting(busy)
        if task is None and not any(map(self._state.frontier.has_waiting, _KINDS)) and self._finds_more():
            return self.next_task(busy)
        return task

    def validators(self, task: Task) -> Validators:
        """Return what to ask a page with; empty for a full answer."""
        if not self._policy.is_conditional:
            return NOTHING
        previous = self._state.previous.page(task.kind, task.key)
        if previous is not None and task.kind == Kind.PRODUCT and self._state.shared.is_stale(task.key):
            return NOTHING  # what it adds to its product is needed
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

    def carry_over_page(self, page: PreviousPage) -> bool:
        """Carry a product page's products on; one that held nothing new counts as a listing that led nowhere.

        Returns whether it held any.
        """
        carried = self.carry_over(page) > 0
        if not carried:
            self._recorder.count_out(DISCOVER)
        return carried

    def read_whole(self, products: Iterable[str], key: str) -> None:
        """Have all pages of these products read anew: a product is what all of them say, and one has changed.

        key  of that one; a page that was left unasked, or said that it is as before, is asked for all it holds
        """
        if not self._policy.is_conditional:
            return
        for product_id in products:
            for other, url in self._state.shared.other_pages(product_id, key):
                self._state.shared.mark_stale(product_id)
                if self._policy.revisit == LIST:
                    self.add(Visit(url, product=True))
                self._reopen((UNASKED, *ANSWERED), other)

    def distrust_lastmod(self) -> None:
        """Ask every page from now on, those too that were left unasked: the sitemap was caught in a lie."""
        self.trusts_lastmod = False
        self._state.write_note("lastmod_lies", True)
        self._reopen((UNASKED,))

    def _reopen(self, outcomes: tuple[str, ...], key: str | None = None) -> None:
        """Ask product pages that were carried on, and take back what they were counted as."""
        for page in self._state.frontier.reopen(Kind.PRODUCT, outcomes, key):
            previous = self._state.previous.page(Kind.PRODUCT, page.key)
            assert previous is not None  # or it would not have been carried on
            if products := self._state.previous.unmark_unchanged(previous.products):
                self._recorder.take_back(PAGE, products)
            if not page.carried:
                self._recorder.take_back(DISCOVER)

    def _finds_more(self) -> bool:
        """Look, once nothing waits and nothing is in flight, whether more is to be asked all the same.

        Where all that the sitemaps name is of no use, these are the links of the home page. And a product that was
        carried on, but has lost a page which no listing names any more, is read from the pages that it has left.
        """
        if any(map(self._state.frontier.in_flight, _KINDS)) or self._policy.revisit == LIST:
            return False
        if self._otherwise and self._is_fruitless():
            self._follow_home()
        elif self._policy.is_conditional and is_complete(self._state):
            for product_id, page in self._state.shared.unnamed_pages():
                self.read_whole([product_id], page)
        return any(map(self._state.frontier.has_waiting, _KINDS))

    def _is_fruitless(self) -> bool:
        carried = self._state.previous.fate_counts()[Fate.UNCHANGED]
        return not carried and not self._state.collected.product_count()

    def _follow_home(self) -> None:
        visits, self._otherwise = self._otherwise, ()
        if not self._state.read_note("fell_back"):
            self._state.write_note("fell_back", True)
            self._state.write_note(
                "begun_elsewhere", not self.knows_all([visit for visit in visits if not visit.product])
            )
            detail = "no sitemap leads to a product of the shop, so the links of its home page are followed"
            self._recorder.tell(detail)
            self._recorder.refuse(Reject(DISCOVER, "no_product", visits[0].url, detail=detail))
        for visit in visits:
            self.add(visit, linked=True)

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
        if self._state.shared.is_stale(key):
            return False
        return zlib.crc32(f"{self._policy.salt} {key}".encode()) % AUDIT_ONE_IN > 0
