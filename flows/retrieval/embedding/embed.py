"""From photos to vectors, each photo once: what a fingerprint has embedded already is reused.

Actors read, decode, embed and write (workers/retrieval/embed.py). This process knows ids, places and records: 33 bytes
of each wanted photo, and of the lots on their way where their photos lie.
"""

import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flows.flow_of import flow_of
from flows.parameters.retrieval import EmbedParameters
from flows.progress import say, stage
from flows.retrieval.embedding.forecast import forecast
from flows.retrieval.embedding.ledger import WorkList, work_list
from flows.retrieval.embedding.receipt import Receipt
from flows.retrieval.embedding.tool import EmbedTool, embed_tool
from flows.retrieval.embedding.under_way import Embedding
from flows.retrieval.embedding.verdict import verdict
from flows.running.night import begin, done_before
from flows.running.stage_task import stage_task
from infra.lake import Lake
from infra.open_run import OpenRun
from schemas.annotation import DOMAINS
from schemas.columns import table_name
from schemas.ids import digest
from schemas.image_ids import ID, Ids, ids_of_hex_column, joined
from schemas.manifest import Count, Manifest
from schemas.reject import REJECTS
from schemas.vector import vectors_schema
from workers.retrieval.embed import NO_IDS
from workers.retrieval.encoder import STREET

ROWS = 50_000  # ids read at a time


@flow_of(EmbedParameters, name="embed")
def embed(parameters: EmbedParameters) -> dict[str, Any]:
    """Embed the photos of a label run with a train run's checkpoint; the newest of both by default."""
    return embed_photos(parameters)


@stage_task()
def embed_photos(parameters: EmbedParameters) -> dict[str, Any]:
    """Embed what this fingerprint has not embedded yet, and commit it as one run."""
    begun = time.monotonic()
    place = Lake(parameters.lake)
    source = place.run(parameters.labels, "label") if parameters.labels else place.newest("label")
    tool = embed_tool(place, parameters)
    schema = vectors_schema(tool.dim)
    recorded = {"method": tool.method, "checkpoint": tool.checkpoint} | parameters.recorded()
    recorded |= {"compute": tool.compute}
    asked = {"embed": source.run_id, "fingerprint": tool.fingerprint, "splits": recorded["splits"]}
    key = digest(asked | {"retry": parameters.retry})
    if done := done_before(place, "embed", key=key):
        return done.result
    run = begin(place, "run", "embed", key, parents=[source.run_id, *tool.parents], parameters=recorded)
    run.drop(REJECTS)
    kept = (_ids_of_part(place, run, part.path) for part in run.left_behind(schema))
    work = work_list(
        place, _wanted(place, source, parameters.splits), tool.fingerprint, kept, parameters.retry
    )
    street = street_photos(place, source) if tool.reads_domain and len(work.todo) else NO_IDS
    embedding = Embedding(place, run, tool, street)
    of = {"fingerprint": tool.fingerprint, "method": tool.method, "compute": tool.compute}
    if told := forecast(place, len(work.todo), **of):
        say(f"forecast: {told}")
    if len(work.todo):
        with stage("embed", len(work.todo), "photos") as step:
            embedding.embed(work.todo, parameters.gpus, parameters.part_rows, step)
    run.add(schema, sorted(embedding.parts, key=lambda part: part.path))
    if not run.files[table_name(schema)]:
        run.add(schema, run.writer(schema).close())  # an empty part: a run without vectors is one, too
    run.add(REJECTS, embedding.close())
    run.tidy(schema)
    spent = embedding.spent
    held = spent.elapsed * spent.workers if spent.on_gpu else 0.0
    run.cost = {"cpu_seconds": spent.process, "gpu_seconds": held}
    run.seconds["start"] = embedding.start_seconds
    run.seconds["embed"] = time.monotonic() - begun
    result = _result(run, tool, work, embedding)
    place.commit(run, result)
    return result


def street_photos(lake: Lake, labels: Manifest) -> Ids:
    """Ascending ids of the photos that customers took, as the label run's annotations say."""
    if not labels.rows("annotations"):
        return NO_IDS
    taken = (
        batch.filter(pc.equal(batch["domain"], DOMAINS[STREET]))
        for batch in lake.batches(labels, "annotations", ["image_id", "domain"], rows=ROWS)
    )
    return np.unique(joined(ids_of_hex_column(batch["image_id"]) for batch in taken))


def _wanted(lake: Lake, labels: Manifest, splits: Sequence[str] | None) -> Ids:
    """The photos of a label run, or of some of its splits, each once and ascending."""
    batches = lake.batches(labels, "labels", ["image_id", "split"], rows=ROWS)
    if splits is not None:
        chosen = pa.array(splits, pa.string())
        batches = (batch.filter(pc.is_in(batch["split"], chosen)) for batch in batches)
    found, rows = np.empty(labels.rows("labels"), ID), 0
    for batch in batches:
        found[rows : rows + len(batch)] = ids_of_hex_column(batch["image_id"])
        rows += len(batch)
    found = found[:rows]
    found.sort()  # in place, for there may be many: np.unique makes two copies
    new = np.ones(rows, bool)
    new[1:] = found[1:] != found[:-1]
    once: Ids = found[new]
    return once


def _ids_of_part(lake: Lake, run: OpenRun, path: str) -> Ids:
    with lake.part(f"{run.folder}/{path}") as part:
        return ids_of_hex_column(part.read(columns=["image_id"])["image_id"])


def _result(run: OpenRun, tool: EmbedTool, work: WorkList, embedding: Embedding) -> dict[str, Any]:
    """Check where every photo went, enter it, and say it."""
    rejected = dict(Counter(work.rejected) + embedding.rejected)
    receipt = Receipt(work.wanted, work.reused, work.kept + embedding.vectors, rejected).checked()
    run.counts["embed"] = Count(len(work.todo), embedding.vectors, dict(embedding.rejected))
    run.counts["photos"] = receipt.count
    spent = embedding.spent
    return {
        "run_id": run.run_id,
        "fingerprint": tool.fingerprint,
        "method": tool.method,
        "receipt": str(receipt),
        "embedded": receipt.embedded,
        "reused": receipt.reused,
        "rejected": rejected,
        "images_per_second": round(spent.rate, 1) if spent.photos else 0.0,
        "start_seconds": round(embedding.start_seconds, 2),
        "seconds": round(run.seconds["embed"], 2),
        **verdict(spent),
    }
