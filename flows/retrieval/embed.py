"""From photos to vectors, each photo once: what a fingerprint has embedded already is reused."""

import time
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from ray.data import ActorPoolStrategy, DataContext, from_arrow

from flows.flow_of import flow_of
from flows.parameters.retrieval import EmbedParameters
from flows.progress import Stage, stage
from flows.running.night import begin, done_before
from flows.running.stage_task import stage_task
from flows.running.started_ray import started_ray
from infra.cluster import wanted_gpus
from infra.lake import Lake
from infra.open_run import OpenRun
from infra.photo_locations import locate
from schemas.errors import LakeError, RejectedError
from schemas.ids import digest, fingerprint
from schemas.image_ids import Ids, hex_of_ids, ids_of_column, ids_of_hex, joined
from schemas.manifest import Count, Manifest
from schemas.reject import REJECTS, Reject
from schemas.row_slice import RowSlice, cut, table_of_slices
from schemas.vector import vectors_schema
from workers.contract.recipe import recipe_of
from workers.data.decode import preprocessing
from workers.retrieval.embed import Embed
from workers.training.checkpoint import load, untrained

SLICE_ROWS = 64  # photos a worker takes at a time: small enough to spread, large enough to batch
MOST_REJECTED = 0.2


@flow_of(EmbedParameters, name="embed")
def embed(parameters: EmbedParameters) -> dict[str, Any]:
    """Embed the photos of a label run with a train run's checkpoint; the newest of both by default."""
    return embed_photos(parameters)


@stage_task()
def embed_photos(parameters: EmbedParameters) -> dict[str, Any]:
    """Embed what this fingerprint has not embedded yet, and commit it as one run."""
    begun = time.monotonic()
    place = Lake(parameters.lake)
    source = place.run(parameters.labels) if parameters.labels else place.newest("label")
    tool = _tool(place, parameters)
    schema = vectors_schema(tool["dim"])
    wanted = _wanted(place, source, parameters.splits)
    recorded = {"method": tool["method"], "checkpoint": tool["checkpoint"]} | parameters.recorded()
    key = digest({"embed": source.run_id, "fingerprint": tool["fingerprint"], "splits": recorded["splits"]})
    parents = [source.run_id, *tool["parents"]]
    if done := done_before(place, "embed", key=key):
        return done.result
    run = begin(place, "run", "embed", key, parents=parents, parameters=recorded)
    run.drop(REJECTS)
    kept = joined(_ids_of_part(place, run, part.path) for part in run.left_behind(schema))
    reused = np.intersect1d(wanted, embedded_ids(place, tool["fingerprint"]))
    todo = np.setdiff1d(wanted, joined([reused, kept]), assume_unique=True)
    vectors, rejects = run.writer(schema, part_rows=parameters.part_rows), run.writer(REJECTS)
    if len(todo):
        with stage("embed", len(todo), "photos") as step:
            for table in _embedded(place, tool, locate(place, todo), parameters.gpus):
                _write(table, tool["fingerprint"], vectors, rejects, step)
                _stop_early(rejects.rows, vectors.rows + rejects.rows)
    run.add(schema, vectors.close())
    run.add(REJECTS, rejects.close())
    refused = {"decode": rejects.rows} if rejects.rows else {}
    run.counts["embed"] = Count(len(todo), vectors.rows, refused)
    run.counts["photos"] = Count(len(wanted), len(reused) + len(kept) + vectors.rows, refused)
    run.seconds["embed"] = time.monotonic() - begun
    result = {
        "run_id": run.run_id,
        "fingerprint": tool["fingerprint"],
        "method": tool["method"],
        "embedded": vectors.rows + len(kept),
        "reused": len(reused),
        "rejected": refused,
        "images_per_second": round(vectors.rows / run.seconds["embed"], 1),
        "seconds": round(run.seconds["embed"], 2),
    }
    place.commit(run, result)
    return result


def newest_trained(lake: Lake) -> Manifest:
    """The newest train run that learnt something; first weights alone are no model."""
    for manifest in lake.runs("run", newest_first=True):
        if manifest.flow == "train" and manifest.result["images"]:
            return manifest
    raise LakeError(lake.uri, "holds no trained model yet; run train first")


