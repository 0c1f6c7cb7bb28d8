"""Which photos are asked: every address that a product names, unless what it answered before still stands."""

from collections.abc import Set

from crawlers.extract.canonical_url import is_fetchable
from crawlers.extract.photos.stand_ins import says_no_picture
from crawlers.fetch.validators import NOTHING, Validators
from crawlers.state.budget import BUDGET
from crawlers.state.forgotten import DETAIL, FORGOTTEN
from crawlers.state.recorder import Recorder
from crawlers.state.tables.frontier import IMAGE, Kind, Task
from schemas.reject import Reject


class PhotoQueue:
    """The photo addresses of a crawl's frontier (crawl_stage.TaskQueue)."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._state = recorder.state
        counts = self._state.frontier.outcome_counts(Kind.PHOTO)
        self._asked = sum(
            number for outcome, number in counts.items() if outcome not in ("", "address", BUDGET)
        )

    def add_all(self) -> None:
        """Add every photo address that the products name and that has no photo yet."""
        for url, product_id, page in self._state.collected.photos_to_ask():
            self.add(url, product_id, page)
        self._recorder.commit()

    def add(self, url: str, product_id: str, page: str = "") -> None:
        """Add a photo address of a product, unless what it answered before still stands; refuse one that is none, and
        one whose file is named as the picture of a shop that has no photo.

        page  key of the page the product was read from; one that was read anew for one product alone
              may have been read because its photo changed
        """
        refusal = self._refusal(url)
        previous = self._state.previous.photo(url)
        if previous is not None and previous.image_id and refusal is None:
            alone = self._state.frontier.outcome_of(Kind.PRODUCT, page) is not None
            if self._recorder.policy.takes_as_read(url, previous, alone=alone):
                self._state.collected.set_photo(url, previous.image_id)
                return
        if self._state.frontier.add(Kind.PHOTO, url, url, product_id=product_id) and refusal is not None:
            reason, detail = refusal
            self._state.frontier.skip(Kind.PHOTO, url, reason)
            self._recorder.refuse(Reject(IMAGE, reason, url, product_id, detail))

    def has_waiting(self) -> bool:
        """Whether a photo address waits."""
        return self._state.frontier.has_waiting(Kind.PHOTO)

    def next_task(self, busy: Set[str]) -> Task | None:
        """Hand out the next photo of a host that is not busy; refuse all that wait where the budget is spent."""
        frontier = self._state.frontier
        while (task := frontier.next_task(Kind.PHOTO, busy)) is not None:
            if not (why := self._recorder.budget.is_spent_by(self._asked)):
                self._asked += 1
                return task
            frontier.finish(task, BUDGET)
            self._recorder.refuse(Reject(IMAGE, BUDGET, task.url, task.product_id, why))
            self._recorder.tell(f"not all photos were asked for: {why}")
            self._recorder.commit_if_due()
        return None

    def validators(self, task: Task) -> Validators:
        """Return what to ask a photo with; empty for a full answer."""
        previous = self._state.previous.photo(task.url)
        return previous.validators if previous is not None and previous.image_id else NOTHING

    def _refusal(self, url: str) -> tuple[str, str] | None:
        """Say why an address is not asked: reason and detail; None for one that is."""
        if not is_fetchable(url):
            return "address", "not an http(s) address"
        if self._recorder.forgotten.has_address(url):
            return FORGOTTEN, DETAIL
        if says_no_picture(url):
            return "placeholder", "its file is named as the picture of a product without a photo"
        return None
