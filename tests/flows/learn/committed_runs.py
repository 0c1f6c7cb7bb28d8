"""Runs of one table, as another flow or an older version would have left them."""

import pyarrow as pa

from infra.lake import Lake


def committed(
    lake: Lake, flow: str, schema: pa.Schema, rows: list[dict[str, object]], **facts: object
) -> str:
    """A run of one table, as another flow or an older version would have left it."""
    run = lake.begin("run", flow, f"{flow} by hand", parents=facts.pop("parents", []))
    writer = run.writer(schema)
    for row in rows:
        writer.write(row)
    run.add(schema, writer.close())
    return lake.commit(run, facts).run_id
