"""crawlers/state/photo_recorder.py: what becomes of the answers of photo addresses."""

from pathlib import Path

import pytest

from crawlers.fetch.validators import Validators
from crawlers.state.answers import NOT_MODIFIED, HomeAnswer, PhotoAnswer
from crawlers.state.photo_recorder import PhotoRecorder
from crawlers.state.tables.frontier import READ, Kind, Task
from schemas.reject import Reject
from tests.crawlers.liststore import SHOP, photo_row, product
from tests.crawlers.photo_stage import PhotoStage

URL = f"{SHOP}/img/0.jpg"


class Photos(PhotoStage):
    """The photo stage with its recorder."""

    def __init__(self, path: Path, part: int = 1000) -> None:
        super().__init__(path, part)
        self.photos = PhotoRecorder(self.recorder)

    def come(self, task: Task, data: bytes) -> None:
        row = photo_row(data, task.url)
        image_id = row["image_id"]
        self.photos.record(PhotoAnswer(task.url, READ, image_id, row, task, Validators('"1"')))

    def fail(self, task: Task, reason: str) -> None:
        reject = Reject("image", reason, task.url, task.product_id)
        self.photos.record(PhotoAnswer(task.url, reason, task=task, reject=reject))

    def photo_ids(self) -> tuple[str, ...]:
        ((_, image_ids),) = self.state.collected.products()
        return image_ids


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state.db"


@pytest.fixture
def stage(path: Path) -> Photos:
    return Photos(path)


def test_a_photo_is_stored_counted_and_answered(stage: Photos) -> None:
    (task,) = stage.added(URL)

    stage.come(task, b"one")

    assert [row["bytes"] for row in stage.store.rows] == [b"one"]
    assert stage.photo_ids() == (photo_row(b"one")["image_id"],)
    assert stage.state.frontier.outcome_counts(Kind.PHOTO) == {READ: 1}
    assert stage.recorder.counts()["image"].went_out == 1


def test_two_addresses_of_one_photo_store_it_once(stage: Photos) -> None:
    for task in stage.added(URL, f"{SHOP}/img/1.jpg"):
        stage.come(task, b"one")

    assert len(stage.store.rows) == 1
    assert len(set(stage.photo_ids())) == 1 and stage.photo_ids()[0]
    assert stage.recorder.counts()["image"].went_out == 2


def test_a_photo_that_did_not_change_is_what_it_was_and_keeps_its_validators(stage: Photos) -> None:
    stage.load(URL, etag='"7"')
    (task,) = stage.added(URL)

    stage.photos.record(PhotoAnswer(URL, NOT_MODIFIED, task=task))

    assert stage.photo_ids() == ("aa",)
    assert stage.store.rows == []
    (row,) = stage.state.db.execute("select outcome, etag from request").fetchall()
    assert (row["outcome"], row["etag"]) == (READ, '"7"')
    assert stage.recorder.counts()["image"].went_out == 1


def test_photos_without_a_complete_part_outlive_a_kill_and_those_with_one_are_let_go(path: Path) -> None:
    stage = Photos(path, part=2)
    for number, task in enumerate(stage.added(*(f"{SHOP}/img/{n}.jpg" for n in range(3)))):
        stage.come(task, b"%d" % number)
    stage.recorder.commit()
    stage.state.close()

    again = Photos(path)
    again.recorder.resume()

    assert [row["bytes"] for row in again.store.rows] == [b"2"]
    assert again.store.rows[0]["fetched_at"] == photo_row(b"2")["fetched_at"]
    assert again.waiting() == []
    again.photos.flush()
    assert (again.store.flushed, list(again.state.spool.rows())) == (1, [])


def test_what_failed_by_a_fault_of_the_moment_is_asked_once_more_and_nothing_else(path: Path) -> None:
    stage = Photos(path)
    first, second, third = stage.added(*(f"{SHOP}/img/{n}.jpg" for n in range(3)))
    stage.fail(first, "timeout")
    stage.fail(second, "http_4xx")
    stage.fail(third, "connection")
    stage.recorder.commit()
    stage.state.close()

    again = Photos(path)
    again.recorder.resume()

    assert [task.url for task in again.waiting()] == [first.url, third.url]
    assert again.recorder.counts()["image"].rejected == {"http_4xx": 1}
    assert [row["reason"] for row in again.state.collected.rejects()] == ["http_4xx"]


def test_a_fault_takes_no_photo_away_and_a_refusal_does(stage: Photos) -> None:
    gone = f"{SHOP}/img/gone.jpg"
    for url in (URL, gone):
        stage.load(url)
    fault, refusal = stage.added(URL, gone)

    stage.fail(fault, "http_5xx")
    stage.fail(refusal, "http_4xx")

    assert stage.photo_ids() == ("aa", "")


def test_a_photo_of_an_import_has_no_task(stage: Photos) -> None:
    row = photo_row(b"one")
    stage.state.collected.add_product(product(0, photos=("sha256:x",)))

    stage.photos.record(PhotoAnswer("sha256:x", image_id=row["image_id"], row=row))

    assert stage.photo_ids() == (row["image_id"],)
    assert stage.recorder.counts()["image"].went_out == 1


def test_the_answer_of_a_page_is_none_of_a_photo(stage: Photos) -> None:
    with pytest.raises(TypeError, match="HomeAnswer"):
        stage.photos.record(HomeAnswer("structured", ()))
