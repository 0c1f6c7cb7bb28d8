"""Give every photo its vector: an actor that reads, decodes and embeds, and writes what it made.

Photos come as places (schemas/row_slice.py) and leave as a part file: neither pixels nor vectors pass through Ray or
the driver, which hears what was done. An actor computes with one thread. Several calls are on their way in it, each
in another of three rooms (read, decode, compute) that hold one call at a time: so a disk, a decoder and a network
work at once, and the next call is read and decoded while this one is written.
"""

import os
import resource
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.fs as pafs
from numpy.typing import NDArray

from schemas.errors import ImageError
from schemas.image_ids import ID, Ids, hex_of_ids, joined
from schemas.row_slice import RowSlice
from workers.data.decode import decode_all
from workers.retrieval.encoder import BATCH, SHOP, STREET, Encoder

STAGES = ("read", "decode", "forward", "write")
NO_IDS: Ids = np.empty(0, ID)
Write = Callable[[int, Ids, NDArray[np.float32]], Any]


@dataclass(frozen=True)
class Refused:
    """A photo without a vector: `image_id` in hex, a reason of schemas.reject, and the tool's own words."""

    image_id: str
    reason: str
    detail: str


@dataclass
class Embedded:
    """What a call did with its photos.

    part      what `write` said of the file; None where no photo has a vector
    vectors   photos that have one
    refused   those that have none
    seconds   that each of STAGES took, by the wall
    cpu       that each of STAGES computed
    bytes     read of photos
    actor     process id
    process   CPU seconds of the actor's whole process since it was ready, this call's and all others'
    rss       bytes of memory that the actor has taken at most
    """

    part: Any = None
    vectors: int = 0
    refused: list[Refused] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=lambda: dict.fromkeys(STAGES, 0.0))
    cpu: dict[str, float] = field(default_factory=lambda: dict.fromkeys(STAGES, 0.0))
    bytes: int = 0
    actor: int = 0
    process: float = 0.0
    rss: int = 0


class Embed:
    """Row slices -> a part file of vectors. Call it from as many threads as there are rooms.

    filesystem  where the slices lie
    encoder     arguments of Encoder beside it
    write       writes the part of a call: number, ids (N,), vectors (N, D); called only where there are some
    decoders    threads that decode beside the one that computes; on a CPU none, the core is busy
    street      ascending ids of photos that customers took, for a method that reads `domain`; others are the shop's
    """

    def __init__(
        self,
        filesystem: pafs.FileSystem,
        encoder: dict[str, Any],
        write: Write,
        decoders: int = 0,
        street: Ids = NO_IDS,
    ) -> None:
        self.encoder = Encoder(filesystem, **encoder)
        self.filesystem, self.write, self.street = filesystem, write, street
        self._rooms = {name: threading.Lock() for name in STAGES}
        self._decoders = ThreadPoolExecutor(decoders) if decoders else None
        self._ready = time.process_time()

    def ready(self) -> int:
        """Say that weights are loaded: the process id, for those who watch it."""
        return os.getpid()

    def embed(self, number: int, slices: Sequence[RowSlice]) -> Embedded:
        """Embed the photos of these slices and write them as part `number`.

        Photos that do not decode, and those of a row group that cannot be read, come back as refused.
        """
        done = Embedded()
        made = list(self._made(slices, done))
        ids, vectors = joined(ids for ids, _ in made), [vectors for _, vectors in made]
        done.vectors = len(ids)
        if len(ids):
            with self._in("write", done):
                done.part = self.write(number, ids, np.concatenate(vectors))
        done.actor, done.process = os.getpid(), time.process_time() - self._ready
        done.rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        return done

    def _made(self, slices: Sequence[RowSlice], done: Embedded) -> Iterator[tuple[Ids, NDArray[np.float32]]]:
        """Ids and vectors of BATCH photos at a time."""
        batches = _in_batches(self._photos(slices, done))
        for ids, photos in batches:
            with self._in("decode", done):
                results = decode_all(ids, photos, self.encoder.size, self._decoders)
                decodes = np.array([not isinstance(result, ImageError) for result in results], bool)
                pixels = [result for result in results if not isinstance(result, ImageError)]
                stack = np.stack(pixels) if pixels else None
            for result in results:
                if isinstance(result, ImageError):
                    done.refused.append(Refused(result.image, result.reason, result.detail))
            if stack is not None:
                domains = np.where(_among(ids[decodes], self.street), STREET, SHOP)
                with self._in("forward", done):
                    vectors = self.encoder.vectors(stack, domains)
                yield ids[decodes], vectors

    def _photos(self, slices: Sequence[RowSlice], done: Embedded) -> Iterator[tuple[Ids, list[bytes]]]:
        """Ids and bytes of the photos of a slice, each row group read once."""
        for one in slices:
            with self._in("read", done):
                try:
                    photos = one.read(self.filesystem, ["bytes"])["bytes"].to_pylist()
                except (OSError, pa.ArrowException) as error:
                    if not _is_there(self.filesystem, one.path):
                        raise
                    words = f"row group {one.row_group} of {one.path} cannot be read ({error})"
                    done.refused += [Refused(name, "unreadable", words) for name in hex_of_ids(one.ids)]
                    continue
            done.bytes += sum(map(len, photos))
            yield one.ids, photos

    @contextmanager
    def _in(self, room: str, done: Embedded) -> Iterator[None]:
        """Wait until a room is free, and note how long one is in it."""
        with self._rooms[room]:
            begun, computed = time.perf_counter(), time.thread_time()
            yield
            done.seconds[room] += time.perf_counter() - begun
            done.cpu[room] += time.thread_time() - computed


def _among(ids: Ids, ascending: Ids) -> NDArray[np.bool_]:
    """(N,) whether each id is one of the others."""
    if not len(ascending):
        return np.zeros(len(ids), bool)
    found: NDArray[np.bool_] = ascending[np.minimum(ascending.searchsorted(ids), len(ascending) - 1)] == ids
    return found


def _in_batches(slices: Iterator[tuple[Ids, list[bytes]]]) -> Iterator[tuple[Ids, list[bytes]]]:
    """The same photos, BATCH at a time: a batch may begin in one row group and end in the next."""
    ids, photos = NO_IDS, list[bytes]()
    for more_ids, more in slices:
        ids, photos = joined([ids, more_ids]), photos + more
        while len(photos) >= BATCH:
            yield ids[:BATCH], photos[:BATCH]
            ids, photos = ids[BATCH:], photos[BATCH:]
    if photos:
        yield ids, photos


def _is_there(filesystem: pafs.FileSystem, path: str) -> bool:
    """Whether a file's bytes can be had: then it is what they say that cannot be read."""
    try:
        with filesystem.open_input_stream(path) as stream:
            while stream.read(8 << 20):
                pass
    except OSError:
        return False
    return True