def vector_runs(lake: Lake, wanted: str) -> Iterator[Manifest]:
    """Committed embed runs of one fingerprint."""
    for manifest in lake.runs("run"):
        if manifest.flow == "embed" and manifest.result["fingerprint"] == wanted and manifest.rows("vectors"):
            yield manifest


def embedded_ids(lake: Lake, wanted: str) -> Ids:
    """Every photo that has a committed vector of this fingerprint."""
    return joined(
        ids_of_hex(lake.table(manifest, "vectors", ["image_id"])["image_id"].to_pylist())
        for manifest in vector_runs(lake, wanted)
    )


def _tool(lake: Lake, parameters: EmbedParameters) -> dict[str, Any]:
    """Return what embeds: the arguments of workers.retrieval.embed.Embed and the fingerprint of its vectors."""
    if parameters.method:
        ready, path, parents = untrained(parameters.method), "", []
    else:
        trained = lake.run(parameters.train) if parameters.train else newest_trained(lake)
        path = f"{lake.folder(trained)}/{trained.files['checkpoints'][0].path}"
        ready, parents = load(lake.filesystem, path), [trained.run_id]
    seen = preprocessing(ready.module.image_size, ready.module.normalisation)
    recipe = recipe_of(ready.module, ready.settings.config)
    return {
        "method": ready.name,
        "checkpoint": ready.sha256,
        "path": path,
        "dim": ready.module.dim,
        "parents": parents,
        "fingerprint": fingerprint(ready.name, ready.sha256, seen, recipe),
    }


def _wanted(lake: Lake, labels: Manifest, splits: Sequence[str] | None) -> Ids:
    """The photos of a label run, or of some of its splits, each once and ascending."""
    batches = lake.batches(labels, "labels", ["image_id", "split"], rows=50_000)
    if splits is not None:
        chosen = pa.array(splits, pa.string())
        batches = (batch.filter(pc.is_in(batch["split"], chosen)) for batch in batches)
    return np.unique(joined(ids_of_hex(batch["image_id"].to_pylist()) for batch in batches))


def _embedded(lake: Lake, tool: dict[str, Any], slices: list[RowSlice], gpus: str) -> Iterator[pa.Table]:
    """Tables of finished photos as they come, in any order, from a pool of actors."""
    with started_ray() as cluster:
        devices = wanted_gpus(gpus, cluster)
        blocks = [table_of_slices([one]) for one in cut(slices, SLICE_ROWS)]
        actors = max(1, min(devices or cluster.cores, len(blocks)))
        DataContext.get_current().execution_options.preserve_order = False
        vectors = from_arrow(blocks).map_batches(
            Embed,
            fn_constructor_kwargs={
                "filesystem": lake.filesystem,
                "checkpoint": tool["path"],
                "method": tool["method"],
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
        yield from vectors.iter_batches(batch_size=None, batch_format="pyarrow", prefetch_batches=2)


def _write(table: pa.Table, wanted: str, vectors: Any, rejects: Any, step: Stage) -> None:
    """Vectors to the one table, photos that did not decode to the other."""
    table = table.set_column(0, "image_id", [hex_of_ids(ids_of_column(table["id"]))])
    good = table.filter(table["error"].is_null())
    named = good.select(["image_id", "vector"]).append_column("fingerprint", pa.array([wanted] * len(good)))
    if len(good):
        vectors.write_table(named)
    for row in table.filter(table["error"].is_valid()).to_pylist():
        rejects.write(Reject("embed", "decode", row["image_id"], detail=row["error"]).row())
    step.advance(len(table))


def _stop_early(rejected: int, seen: int) -> None:
    if seen >= 500 and rejected > MOST_REJECTED * seen:
        raise RejectedError("embed", rejected, seen, "decode")


def _ids_of_part(lake: Lake, run: OpenRun, path: str) -> Ids:
    with lake.part(f"{run.folder}/{path}") as part:
        return ids_of_hex(part.read(columns=["image_id"])["image_id"].to_pylist())
