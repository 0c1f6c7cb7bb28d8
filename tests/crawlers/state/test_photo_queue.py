"""crawlers/state/photo_queue.py: which photos are asked, and with what."""

from pathlib import Path
from typing import Any

import pytest

from crawlers.fetch.validators import Validators
from crawlers.state.catalogue_rows import is_complete
from crawlers.state.recrawl_policy import FULL
from crawlers.state.tables.frontier import READ, Kind
from tests.crawlers.liststore import SHOP, product
from tests.crawlers.photo_stage import PhotoStage

URL = f"{SHOP}/img/0.jpg"
A_LIFETIME = 4_000_000_000_000  # ms


class Photos(PhotoStage):
    """The queue, and the photos that its products have."""

    def photo_ids(self) -> tuple[str, ...]:
        ((_, image_ids),) = self.state.collected.products()
        return image_ids


@pytest.fixture
def photos(tmp_path: Path) -> Photos:
    return Photos(tmp_path / "state.db")


def test_every_photo_of_every_product_is_asked_once(photos: Photos) -> None:
    photos.state.collected.add_product(product(1, photos=(URL, f"{SHOP}/img/1.jpg")))
    assert not photos.queue.has_waiting()

    tasks = photos.added(URL)

    assert [(task.url, task.product_id) for task in tasks] == [
        (URL, "acme:0"),
        (f"{SHOP}/img/1.jpg", "acme:1"),
    ]
    assert not photos.queue.has_waiting()


def test_a_host_that_is_busy_is_passed_over(photos: Photos) -> None:
    photos.queue.add("https://slow.example/0.jpg", "acme:0")
    photos.queue.add("https://fast.example/0.jpg", "acme:0")

    task = photos.queue.next_task({"slow.example"})

    assert task is not None and task.host == "fast.example"
    assert photos.queue.next_task({"slow.example"}) is None
    assert photos.queue.has_waiting()


@pytest.mark.parametrize(
    ("url", "facts", "asked"),
    [
        (URL, {}, True),
        (f"{URL}?v=3", {}, False),
        (URL, {"fresh_until": A_LIFETIME}, False),
        (f"{URL}?v=3", {"image_id": "", "outcome": "http_5xx"}, True),
    ],
)
def test_a_photo_that_is_known_is_asked_only_where_it_may_have_changed(
    url: str, facts: dict[str, Any], asked: bool, photos: Photos
) -> None:
    until = facts.get("fresh_until")
    photos.load(url, **facts | {"fresh_until": None})
    if until:
        photos.state.db.execute("update photo_before set fresh_until = ?", (until,))

    tasks = photos.added(url)

    assert len(tasks) == asked
    assert photos.photo_ids() == ("" if asked else "aa",)


def test_a_lifetime_is_no_answer_when_the_product_s_own_page_was_read_anew(photos: Photos) -> None:
    photos.load(URL)
    photos.state.db.execute("update photo_before set fresh_until = ?", (A_LIFETIME,))
    photos.state.frontier.add(Kind.PRODUCT, f"{SHOP}/product/0", f"{SHOP}/product/0")
    page = photos.state.frontier.next_task(Kind.PRODUCT)
    assert page is not None
    photos.state.frontier.finish(page, READ)
    photos.state.collected.add_product(product(0, photos=(URL,)), page.key)

    photos.queue.add_all()

    assert [task.url for task in photos.waiting()] == [URL]


def test_a_full_crawl_asks_every_photo_but_only_whether_it_changed(tmp_path: Path) -> None:
    photos = Photos(tmp_path / "state.db", revisit=FULL)
    photos.load(f"{URL}?v=3", etag='"7"')

    (task,) = photos.added(f"{URL}?v=3")

    assert photos.queue.validators(task) == Validators('"7"')


def test_a_photo_that_never_came_is_asked_for_a_full_answer(photos: Photos) -> None:
    photos.load(URL, image_id="", etag='"7"', outcome="not_an_image")

    (task,) = photos.added(URL)

    assert photos.queue.validators(task) == Validators()


def test_an_address_that_is_none_is_refused_once_and_not_asked(photos: Photos) -> None:
    for n in (0, 1):
        photos.state.collected.add_product(product(n, photos=("ftp://shop.example/x.jpg", "http://[broken")))

    photos.queue.add_all()

    assert photos.waiting() == []
    assert [row["reason"] for row in photos.state.collected.rejects()] == ["address"] * 2
    assert photos.recorder.counts()["image"].rejected == {"address": 2}


def test_beyond_the_budget_of_photos_the_rest_is_refused_and_one_line_says_so(tmp_path: Path) -> None:
    photos = Photos(tmp_path / "small.db", most_photos=2)

    tasks = photos.added(*(f"{SHOP}/img/{n}.jpg" for n in range(5)))

    assert [task.url for task in tasks] == [f"{SHOP}/img/{n}.jpg" for n in range(2)]
    rejects = list(photos.state.collected.rejects())
    assert [(row["reason"], row["product_id"]) for row in rejects] == [("budget", "acme:0")] * 3
    assert photos.state.read_note("told") == [f"not all photos were asked for: {rejects[0]['detail']}"]
    assert "2 photos (--most-photos)" in rejects[0]["detail"]
    assert not is_complete(photos.state)


def test_what_was_asked_before_an_interruption_counts_and_a_larger_budget_goes_on(tmp_path: Path) -> None:
    photos = Photos(tmp_path / "state.db", most_photos=2)
    for task in photos.added(*(f"{SHOP}/img/{n}.jpg" for n in range(5))):
        photos.state.frontier.finish(task, READ)
    photos.recorder.commit()
    photos.state.close()

    again = Photos(tmp_path / "state.db", most_photos=4)
    again.recorder.resume()

    assert [task.url for task in again.waiting()] == [f"{SHOP}/img/{n}.jpg" for n in (2, 3)]


def test_what_the_budget_left_is_asked_by_the_next_crawl_of_an_unchanged_product(photos: Photos) -> None:
    photos.load(URL, outcome="budget", image_id="", product_ids=["acme:0"])

    assert list(photos.state.previous.photos_to_retry(["acme:0"])) == [(URL, "acme:0")]


@pytest.mark.parametrize("name", ["no-image.jpg", "img/placeholder.png?v=2", "Image_Not_Found-300x300.webp"])
def test_the_picture_of_a_product_without_a_photo_is_refused_and_not_asked(name: str, photos: Photos) -> None:
    photos.load(f"{SHOP}/{name}")  # nor taken over from a crawl that did not know

    tasks = photos.added(f"{SHOP}/{name}", URL)

    assert [task.url for task in tasks] == [URL]
    (refusal,) = photos.state.collected.rejects()
    assert (refusal["reason"], refusal["url"]) == ("placeholder", f"{SHOP}/{name}")
    assert photos.photo_ids() == ("", "")
