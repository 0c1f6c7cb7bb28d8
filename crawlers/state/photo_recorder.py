"""Writes what photo addresses answered: the photo goes to the store, its id and its outcome into the state."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from crawlers.state.answers import NOT_MODIFIED, Answer, PhotoAnswer
from crawlers.state.recorder import Recorder
from crawlers.state.tables.frontier import IMAGE, READ, TRANSIENT
from schemas.reject import Reject


class PhotoRecorder:
    """The photo stage's side of a Recorder (crawl_stage.AnswerRecorder)."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._state, self._store = recorder.state, recorder.store

    def record(self, answer: Answer) -> None:
        """Write one photo address's consequences. Raises TypeError for the answer of a page."""
        if not isinstance(answer, PhotoAnswer):
            raise TypeError(f"a photo stage got a {type(answer).__name__}")
        if answer.image_id in self._recorder.forgotten.photos:
            about = answer.task.product_id if answer.task is not None else ""
            self._record_refusal(answer, self._recorder.forgotten.refusal(IMAGE, answer.url, about))
        elif answer.reject is not None:
            self._record_refusal(answer, answer.reject)
        else:
            self._record_photo(answer)
        self._recorder.commit_if_due()

    def flush(self) -> None:
        """Make every photo recorded so far lie in a complete part, and commit."""
        self._recorder.commit()  # first: who is killed as soon as the part is seen asks for none of it again
        self._store.flush()
        self._recorder.commit(stored=True)

    def _record_photo(self, answer: PhotoAnswer) -> None:
        if answer.outcome == NOT_MODIFIED:
            answer = self._as_before(answer)
        elif answer.row is not None and not self._store.has_photo(
            answer.image_id
        ):  # two addresses, one photo
            self._add_to_store(answer.row)
        self._state.collected.set_photo(answer.url, answer.image_id)
        if answer.task is not None:
            now_ms = int(datetime.now(UTC).timestamp() * 1000)
            self._state.frontier.finish(answer.task, READ, answer.validators, fetched_at=now_ms)
        self._recorder.count_out(IMAGE)

    def _as_before(self, answer: PhotoAnswer) -> PhotoAnswer:
        previous = self._state.previous.photo(answer.url)
        assert previous is not None  # nothing else is asked with validators
        return replace(answer, image_id=previous.image_id, validators=previous.validators)

    def _add_to_store(self, row: Mapping[str, Any]) -> None:
        self._state.spool.add(row)
        if self._store.add(row):
            self._recorder.commit(stored=True)

    def _record_refusal(self, answer: PhotoAnswer, reject: Reject) -> None:
        if answer.task is not None:
            self._state.frontier.finish(answer.task, reject.reason)
            previous = self._state.previous.photo(answer.url)
            if previous is not None and previous.image_id and reject.reason in TRANSIENT:
                self._state.collected.set_photo(answer.url, previous.image_id)  # a fault takes no photo away
        self._recorder.refuse(reject)
