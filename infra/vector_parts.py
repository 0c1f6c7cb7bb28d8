"""Part files of vectors, written where the vectors are made: each lands whole or not at all."""

import numpy as np
import pyarrow as pa
import pyarrow.fs as pafs
from numpy.typing import NDArray

from infra.parts import PartWriter
from schemas.image_ids import Ids, hex_of_ids
from schemas.manifest import Part
from schemas.vector import vectors_schema

_NO_BOUND = 1 << 60


def write_vectors(
    filesystem: pafs.FileSystem,
    folder: str,
    fingerprint: str,
    number: int,
    ids: Ids,
    vectors: NDArray[np.float32],
) -> Part:
    """Write vectors (N, D) of photos (N,) as part `number` of the run in `folder`; what lay there is replaced.

    Raises LakeError, and leaves nothing behind, where it cannot be written.
    """
    schema = vectors_schema(vectors.shape[1])
    flat = pa.array(np.ascontiguousarray(vectors, np.float32).ravel())
    table = pa.table(
        {
            "image_id": hex_of_ids(ids),
            "fingerprint": pa.array([fingerprint], pa.string()).take(pa.array(np.zeros(len(ids), np.int32))),
            "vector": pa.FixedSizeListArray.from_arrays(flat, vectors.shape[1]),
        }
    )
    writer = PartWriter(filesystem, folder, schema, first=number, part_bytes=_NO_BOUND, part_rows=_NO_BOUND)
    writer.write_table(table)
    [part] = writer.close()
    return part
