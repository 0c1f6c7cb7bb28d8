"""A replica of the encoder: photos of all pages together in batches, on a GPU where the replica has one."""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from ray import serve

from flows.queries.photo_encoder import photo_encoder
from infra.lake import Lake
from schemas.errors import PipelineError

if TYPE_CHECKING:
    from workers.retrieval.encoder import Encoder

MOST_TOGETHER = 32
WAIT_S = 0.005  # for others to come along: a twentieth of what a photo alone takes a CPU
KEPT = 3  # encoders: of what is live, of what was a moment ago, of what it is compared with
_Asked = tuple[str, str, bytes]


class EncoderReplica:
    """Embeds photos with the model of whichever index run is asked."""

    def __init__(self, lake: str) -> None:
        from workers.device import cuda_devices

        self._lake = Lake(lake)
        self._device = "cuda" if cuda_devices() else "cpu"
        self._encoders: OrderedDict[str, Encoder] = OrderedDict()

    async def vector(self, index_run: str, name: str, data: bytes) -> NDArray[np.float32]:
        """Return the vector (D,) of a photo, L2 norm 1.

        Raises ImageError where `data` is none, LakeError where no such index run is there.
        """
        found = await self._together((index_run, name, data))
        if isinstance(found, Exception):
            raise found
        vector: NDArray[np.float32] = found
        return vector

    @serve.batch(max_batch_size=MOST_TOGETHER, batch_wait_timeout_s=WAIT_S)
    async def _together(self, asked: list[_Asked]) -> list[Any]:
        return await asyncio.to_thread(self._vectors, asked)

    def _vectors(self, asked: Sequence[_Asked]) -> list[Any]:
        """A vector for each photo, or what is wrong with it; one that is none costs the others nothing."""
        from workers.data.decode import decode
        from workers.retrieval.encoder import STREET

        found: list[Any] = [None] * len(asked)
        for run in {run for run, _, _ in asked}:
            places = [place for place, (of, _, _) in enumerate(asked) if of == run]
            try:
                encoder = self._encoder(run)
            except PipelineError as error:
                for place in places:
                    found[place] = error
                continue
            pixels, whole = [], []
            for place in places:
                try:
                    pixels.append(decode(asked[place][1], asked[place][2], encoder.size))
                    whole.append(place)
                except PipelineError as error:
                    found[place] = error
            if whole:
                vectors = encoder.vectors(np.stack(pixels), np.full(len(whole), STREET))
                for place, vector in zip(whole, vectors, strict=True):
                    found[place] = vector
        return found

    def _encoder(self, run: str) -> "Encoder":
        if run not in self._encoders:
            self._encoders[run] = photo_encoder(self._lake, self._lake.run(run, "index"), self._device)
            if len(self._encoders) > KEPT:
                self._encoders.popitem(last=False)
        self._encoders.move_to_end(run)
        return self._encoders[run]
