"""What importers know of the labelled photos beyond words -> the table `annotations` of a label run."""

from collections.abc import Container, Sequence

import pyarrow as pa

from infra.lake import Lake
from infra.open_run import OpenRun
from schemas.label import ANNOTATIONS
from schemas.manifest import Manifest

ROWS = 2_000  # at a time in memory


def write_annotations(run: OpenRun, lake: Lake, crawls: Sequence[Manifest], labelled: Container[str]) -> None:
    """Copy the crawls' annotations of `labelled` products (their ids) into the run; without any, no table.

    A row per row of `labels` that has an annotation. A product that two crawls hold is the first one's, as
    flows.queries.newest_crawls.products reads it.
    """
    annotated = [crawl for crawl in crawls if crawl.rows("annotations")]
    if not annotated:
        return
    writer = run.writer(ANNOTATIONS)
    taken: set[str] = set()
    for crawl in crawls:
        shown = {
            product_id
            for batch in lake.batches(crawl, "products", ["product_id"], rows=ROWS)
            for product_id in batch["product_id"].to_pylist()
        }
        if crawl in annotated:
            for batch in lake.batches(crawl, "annotations", ANNOTATIONS.names, rows=ROWS):
                ids = batch["product_id"].to_pylist()
                mine = pa.array([name in labelled and name not in taken for name in ids], pa.bool_())
                writer.write_table(pa.Table.from_batches([batch.filter(mine)]))
        taken |= shown
    run.add(ANNOTATIONS, writer.close())
