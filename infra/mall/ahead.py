"""Drawing photos in other processes before a crawler asks, so that it need not wait for us."""

import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, wait
from threading import Event, Thread

from infra.mall.catalogue import DrawnCatalogue, look_of
from infra.mall.item import Item, Photo
from infra.mall.lifeline import die_with_parent
from infra.mall.photos import camera

Job = tuple[DrawnCatalogue, Item]


class DrawAhead:
    """Fills the catalogues' caches, item by item and the shops in turn, until all is drawn or `stop()`."""

    def __init__(self, drawn: Sequence[DrawnCatalogue], processes: int) -> None:
        self.processes = processes
        self.jobs = _in_turn(drawn)
        self._stop = Event()
        context = multiprocessing.get_context("spawn")
        self._pool = ProcessPoolExecutor(processes, context, initializer=die_with_parent)
        self._thread = Thread(target=self._work, name="draw-ahead", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End after the items in hand."""
        self._stop.set()
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._thread.join(10)

    def _work(self) -> None:
        hand: dict[Future[list[bytes]], Job] = {}
        while not self._stop.is_set():
            while len(hand) < 2 * self.processes and (job := next(self.jobs, None)) is not None:
                catalogue, item = job
                # What a crawler has fetched meanwhile need not be drawn again.
                if item.truth is None or all(catalogue.has(item, photo) for photo in item.photos):
                    continue
                hand[self._pool.submit(_draw, item, catalogue.size)] = job
            if not hand:
                return
            done, _ = wait(hand, timeout=0.5, return_when="FIRST_COMPLETED")
            for future in done:
                catalogue, item = hand.pop(future)
                if future.cancelled() or future.exception() is not None:
                    continue  # drawn again, and its error shown, when somebody asks for the photo
                for photo, drawn in zip(item.photos, future.result(), strict=True):
                    catalogue.keep(item, photo, drawn)


def _in_turn(drawn: Sequence[DrawnCatalogue]) -> Iterator[Job]:
    for number in range(max(len(catalogue.items) for catalogue in drawn)):
        for catalogue in drawn:
            if number < len(catalogue.items):
                yield catalogue, catalogue.items[number]


def _draw(item: Item, size: tuple[int, int]) -> list[bytes]:
    """All photos of an item: together, because they share its front view."""
    return [_photo(item, photo, size) for photo in item.photos]


def _photo(item: Item, photo: Photo, size: tuple[int, int]) -> bytes:
    return camera.jpeg(look_of(item, photo), photo.view, size)
