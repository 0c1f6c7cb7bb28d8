"""What people said on the search page against the shops' words: of each product the newest that was said."""

from typing import NamedTuple

from infra.lake import Lake


class Override(NamedTuple):
    """What holds of a product: `kind` of schemas.override.KINDS, and the product that a duplicate is the same as."""

    kind: str
    same_as: str


def overrides(lake: Lake) -> dict[str, Override]:
    """Return what holds, by product; what was taken back is left out."""
    said: dict[str, Override] = {}
    for run in lake.runs("run", "override"):
        for row in lake.table(run, "overrides").to_pylist():
            said.pop(row["product_id"], None)
            if row["kind"] != "none":
                said[row["product_id"]] = Override(row["kind"], row["same_as"])
    return said
