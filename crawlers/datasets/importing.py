"""Rows of a product file -> products and photos in the recorder; decoding runs ahead in threads."""

import errno
import stat
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from crawlers.datasets.product_file import PhotoRow, RowSource
from crawlers.fetch.settings import PHOTO_BYTES
from crawlers.photos.photo import image_row, inspect
from crawlers.state.answers import PhotoAnswer
from crawlers.state.photo_recorder import PhotoRecorder
from crawlers.state.recorder import Recorder
from crawlers.state.tables.frontier import IMAGE
from schemas.errors import ImageError
from schemas.ids import image_id
from schemas.reject import Reject

SMALLEST_PX = 32  # a file of thumbnails is its owner's choice; a crawl asks for more
UNNAMED = "rows_unnamed"  # note: a refused row may be of any product, so that none can be said to be gone
AHEAD = 64  # photos that are being decoded, at most
_HERE = {"allowed": True, "noai": False, "noimageai": False}  # a file that is there may be read
Outcome = tuple[PhotoRow | None, PhotoAnswer | Reject | None]


def import_rows(product_file: RowSource, recorder: Recorder, threads: int = 2) -> None:
    """Take every row: stage "import" counts rows, stage "image" the photos in them.

    A row goes out with any photo of it, and is refused for the reason of its first one where it has none; every
    other photo that is refused is one of stage "image". The first accepted row of a product gives its facts. A photo
    that is an http(s) address is only noted; the image stage fetches it afterwards.
    """
    photos, count = PhotoRecorder(recorder), _RowCount(recorder)
    with recorder.showing("import"), ThreadPoolExecutor(threads, thread_name_prefix="photo") as pool:
        for row, outcome, is_last in _decoded(product_file, recorder, pool):
            if isinstance(outcome, Reject):
                count.refuse(outcome)
            else:
                assert row is not None
                address = outcome.url if outcome is not None else row.address
                _note(recorder, row, address)
                recorder.state.annotations.add(row.product.product_id, address, row.annotation)
                count.take()
                if outcome is not None:
                    photos.record(outcome)
            if is_last:
                count.end_row()


class _RowCount:
    """Counts the rows of an import, photo by photo: so no row's photos are held together."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._taken = False
        self._refusal: Reject | None = None  # the row's own, unless another photo of it is taken
        self._unnamed = False

    def take(self) -> None:
        """Count one photo taken: its row goes out."""
        self._taken = True
        if self._refusal is not None:
            self._recorder.refuse(replace(self._refusal, stage=IMAGE))
            self._refusal = None

    def refuse(self, reject: Reject) -> None:
        """Count one photo, or the whole row, refused."""
        if self._taken or self._refusal is not None:
            self._recorder.refuse(replace(reject, stage=IMAGE))
        else:
            self._refusal = reject

    def end_row(self) -> None:
        """Count the row itself."""
        refusal, self._taken, self._refusal = self._refusal, False, None
        if refusal is not None:
            self._recorder.refuse(refusal)
            if refusal.product_id:
                self._recorder.state.previous.mark_kept(refusal.product_id)  # a fault takes no product away
            elif not self._unnamed:
                self._unnamed = True
                self._recorder.state.write_note(UNNAMED, True)
                self._recorder.tell(
                    "of a refused row it cannot be told which product it is: none is called removed"
                )
        else:
            self._recorder.count_out("import")


def _note(recorder: Recorder, row: PhotoRow, address: str) -> None:
    product = replace(row.product, image_urls=(address,), image_views=(row.view,))
    collected = recorder.state.collected
    if collected.has_product(product.product_id):
        collected.add_photo(product.product_id, address, row.view)
    else:
        collected.add_product(product)
    recorder.state.previous.mark_fetched(product.product_id)


def _decoded(
    product_file: RowSource, recorder: Recorder, pool: ThreadPoolExecutor
) -> Iterator[tuple[PhotoRow | None, PhotoAnswer | Reject | None, bool]]:
    """Outcomes in the order of the rows, each with whether it is the last of its row."""
    waiting: deque[tuple[Future[Outcome] | Outcome, bool]] = deque()

    def settled() -> tuple[PhotoRow | None, PhotoAnswer | Reject | None, bool]:
        outcome, is_last = waiting.popleft()
        return (*(outcome.result() if isinstance(outcome, Future) else outcome), is_last)

    for row in product_file.read():
        photos = [row] if isinstance(row, Reject) else row
        for number, photo in enumerate(photos, 1):
            waiting.append((_begun(photo, recorder, pool), number == len(photos)))
            if len(waiting) >= AHEAD:
                yield settled()
    while waiting:
        yield settled()


def _begun(
    photo: PhotoRow | Reject, recorder: Recorder, pool: ThreadPoolExecutor
) -> Future[Outcome] | Outcome:
    if isinstance(photo, Reject):
        return None, photo
    product_id = photo.product.product_id
    if product_id in recorder.forgotten.products:
        return None, recorder.forgotten.refusal("import", photo.place, product_id)
    return (photo, None) if isinstance(photo.photo, str) else pool.submit(_outcome, photo, recorder)


def _outcome(row: PhotoRow, recorder: Recorder) -> Outcome:
    """Runs in a thread: bytes in hand, proven a photo unless they are stored already."""
    product = row.product.product_id
    try:
        data = _bytes(row.photo)
    except _TooLargeError as error:
        return row, Reject("import", "too_large", row.place, product, str(error))
    except OSError as error:
        looked = f" (looked for {row.photo})" if isinstance(row.photo, Path) else ""
        return row, Reject(
            "import", "file_missing", row.place, product, f"{row.address}: {error.strerror}{looked}"
        )
    if row.places is not None:
        try:
            data, annotation = row.places.of(data)
        except ValueError as error:
            return row, Reject("import", "annotation_invalid", row.place, product, str(error))
        row = replace(row, annotation=annotation)
    name = image_id(data)
    if name in recorder.forgotten.photos:
        return row, recorder.forgotten.refusal("import", row.place, product)
    address = row.address or f"sha256:{name}"  # stays the same when the rows of a file move
    if data and recorder.store.has_photo(name):
        return row, PhotoAnswer(address, image_id=name)
    try:
        facts = inspect(data, row.place, SMALLEST_PX)
    except ImageError as error:
        return row, Reject("import", error.reason, row.place, product, error.detail)
    image = image_row(name, data, facts, row.address or row.place, product, _HERE)
    return row, PhotoAnswer(address, image_id=name, row=image)


class _TooLargeError(Exception):
    """A file over the bound that fetched photos have too."""


def _bytes(photo: bytes | Path | str) -> bytes:
    if isinstance(photo, Path):
        about = photo.stat()
        if not stat.S_ISREG(about.st_mode):
            raise OSError(errno.EINVAL, "is no file")
        size = about.st_size
        if size > PHOTO_BYTES:
            raise _TooLargeError(f"{size} bytes")
        return photo.read_bytes()
    return photo if isinstance(photo, bytes) else photo.encode()
