"""What importers know of the labelled photos beyond words -> the table `annotations` of a label run."""

from collections.abc import Sequence

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
            for batch in lake.batches(crawl, "annotations", ANNOTATIONS.names, rows=ROWS):
                ids = batch["product_id"]
                mine = pc.and_not(pc.is_in(ids, labelled), pc.is_in(ids, taken))
                writer.write_table(pa.Table.from_batches([batch.filter(mine)]))
        shown = lake.table(crawl, "products", ["product_id"])["product_id"]
        taken = pa.chunked_array([taken, *shown.chunks]).unique()
    run.add(ANNOTATIONS, writer.close())
