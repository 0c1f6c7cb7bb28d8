"""What importers know of the labelled photos beyond words -> the table `annotations` of a label run."""

from collections.abc import Iterator, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from infra.lake import Lake
from infra.open_run import OpenRun
from schemas.label import ANNOTATIONS
from schemas.manifest import Manifest

ROWS = 2_000  # at a time in memory


def write_annotations(run: OpenRun, lake: Lake, crawls: Sequence[Manifest], labelled: pa.Array) -> None:
    """Copy the crawls' annotations of `labelled` products (their ids) into the run; without any, no table.

    A row per row of `labels` that has an annotation. A product that two crawls hold is the first one's, as
    flows.queries.newest_crawls.products reads it.
    """
    annotated = [crawl for crawl in crawls if crawl.rows("annotations")]
    if not annotated:
        return
    writer = run.writer(ANNOTATIONS)
    taken = pa.array([], pa.string())
    for crawl in crawls:
        if crawl in annotated:
            for batch in annotation_batches(lake, crawl):
                ids = batch["product_id"]
                mine = pc.and_not(pc.is_in(ids, labelled), pc.is_in(ids, taken))
                writer.write_table(pa.Table.from_batches([batch.filter(mine)]))
        shown = lake.table(crawl, "products", ["product_id"])["product_id"]
        taken = pa.chunked_array([taken, *shown.chunks]).unique()
    run.add(ANNOTATIONS, writer.close())


def annotation_batches(lake: Lake, run: Manifest) -> Iterator[pa.RecordBatch]:
    """Read the annotations of a crawl or a label run, all columns; one of version 1 has no `split`."""
    names = [name for name in ANNOTATIONS.names if run.schemas["annotations"] > 1 or name != "split"]
    for batch in lake.batches(run, "annotations", names, rows=ROWS):
        if "split" not in names:
            batch = batch.append_column("split", pa.nulls(len(batch), pa.string()))
        yield batch
