"""The encoder of an index as a page asks it: by a handle of Ray Serve, wherever its replicas are."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from flows.metrics.traces import traced
from infra.lake import Lake
from schemas.errors import InputError
from schemas.manifest import Manifest

if TYPE_CHECKING:
    from ray.serve.handle import DeploymentHandle

PATIENCE_S = 30.0


class RemoteEncoding:
    """Photos to vectors of one index run, by EncoderReplica."""

    def __init__(self, encoder: "DeploymentHandle[Any]", run: str) -> None:
        self._encoder, self._run = encoder, run

    def vector(self, name: str, data: bytes) -> NDArray[np.float32]:
        """Return the vector (D,) of a photo, L2 norm 1.

        Raises ImageError where `data` is none, LakeError where the index run is gone, InputError where no replica
        answers in time.
        """
        from ray.exceptions import RayTaskError

        with traced("embed photo"):
            try:
                answer = self._encoder.vector.remote(self._run, name, data)
                vector: NDArray[np.float32] = answer.result(timeout_s=PATIENCE_S)
            except TimeoutError:
                why = "more photos wait than can be served; ask again in a moment"
                raise InputError("search", why) from None
            except RayTaskError as error:  # whose text is where it came from, at length
                raise error.cause from None
        return vector

    def close(self) -> None:
        """Nothing: the replicas are not of one index."""


class RemoteEncodingOf:
    """Makes the RemoteEncoding of an index run."""

    def __init__(self, encoder: "DeploymentHandle[Any]") -> None:
        self._encoder = encoder

    def __call__(self, lake: Lake, indexed: Manifest) -> RemoteEncoding:
        """Nothing is read before the first photo is asked with."""
        return RemoteEncoding(self._encoder, indexed.run_id)
