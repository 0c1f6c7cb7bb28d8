"""Where pages enter: each becomes products, refusals and further addresses in the crawl's state, at once.

Here a page that did not change stands for what it held before, and a sitemap is believed until it is
caught: of the pages that it calls unchanged, one in AUDIT_ONE_IN is asked all the same.
"""

import json
import zlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from crawlers.discover.traps import depth_of
from crawlers.discover.visit import Found, Visit
from crawlers.extract.canonical_url import canonical
from crawlers.fetch.validators import NOTHING, Validators
from crawlers.state.frontier import LISTING, PRODUCT, READ, STAGES, UNASKED, Task
from crawlers.state.previous_crawl import KnownPage
from crawlers.state.recorder import Recorder
from crawlers.state.recrawl_policy import LIST
from schemas.product import Product
from schemas.reject import Reject

UNCHANGED = "unchanged"  # the outcome of a 304; the frontier keeps what was read before
AUDIT_ONE_IN = 50


@dataclass(frozen=True)
class Page:
    """What a page answered: READ with what was found on it, UNCHANGED, or a reason with its reject row.

    task    None for the home page, which is asked anew whenever a crawl begins or goes on
    gone    the server says that there is no such page (404, 410)
    linked  its links are those of a page that people read, not of a feed or a sitemap
    """

    task: Task | None
    outcome: str
    found: tuple[Found, ...] = ()
    validators: Validators = NOTHING
    gone: bool = False
    linked: bool = False


