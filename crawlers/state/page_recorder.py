"""Writes what pages answered: products, refusals and further addresses go into the crawl's state, at once.

Here a page that did not change stands for what it held before, and a page that changed although its sitemap
dates it as before is found out (page_queue.py).
"""

import json
from dataclasses import replace
from datetime import UTC, datetime

from crawlers.discover.visit import Found, Visit
from crawlers.state.answers import NOT_MODIFIED, Answer, HomeAnswer, PageAnswer
from crawlers.state.frontier import DISCOVER, PAGE, READ, Kind, Task
from crawlers.state.page_queue import PageQueue
from crawlers.state.recorder import Recorder
from crawlers.state.recrawl_policy import LIST
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
            self._record_page(answer)
        else:
            self._record_failure(answer)
        self._recorder.commit_if_due()

    def _record_home(self, home: HomeAnswer) -> None:
        self._state.write_note("platform", home.platform)
        if self._policy.revisit != LIST:
            elsewhere = home.probe_failed and not self._queue.knows_all(home.visits)
            self._state.write_note("begun_elsewhere", elsewhere)
        for visit in home.visits:
            self._queue.add(visit, linked=home.linked)
        self._queue.open()

    def _record_page(self, page: PageAnswer) -> None:
        task, items = page.task, self._within_limit(page.items)
        fresh = self._record_items(items, page)
        outcome = next((item.reason for item in items if isinstance(item, Reject)), READ)
        if outcome == READ:  # a page that is refused says nothing about those like it
            self._recorder.traps.led(task.url, fresh)
        self._finish(page, outcome if task.kind == Kind.PRODUCT else READ)
        if task.kind == Kind.LISTING:
            self._state.previous.clear_page(task.key)
            self._recorder.count_out(DISCOVER)
        elif not items:
            self._record_empty(task)
        elif outcome in (READ, "opted_out"):  # what was here before and is not any more
            self._state.previous.mark_page_gone(task.key)

    def _record_unchanged(self, task: Task) -> None:
        previous = self._state.previous.page(task.kind, task.key)
        assert previous is not None  # nothing else is asked with validators
        leads = json.loads(previous.leads)
        for lead in leads:
            self._queue.add(Visit(lead["url"], lead["product"], lead["lastmod"]), task)
        self._state.frontier.finish(task, READ, previous.validators, previous.leads, previous.fetched_at)
        if task.kind == Kind.PRODUCT:
            self._queue.carry_over_page(previous)
        else:
            self._recorder.count_out(DISCOVER)
            self._queue.carry_over(previous)
        fruitful = bool(previous.products) or any(lead["product"] for lead in leads)
        self._recorder.traps.led(task.url, fruitful)

    def _record_failure(self, page: PageAnswer) -> None:
        # A listing that is gone was read to its end: nothing is named there.
        task = page.task
        self._state.frontier.finish(task, "gone" if page.gone else page.outcome)
        reject = next(item for item in page.items if isinstance(item, Reject))
        products = self._state.previous.products_on(task.key)
        if page.gone and task.kind == Kind.PRODUCT and self._state.previous.mark_page_gone(task.key):
            reject = replace(reject, reason="gone", product_id=products[0])
        self._recorder.refuse(reject)

    def _record_empty(self, task: Task) -> None:
        """Refuse a product page without a product where there was one before; else count it as a listing."""
        if products := self._state.previous.products_on(task.key):
            detail = "its page shows no product any more; kept as it was"
            self._recorder.refuse(Reject(PAGE, "page_incomplete", task.url, products[0], detail))
        else:
            self._recorder.count_out(DISCOVER)

    def _record_items(self, items: tuple[Found, ...], page: PageAnswer) -> bool:
        """Write everything that a page shows; returns whether any of it was new."""
        fresh = False
        for item in items:
            if isinstance(item, Visit):
                fresh |= self._queue.add(item, page.task, linked=page.linked) and item.product
            elif isinstance(item, Product):
                fresh |= self._record_product(item, page.task)
            else:
                if item.stage == PAGE and item.reason != "opted_out":
                    self._state.previous.mark_kept(item.product_id)
                self._recorder.refuse(item)
        return fresh

    def _record_product(self, product: Product, task: Task) -> bool:
        key = task.key
        if self._policy.revisit == LIST:  # where its listing is, for the crawls that read listings
            key = self._state.previous.page_of(product.product_id) or key
        if not self._state.collected.add_product(product, key):
            self._state.collected.add_page_of(product.product_id, key)
            detail = "the same product id was read before"
            self._recorder.refuse(Reject(PAGE, "duplicate", product.url, product.product_id, detail))
            return False
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
            if isinstance(item, Product):
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
        self._state.frontier.finish(page.task, outcome, page.validators, json.dumps(leads), now_ms)
