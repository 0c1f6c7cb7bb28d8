"""What becomes of the rows of each table of a lake once some products and photos are forgotten.

A table that is not named here tells of no single product or photo: vocabulary, scores, verdicts, weights. What they say
in sum stays as it was measured.
"""

from collections.abc import Callable, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flows.upkeep.targets import Mask, Targets
from infra.lake import Lake
from infra.milvus.digests import EntityDigests
from infra.milvus.rows import entity_keys
from infra.removal import RowChange
from schemas.entity import entity_id
from schemas.manifest import Manifest

_ROWS = 10_000


def row_changes(lake: Lake, run: Manifest, targets: Targets) -> dict[str, RowChange]:
    """How each table of a run changes, by its name."""
    changes = _of_any(targets)
    if targets.shop and targets.shop == run.parameters.get("shop", run.result.get("shop")):
        changes |= dict.fromkeys(
            ("rejects", "ledger"), _dropping(("url",), lambda batch: np.ones(len(batch), bool))
        )
    if run.flow == "embed":
        changes["rejects"] = _dropping(("url",), lambda batch: targets.of_photos(batch["url"]))
    if run.files.get("indexed") and run.files.get("digests"):
        keys = EntityDigests.of_rows(gone_keys(lake, run, targets), [])
        wanted = np.sort(keys.keys)
        changes["digests"] = _dropping(("key",), lambda batch: np.isin(_keys(batch["key"]), wanted))
    return {table: change for table, change in changes.items() if run.files.get(table)}


def gone_keys(lake: Lake, run: Manifest, targets: Targets) -> list[str]:
    """The keys in Milvus of the entities that an index run still names and that are to go."""
    gone: list[str] = []
    if run.files.get("indexed"):
        for batch in lake.batches(run, "indexed", ["image_id", "product_id"], rows=_ROWS):
            meant = targets.of_products(batch["product_id"]) | targets.of_photos(batch["image_id"])
            here = batch.filter(pa.array(meant)).to_pylist()
            gone += entity_keys(entity_id(row["image_id"], row["product_id"]) for row in here)
    return gone


def _of_any(targets: Targets) -> dict[str, RowChange]:
    def product_or_photo(batch: pa.RecordBatch) -> Mask:
        return targets.of_products(batch["product_id"]) | targets.of_photos(batch["image_id"])

    def product_or_address(batch: pa.RecordBatch) -> Mask:
        return targets.of_products(batch["product_id"]) | targets.of_addresses(batch["url"])

    def query(batch: pa.RecordBatch) -> Mask:
        meant = targets.of_photos(batch["query_id"])
        return (
            meant | targets.of_products(batch["product_id"]) if "product_id" in batch.schema.names else meant
        )

    def either(batch: pa.RecordBatch) -> Mask:
        return targets.of_products(batch["product_id"]) | targets.of_products(batch["same_as"])

    pair = ("product_id", "image_id")
    return {
        "products": _products(targets),
        "images": _images(targets),
        "ledger": _ledger(targets),
        "rejects": _dropping(("product_id", "url"), product_or_address),
        "annotations": _dropping(pair, product_or_photo),
        "labels": _dropping(pair, product_or_photo),
        "vectors": _dropping(("image_id",), lambda batch: targets.of_photos(batch["image_id"])),
        "indexed": _dropping(pair, product_or_photo),
        "hits": _answers(("product_id", "query_id"), query, targets, [("image_ids", "similarities")]),
        "changes": _answers(
            ("product_id", "query_id"),
            query,
            targets,
            [(f"{side}_image_ids", f"{side}_similarities") for side in ("live", "candidate")],
        ),
        "overrides": _dropping(("product_id", "same_as"), either),
    }


def _dropping(columns: tuple[str, ...], meant: Callable[[pa.RecordBatch], Mask]) -> RowChange:
    """Rows that are meant go, the others stay as they are."""
    return RowChange(columns, meant, lambda batch: batch.filter(pa.array(~meant(batch))))


def _products(targets: Targets) -> RowChange:
    def touched(batch: pa.RecordBatch) -> Mask:
        own = _rows_with(batch, "image_ids", targets.of_own(batch["image_ids"].flatten()))
        return targets.of_products(batch["product_id"]) | own

    def changed(batch: pa.RecordBatch) -> pa.RecordBatch:
        batch = batch.filter(pa.array(~targets.of_products(batch["product_id"])))
        gone = targets.of_own(batch["image_ids"].flatten())
        return _without(batch, ("image_ids", "image_urls", "image_views"), gone)

    return RowChange(("product_id", "image_ids"), touched, changed)


