"""What a trained method says of some photos, asked by Ray Data's actors."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from ray.data import ActorPoolStrategy, DataContext, from_arrow

from flows.progress import stage
from flows.running.started_ray import started_ray
from infra.lake import Lake
from infra.photo_locations import locate
from infra.ray_runtime.placement import wanted_gpus
from schemas.image_ids import hex_of_ids, ids_of_column, ids_of_hex
from schemas.row_slice import cut, table_of_slices
from workers.contract import LabelSpace
from workers.retrieval.predict import SAID, Predict

SLICE_ROWS = 64


@dataclass(frozen=True)
class Said:
    """What a method says of photos, by image id; a photo that does not decode is not there.

    labels     the names of its outputs
    category   image id -> (C,) scores
    attributes image id -> (A,) scores
    landmarks  image id -> (L, 3) x and y in half sides of the square, chance that it is seen
    """

    labels: LabelSpace
    category: dict[str, NDArray[np.float32]]
    attributes: dict[str, NDArray[np.float32]]
    landmarks: dict[str, NDArray[np.float32]]

    def scores(
        self,
        said: dict[str, NDArray[np.float32]],
        own: Sequence[str],
        images: Sequence[str],
        names: Sequence[str],
    ) -> NDArray[np.float32]:
        """(N, len(names)) scores of photos; -inf for a name that the method does not know, or a photo it did not see.

        own  the names of `said`, column by column
        """
        place = {name: n for n, name in enumerate(own)}
        known = [n for n, name in enumerate(names) if name in place]
        columns = [place[names[n]] for n in known]
        scores = np.full((len(images), len(names)), -np.inf, np.float32)
        for row, image in enumerate(images):
            if image in said:
                scores[row, known] = said[image][columns]
        return scores


def predictions(lake: Lake, checkpoint: str, labels: LabelSpace, images: Sequence[str], gpus: str) -> Said:
    """Ask a checkpoint about photos, each once. Raises InputError where its method says nothing of a photo."""
    told: dict[str, dict[str, NDArray[np.float32]]] = {name: {} for name in SAID}
    slices = locate(lake, np.unique(ids_of_hex(list(images))))
    with started_ray(lake) as cluster, stage("predict", len(set(images)), "photos") as step:
        devices = wanted_gpus(gpus, cluster)
        blocks = [table_of_slices([one]) for one in cut(slices, SLICE_ROWS)]
        actors = max(1, min(devices or cluster.cores, len(blocks)))
        DataContext.get_current().execution_options.preserve_order = False
        found = from_arrow(blocks).map_batches(
            Predict,
            fn_constructor_kwargs={
                "filesystem": lake.filesystem,
                "checkpoint": checkpoint,
                "threads": max(1, cluster.cores // actors),
                "device": "cuda" if devices else "cpu",
            },
            batch_size=1,
            batch_format="pyarrow",
            zero_copy_batch=True,
            num_cpus=1,
            num_gpus=1 if devices else 0,
            compute=ActorPoolStrategy(size=actors),
        )
        for table in found.iter_batches(batch_size=None, batch_format="pyarrow", prefetch_batches=2):
            assert isinstance(table, pa.Table)
            _take(table.filter(table["error"].is_null()), told)
            step.advance(len(table))
    landmarks = {image: said.reshape(-1, 3) for image, said in told["landmarks"].items()}
    return Said(labels, told["category"], told["attributes"], landmarks)


def _take(table: pa.Table, told: dict[str, dict[str, NDArray[np.float32]]]) -> None:
    names = hex_of_ids(ids_of_column(table["id"])) if len(table) else []
    for kind, by_photo in told.items():
        for name, said in zip(names, table[kind], strict=True):
            if len(values := said.values):
                by_photo[name] = values.to_numpy(zero_copy_only=False)
