"""Writes what pages answered: products, refusals and further addresses go into the crawl's state, at once.

Here a page that did not change stands for what it held before, and a page that changed although its sitemap
dates it as before is found out (page_queue.py). A product that several pages show is counted with the first of them
and made one of all at the end (page_union.py).
"""

import json
from collections.abc import Set
from dataclasses import replace
from datetime import UTC, datetime

from crawlers.discover.visit import Found, Visit
from crawlers.fetch.validators import NOTHING
from crawlers.state.answers import NOT_MODIFIED, Answer, HomeAnswer, PageAnswer
from crawlers.state.forgotten import FORGOTTEN
from crawlers.state.page_queue import PageQueue
from crawlers.state.recorder import Recorder
from crawlers.state.recrawl_policy import LIST
from crawlers.state.tables.frontier import ANSWERED, DISCOVER, PAGE, READ, Kind, Task
from schemas.product import Product
from schemas.reject import Reject


class PageRecorder:
    """The page stage's side of a Recorder (crawl_stage.AnswerRecorder); one answer is one transaction."""

    def __init__(self, recorder: Recorder, queue: PageQueue) -> None:
        self._recorder = recorder
        self._state, self._policy = recorder.state, recorder.policy
        self._queue = queue

    def record(self, answer: Answer) -> None:
        """Write one page's consequences, all of them or, after a kill, none. Raises TypeError for a photo's answer."""
        if isinstance(answer, HomeAnswer):
            self._record_home(answer)
        elif not isinstance(answer, PageAnswer):
            raise TypeError(f"a page stage got a {type(answer).__name__}")
        elif answer.outcome == NOT_MODIFIED:
            self._record_unchanged(answer.task)
        elif answer.outcome == READ:
            self._record_page(replace(answer, items=tuple(map(self._unless_forgotten, answer.items))))
        else:
            self._record_failure(answer)
        self._recorder.commit_if_due()

    def _unless_forgotten(self, item: Found) -> Found:
        forgotten = self._recorder.forgotten
        if isinstance(item, Product) and item.product_id in forgotten.products:
            return forgotten.refusal(PAGE, item.url, item.product_id)
        return item

    def _record_home(self, home: HomeAnswer) -> None:
        self._state.write_note("platform", home.platform)
        if self._state.read_note("language") is None:
            self._state.write_note("language", home.language)
        self._state.write_note("market", home.market)
        if self._policy.revisit != LIST:
            elsewhere = home.probe_failed and not self._queue.knows_all(home.visits)
            if not self._state.read_note("fell_back"):  # or it is known already, by a process that was killed
                self._state.write_note("begun_elsewhere", elsewhere)
        for visit in home.visits:
            self._queue.add(visit, linked=home.linked)
        self._queue.open(home.otherwise)

    def _record_page(self, page: PageAnswer) -> None:
        if page.task.kind == Kind.PRODUCT and not page.items:
            self._record_empty(page)
            return
        task, items = page.task, self._within_limit(page.items)
        if page.items and not items:
            self._state.frontier.put_back(task)  # the limit came first; it is asked when there is none
            return
        fresh = self._record_items(items, page)
        outcome = next((item.reason for item in items if isinstance(item, Reject)), READ)
        if outcome == READ:  # a page that is refused says nothing about those like it
            self._recorder.traps.led(task.url, fresh)
        self._finish(page, outcome if task.kind == Kind.PRODUCT else READ)
        if task.kind == Kind.LISTING:
            self._state.previous.clear_page(task.key)
            self._recorder.count_out(DISCOVER)
        elif outcome in (READ, "opted_out", FORGOTTEN):
            self._let_go(task.key, {item.product_id for item in items if isinstance(item, Product)})

    def _let_go(self, key: str, shown: Set[str] = frozenset()) -> int:
        """Mark as gone what was on a page and is not any more, and have its products read whole; returns how many went.

        shown  what is there now
        """
        products = sorted({*shown, *self._state.previous.products_on(key)})
        gone = self._state.previous.mark_page_gone(key)
        self._queue.read_whole(products, key)
        return gone

    def _record_unchanged(self, task: Task) -> None:
        previous = self._state.previous.page(task.kind, task.key)
        assert previous is not None  # nothing else is asked with validators
        if task.kind == Kind.PRODUCT and self._state.shared.is_stale(task.key):
            self._state.frontier.put_back(
                task
            )  # another page of its product changed meanwhile: all of it is needed
            return
        leads = json.loads(previous.leads)
        for lead in leads:
            self._queue.add(Visit(lead["url"], lead["product"], lead["lastmod"]), task)
        if task.kind == Kind.PRODUCT:
            carried = self._queue.carry_over_page(previous)
        else:
            self._recorder.count_out(DISCOVER)
            carried = self._queue.carry_over(previous) > 0
        self._state.frontier.finish(
            task, previous.outcome, previous.validators, previous.leads, previous.fetched_at, carried=carried
        )
        fruitful = bool(previous.products) or any(lead["product"] for lead in leads)
        self._recorder.traps.led(task.url, fruitful)

    def _record_failure(self, page: PageAnswer) -> None:
        # A listing that is gone was read to its end: nothing is named there.
        task = page.task
        self._state.frontier.finish(task, "gone" if page.gone else page.outcome)
        reject = next(item for item in page.items if isinstance(item, Reject))
        products = self._state.previous.products_on(task.key)
        if page.gone and task.kind == Kind.PRODUCT and self._let_go(task.key):
            reject = replace(reject, reason="gone", product_id=products[0])
        self._recorder.refuse(reject)

    def _record_empty(self, page: PageAnswer) -> None:
        """Refuse a product page that shows no product; one that did before is kept as it was."""
        task = page.task
        reject = page.no_product or Reject(PAGE, "no_product", task.url, detail="it shows no product")
        if products := self._state.previous.products_on(task.key):
            reason = "page_incomplete" if reject.reason == "no_product" else reject.reason
            detail = f"its page shows no product any more; kept as it was ({reject.detail})"
            reject = replace(reject, reason=reason, product_id=products[0], detail=detail)
        else:
            self._recorder.traps.led(task.url, False)
        self._finish(page, reject.reason)
        self._recorder.refuse(reject)

    def _record_items(self, items: tuple[Found, ...], page: PageAnswer) -> bool:
        """Write everything that a page shows; returns whether any of it was new."""
        fresh = False
        for item in items:
            if isinstance(item, Visit):
                fresh |= self._queue.add(item, page.task, linked=page.linked) and item.product
            elif isinstance(item, Product):
                fresh |= self._record_product(item, page)
            else:
                if item.stage == PAGE and item.reason != "opted_out":
                    self._state.previous.mark_kept(item.product_id)
                self._recorder.refuse(item)
        return fresh

    def _record_product(self, product: Product, page: PageAnswer) -> bool:
        """Write what a page says of a product; returns whether any of it is new."""
        task, collected = page.task, self._state.collected
        key = task.key
        if self._policy.revisit == LIST:  # where its listing is, for the crawls that read listings
            key = self._state.previous.listing_of(product.product_id) or key
        adds = not collected.has_product(product.product_id) or collected.adds_to(product)
        if not collected.add_product(product, key, page.language):
            self._recorder.count_out(DISCOVER)  # until the pages are united
            return adds
        if self._state.previous.mark_fetched(product.product_id):
            self._recorder.take_back(PAGE)
        if task.kind == Kind.PRODUCT and self._queue.trusts_lastmod and self._belies_sitemap(product, task):
            self._queue.distrust_lastmod()
        self._recorder.count_out(PAGE)
        return True

    def _belies_sitemap(self, product: Product, task: Task) -> bool:
        """Whether a product changed although the sitemap dates its page as before."""
        previous_page = self._state.previous.page(Kind.PRODUCT, task.key)
        previous = self._state.previous.product(product.product_id)
        if previous_page is None or previous is None:
            return False
        if self._state.shared.other_pages(product.product_id, task.key):
            return False  # one page of several says less than it was
        if not task.lastmod or task.lastmod != previous_page.lastmod:
            return False
        return previous.content_hash != product.content_hash()

    def _within_limit(self, items: tuple[Found, ...]) -> tuple[Found, ...]:
        """Return what a page shows without the products that the limit leaves no room for."""
        room = self._queue.room()
        if room is None:
            return items
        kept: list[Found] = []
        for item in items:
            if isinstance(item, Product) and not self._state.collected.has_product(item.product_id):
                room -= 1
                if room < 0:
                    continue
            kept.append(item)
        return tuple(kept)

    def _finish(self, page: PageAnswer, outcome: str) -> None:
        leads = [
            {"url": item.url, "product": item.product, "lastmod": item.lastmod}
            for item in page.items
            if isinstance(item, Visit)
        ]
        now_ms = int(datetime.now(UTC).timestamp() * 1000)
        # A list that turned out to be a product's page is always asked for all of it: see PageQueue.read_whole.
        is_product = page.linked and any(isinstance(item, Product) for item in page.items)
        whole = (outcome not in ANSWERED) or (page.task.kind == Kind.LISTING and is_product)
        validators = NOTHING if whole else page.validators
        self._state.frontier.finish(page.task, outcome, validators, json.dumps(leads), now_ms)
