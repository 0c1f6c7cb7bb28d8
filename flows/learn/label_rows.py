"""The rows of a label run: per photo of every product its words and its side, or a reject where it shows none."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from flows.learn.bag_spool import BagSpool
from flows.learn.held_out import HeldOut
from flows.learn.shown_photos import LEFT_OUT, NO_PHOTO
from flows.learn.texts import Unit
from flows.progress import Stage
from infra.lake import Lake
from infra.open_run import OpenRun
from infra.parts import PartWriter
from schemas.label import LABELS, SPLITS
from schemas.reject import REJECTS, Reject
from workers.data.columns import Csr
from workers.data.split import roles
from workers.text.encoder import Encoder
from workers.text.report_card import PAIRS, Products

_COMPARED = tuple(dict.fromkeys(field for pair in PAIRS for field in pair))
_REJECTED = {"no_photo": NO_PHOTO, "not_fashion": LEFT_OUT}
_SHOWN = ("product_id", "image_ids", "image_views", "url")


@dataclass(frozen=True)
class Written:
    """What was counted while the labels were written."""

    splits: dict[str, int]
    products: Products
    rejected: dict[str, int]


def write_labels(
    run: OpenRun,
    lake: Lake,
    units: Sequence[Unit],
    spool: BagSpool,
    encoder: Encoder,
    held_out: HeldOut,
    step: Stage,
) -> Written:
    """Write a row of LABELS per photo of every product, or one of REJECTS; no text is read again.

    A product whose label is wrong, as a person said, has no words.
    """
    labels, rejects = run.writer(LABELS), run.writer(REJECTS)
    counts, splits, refused = Products(), dict.fromkeys(SPLITS, 0), dict.fromkeys(_REJECTED, 0)
    for number, unit in enumerate(units):
        with lake.part(unit.path) as part:
            rows = part.read_row_group(unit.row_group, columns=list(_SHOWN)).select(_SHOWN)
        for why, place in _REJECTED.items():
            refused[why] += _write_rejects(rejects, rows.filter(pa.array(unit.place == place)), why)
        if not len(unit.labelled):
            continue
        bags = spool.read(number)
        languages = encoder.languages(bags)
        words = encoder.words(bags, languages).emptied(held_out.wrong[unit.place[unit.labelled]])
        counts.add(words.counts, languages, encoder.fields(bags, _COMPARED, languages))
        table = _labels(rows.take(pa.array(unit.labelled)), words, unit.place[unit.labelled], held_out)
        labels.write_table(table)
        for split, photos in zip(*(each.to_pylist() for each in _numbers(table)), strict=True):
            splits[split] += photos
        step.advance(len(rows))
    run.add(LABELS, labels.close())
    run.add(REJECTS, rejects.close())
    return Written(splits, counts, {why: number for why, number in refused.items() if number})


def _labels(rows: pa.Table, words: Csr, products: NDArray[np.int64], held_out: HeldOut) -> pa.Table:
    """LABELS of products, whose words are in the same order."""
    owners: list[int] = []
    ids: list[str] = []
    splits: list[str] = []
    out = held_out.out[products].tolist()
    shown = zip(rows["image_ids"].to_pylist(), rows["image_views"].to_pylist(), strict=True)
    official, names = held_out.official, rows["product_id"].to_pylist()
    for row, (image_ids, views) in enumerate(shown):
        photos = _distinct(image_ids, views)
        owners += [row] * len(photos)
        ids += photos
        if official.known[products[row]]:
            splits += official.of_photos(names[row], photos)
            continue
        splits += roles(list(photos.values())) if out[row] else ["train"] * len(photos)
    own = np.array(owners, np.int64)
    said = words.take(own)
    columns = {
        "product_id": rows["product_id"].take(pa.array(own)),
        "image_id": pa.array(ids, pa.string()),
        "words": pa.ListArray.from_arrays(said.starts.astype(np.int32), said.ids),
        "split": pa.array(splits, pa.string()),
        "group": pa.array(held_out.number[products[own]]),
    }
    return pa.table(columns)


def _write_rejects(rejects: PartWriter, rows: pa.Table, why: str) -> int:
    for row in rows.to_pylist():
        detail = f"none of its {len(row['image_ids'])} photos is stored" if why == "no_photo" else ""
        rejects.write(Reject("label", why, row["url"], row["product_id"], detail).row())
    return len(rows)


def _numbers(table: pa.Table) -> tuple[pa.Array, pa.Array]:
    counts = table["split"].value_counts()
    return counts.field("values"), counts.field("counts")


def _distinct(image_ids: list[str], views: list[str]) -> dict[str, str]:
    """Return the stored photos of a product, each once, with the view it was first shown as."""
    view_of: dict[str, str] = {}
    for image_id, view in zip(image_ids, views, strict=True):
        if image_id:
            view_of.setdefault(image_id, view)
    return view_of