class Pages:
    """The page stage of an recorder; one answer is one transaction (crawlers/state/crawl_state.py)."""

    def __init__(self, recorder: Recorder) -> None:
        self._intake = recorder
        self._state = recorder.state

    def take(self, page: Page) -> None:
        """One page's consequences, all of them or, after a kill, none."""
        task = page.task
        if page.outcome == UNCHANGED:
            assert task is not None
            self._unchanged(task)
        elif page.outcome == READ:
            fresh = self._take(page)
            if task is not None:
                outcome = next((item.reason for item in page.found if isinstance(item, Reject)), READ)
                if outcome == READ:  # a page that is refused says nothing about those like it
                    self._intake.bounds.led(task.url, fresh)
                self._done(task, outcome if task.kind == PRODUCT else READ, page)
                if task.kind == LISTING:
                    self._state.previous.forget(task.key)
                    self._intake.passed("discover")
                elif not page.found:
                    self._empty(task)
                elif outcome in (READ, "opted_out"):  # what was here before and is not any more
                    self._state.previous.lose(task.key)
        else:
            assert task is not None
            self._failed(task, page)
        self._intake.settle()

    def visit(self, visit: Visit, parent: Task | None = None, *, linked: bool = False) -> bool:
        """An address that a page leads to; True for one that was not known in this crawl."""
        kind = PRODUCT if visit.product else LISTING
        key = canonical(visit.url)
        if not key:
            self._intake.refuse(Reject(STAGES[kind], "address", visit.url, detail="not an http(s) address"))
            return False
        depth = depth_of(visit.url, parent.url, parent.depth) if parent else 1
        frontier = self._state.frontier
        if not frontier.add(kind, key, visit.url, lastmod=visit.lastmod, depth=depth, linked=linked):
            return False
        if why := self._intake.bounds.refusal(visit.url, depth, listed=not linked):
            frontier.drop(kind, key, why[0])
            self._stopped(kind, visit.url, why)
            return False
        known = self._state.previous.page(kind, key) if kind == PRODUCT else None
        if known is not None and self._need_not_ask(key, visit.lastmod, known):
            frontier.stand(kind, key, known.validators, known.leads, known.fetched_at)
            self._carried(known)
        return True

    def wants(self, task: Task) -> bool:
        """Whether a page that waited is still worth asking: others like it may have led nowhere meanwhile."""
        why = self._intake.bounds.refusal(task.url, task.depth, waiting=True, listed=not task.linked)
        if why:
            self._state.frontier.done(task, why[0])
            self._stopped(task.kind, task.url, why)
        return why is None

    def conditions(self, task: Task) -> Validators:
        """What to ask a page with; empty for a full answer."""
        if not self._intake.rules.conditional:
            return NOTHING
        known = self._state.previous.page(task.kind, task.key)
        if known is None or (task.lastmod and known.lastmod and task.lastmod != known.lastmod):
            return NOTHING  # the sitemap says it changed: a 304 would be a lie
        return known.validators

    def _stopped(self, kind: int, url: str, why: tuple[str, str]) -> None:
        reason, detail = why
        self._intake.refuse(Reject(STAGES[kind], reason, url[:2000], detail=detail))

    def _take(self, page: Page) -> bool:
        """Everything found on a page; whether any of it was new."""
        fresh = False
        key = page.task.key if page.task else ""
        for item in page.found:
            if isinstance(item, Visit):
                new = self.visit(item, page.task, linked=page.linked)
                fresh |= new and item.product
            elif isinstance(item, Product):
                fresh |= self._product(item, key, page.task)
            else:
                if item.stage == "page" and item.reason != "opted_out":
                    self._state.previous.keep(item.product_id)
                self._intake.refuse(item)
        return fresh

    def _product(self, product: Product, key: str, task: Task | None) -> bool:
        if self._intake.rules.revisit == LIST:  # where its listing is, for the crawls that read listings
            key = self._state.previous.page_of(product.product_id) or key
        if not self._state.collected.add(product, key):
            self._state.collected.show(product.product_id, key)
            detail = "the same product id was read before"
            self._intake.refuse(Reject("page", "duplicate", product.url, product.product_id, detail))
            return False
        self._intake.accepted += 1
        if self._state.previous.see(product.product_id):
            self._intake.tally("page").out -= 1
        if task is not None and task.kind == PRODUCT and not self._intake.lastmod_lies:
            self._audit(product, task)
        self._intake.passed("page")
        return True

    def _audit(self, product: Product, task: Task) -> None:
        """A page that changed although its sitemap says it did not: from now on every page is asked."""
        known = self._state.previous.page(PRODUCT, task.key)
        before = self._state.previous.product(product.product_id)
        if known is None or before is None or not task.lastmod or task.lastmod != known.lastmod:
            return
        if before[0] != product.content_hash():
            self._intake.lastmod_lies = True
            for key, _ in self._state.frontier.reopen(PRODUCT, (UNASKED,)):
                stood = self._state.previous.page(PRODUCT, key)
                assert stood is not None  # or it would not have stood
                products = self._state.previous.uncarry(stood.products)
                self._intake.tally("page" if products else "discover").out -= products or 1

    def _need_not_ask(self, key: str, lastmod: str, known: KnownPage) -> bool:
        if (
            not self._intake.rules.conditional
            or self._intake.lastmod_lies
            or not lastmod
            or lastmod != known.lastmod
        ):
            return False
        if self._intake.rules.is_old(known.fetched_at):
            return False
        return zlib.crc32(f"{self._intake.rules.salt} {key}".encode()) % AUDIT_ONE_IN > 0

    def _carried(self, known: KnownPage) -> None:
        """What a product page held stands; one that held nothing new was a listing that led nowhere."""
        if products := self._stands(known):
            self._intake.passed("page", products)
        else:
            self._intake.passed("discover")

    def _stands(self, known: KnownPage) -> int:
        """The products of a page are as they were; returns how many that was not known of before."""
        products = self._state.previous.carry(known.products)
        for url, product_id in self._state.previous.failed_photos(known.products):
            self._intake.want_photo(url, product_id)
        return products

    def _unchanged(self, task: Task) -> None:
        known = self._state.previous.page(task.kind, task.key)
        assert known is not None  # nothing else is asked with conditions
        leads = json.loads(known.leads)
        for lead in leads:
            self.visit(Visit(lead["url"], lead["product"], lead["lastmod"]), task)
        self._state.frontier.done(task, READ, known.validators, known.leads, known.fetched_at)
        if task.kind == PRODUCT:
            self._carried(known)
        else:
            self._intake.passed("discover")
            if products := self._stands(known):
                self._intake.passed("page", products)
        self._intake.bounds.led(task.url, bool(known.products) or any(lead["product"] for lead in leads))

    def _done(self, task: Task, outcome: str, page: Page) -> None:
        leads = [
            {"url": item.url, "product": item.product, "lastmod": item.lastmod}
            for item in page.found
            if isinstance(item, Visit)
        ]
        now = int(datetime.now(UTC).timestamp() * 1000)
        self._state.frontier.done(task, outcome, page.validators, json.dumps(leads), now)

    def _empty(self, task: Task) -> None:
        """A product page without a product: a fault where there was one, else a listing that led nowhere."""
        known = self._state.previous.products_of(task.key)
        if known:
            detail = "its page shows no product any more; kept as it was"
            self._intake.refuse(Reject("page", "page_incomplete", task.url, known[0], detail))
        else:
            self._intake.passed("discover")

    def _failed(self, task: Task, page: Page) -> None:
        # A listing that is gone was read to its end: nothing is named there.
        self._state.frontier.done(task, "gone" if page.gone else page.outcome)
        reject = next(item for item in page.found if isinstance(item, Reject))
        showed = self._state.previous.products_of(task.key)
        if page.gone and task.kind == PRODUCT and self._state.previous.lose(task.key):
            reject = replace(reject, reason="gone", product_id=showed[0])
        self._intake.refuse(reject)
