"""Uploads are read in a process of their own: one that a file takes down, or that comes to no end, is replaced."""

import io
import multiprocessing
import os
import resource
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooSlow
from contextlib import suppress
from typing import NamedTuple

from PIL import Image

from flows.child_processes import end_with_parent
from flows.serve.photos.proposed_crop import Box, proposed_crop
from schemas.errors import InputError
from workers.data.decode import upright_rgb

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "AVIF")
MOST_PIXELS = 50_000_000
SIDE = 1280  # px, longest side of what is kept
MOST_S = 20.0
START_S = 120.0
MEMORY_BYTES = 2 << 30
_UNREADABLE = (OSError, ValueError, SyntaxError, MemoryError, Image.DecompressionBombError)


class CleanPhoto(NamedTuple):
    """An upload as the server keeps it: upright RGB JPEG without metadata, and where its garment probably is."""

    jpeg: bytes
    width: int
    height: int
    crop: Box | None


class UploadReading:
    """A process that reads one upload at a time, from its first upload to `close`.

    A thread of its own starts it: what asks to end with its parent ends with the thread that started it.
    """

    def __init__(self, most_s: float = MOST_S) -> None:
        self._most_s = most_s
        self._thread = ThreadPoolExecutor(1, "upload-reading")
        self._pool: ProcessPoolExecutor | None = None

    def read(self, data: bytes) -> CleanPhoto:
        """Read an upload there. Raises InputError where it is no photo, is too large, or takes too long."""
        found = self._thread.submit(self._read, data).result()
        if isinstance(found, str):
            raise InputError("photo", found)
        return found

    def close(self) -> None:
        """End the process."""
        self._thread.submit(self._end)
        self._thread.shutdown()

    def _read(self, data: bytes) -> CleanPhoto | str:
        if self._pool is None:
            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(1, context, initializer=_begin, initargs=(os.getpid(),))
            self._pool.submit(_begun).result(START_S)
        try:
            return self._pool.submit(cleaned, data).result(self._most_s)
        except (BrokenExecutor, TooSlow):
            self._end()
            return "cannot be read: its decoder failed or came to no end"

    def _end(self) -> None:
        pool, self._pool = self._pool, None
        if pool is not None:
            for process in list((pool._processes or {}).values()):
                process.kill()  # it may be in the middle of what has no end
            pool.shutdown(wait=False, cancel_futures=True)


def cleaned(data: bytes) -> CleanPhoto | str:
    """Decode an upload and write it anew; where that cannot be, why. Runs in the process."""
    Image.MAX_IMAGE_PIXELS = MOST_PIXELS // 2  # Pillow refuses at twice of it
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as opened:
            if min(opened.size) < 8:
                return "is too small to show anything"
            opened.draft("RGB", (SIDE, SIDE))
            image = upright_rgb(opened)
        image.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
        out = io.BytesIO()
        image.save(out, "JPEG", quality=95, subsampling=0)
        return CleanPhoto(out.getvalue(), *image.size, proposed_crop(image))
    except Image.DecompressionBombError:
        return f"has more than {MOST_PIXELS // 1_000_000} million pixels"
    except _UNREADABLE:
        return "is no photo that can be read: JPEG, PNG, WebP, AVIF and GIF can"


def _begun() -> None:
    """Nothing: what the process imports is not counted as an upload's time."""


def _begin(parent: int) -> None:
    end_with_parent(parent)
    with suppress(ValueError, OSError):  # a lower limit holds already
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