def _images(targets: Targets) -> RowChange:
    """Photos go; one that stays, because another product shows it, does not tell any more who showed it first."""

    def touched(batch: pa.RecordBatch) -> Mask:
        return targets.of_photos(batch["image_id"]) | targets.of_products(batch["product_id"])

    def changed(batch: pa.RecordBatch) -> pa.RecordBatch:
        batch = batch.filter(pa.array(~targets.of_photos(batch["image_id"])))
        told = pa.array(targets.of_products(batch["product_id"]))
        for name in ("product_id", "url"):
            batch = _with_column(batch, name, pc.if_else(told, "", batch[name]))
        return batch

    return RowChange(("image_id", "product_id"), touched, changed)


def _ledger(targets: Targets) -> RowChange:
    def gone(batch: pa.RecordBatch) -> Mask:
        page = np.asarray(pc.equal(batch["kind"], "product").to_numpy(zero_copy_only=False), bool)
        held = _rows_with(batch, "product_ids", targets.of_products(batch["product_ids"].flatten()))
        meant: Mask = (page & held) | targets.of_photos(batch["image_id"])
        return meant | targets.of_addresses(batch["url"])

    def told(batch: pa.RecordBatch) -> tuple[Mask, Mask]:
        leads = targets.of_addresses(batch["leads_to"].flatten().field("url"))
        return targets.of_products(batch["product_ids"].flatten()), leads

    def touched(batch: pa.RecordBatch) -> Mask:
        products, leads = told(batch)
        return gone(batch) | _rows_with(batch, "product_ids", products) | _rows_with(batch, "leads_to", leads)

    def changed(batch: pa.RecordBatch) -> pa.RecordBatch:
        batch = batch.filter(pa.array(~gone(batch)))
        products, leads = told(batch)
        return _without(_without(batch, ("product_ids",), products), ("leads_to",), leads)

    return RowChange(("url", "kind", "image_id", "product_ids", "leads_to"), touched, changed)


def _answers(
    columns: tuple[str, ...],
    asked: Callable[[pa.RecordBatch], Mask],
    targets: Targets,
    lists: Sequence[tuple[str, str]],
) -> RowChange:
    """Queries go; from the answers to others go the photos, with what is said of each."""

    def touched(batch: pa.RecordBatch) -> Mask:
        meant = asked(batch)
        for ids, _ in lists:
            meant = meant | _rows_with(batch, ids, targets.of_photos(batch[ids].flatten()))
        return meant

    def changed(batch: pa.RecordBatch) -> pa.RecordBatch:
        batch = batch.filter(pa.array(~asked(batch)))
        for several in lists:
            batch = _without(batch, several, targets.of_photos(batch[several[0]].flatten()))
        return batch

    return RowChange((*columns, *(ids for ids, _ in lists)), touched, changed)


def _rows_with(batch: pa.RecordBatch, name: str, marked: Mask) -> Mask:
    """(N,) whether a row's list holds a marked item; `marked` is of all lists, one after the other."""
    rows = np.zeros(len(batch), bool)
    rows[pc.list_parent_indices(batch[name]).to_numpy()[marked]] = True
    return rows


def _without(batch: pa.RecordBatch, lists: Sequence[str], gone: Mask) -> pa.RecordBatch:
    """The batch without some items of lists that run side by side."""
    parents = pc.list_parent_indices(batch[lists[0]]).to_numpy()[~gone]
    offsets = np.concatenate([[0], np.cumsum(np.bincount(parents, minlength=len(batch)))]).astype(np.int32)
    for name in lists:
        items = batch[name].flatten().filter(pa.array(~gone))
        batch = _with_column(batch, name, pa.ListArray.from_arrays(pa.array(offsets), items))
    return batch


def _with_column(batch: pa.RecordBatch, name: str, values: pa.Array) -> pa.RecordBatch:
    place = batch.schema.get_field_index(name)
    field = batch.schema.field(place)
    return batch.set_column(place, field, values.cast(field.type))


def _keys(column: pa.Array) -> np.ndarray:
    return EntityDigests.of_rows([key.hex() for key in column.to_pylist()], []).keys
