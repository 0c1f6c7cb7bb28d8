"""Which products a model learnt from: those of the train side of its label run, and of the runs it went on from."""

from collections.abc import Iterable, Iterator

import pyarrow as pa
import pyarrow.compute as pc

from infra.lake import Lake
from schemas.errors import LakeError
from schemas.manifest import Manifest

ROWS = 50_000  # at a time in memory


def judged_models(lake: Lake) -> list[Manifest]:
    """The models that are judged unless another is named: the newest train run of each method that learnt anything."""
    newest: dict[str, Manifest] = {}
    for manifest in lake.runs("run", "train", newest_first=True):
        if manifest.result.get("images"):
            newest.setdefault(str(manifest.result["method"]), manifest)
    return [newest[method] for method in sorted(newest)]


def label_runs_behind(lake: Lake, trained: Manifest) -> Iterator[Manifest]:
    """The label runs that a train run learnt from: its own, and those of the train runs it went on from.

    One that is no longer in the lake is left out: it cannot be told what was learnt from it.
    """
    for parent in trained.parents:
        try:
            manifest = lake.run(parent)
        except LakeError:
            continue
        if manifest.flow == "label":
            yield manifest
        elif manifest.flow == "train":
            yield from label_runs_behind(lake, manifest)


def of_side(lake: Lake, labels: Iterable[Manifest], column: str, *, learnt: bool) -> pa.Array:
    """Values of a column (product_id, image_id) on the train side of some label runs, or on the other; each once."""
    chunks = [pa.array([], pa.string())]
    for run in labels:
        for batch in lake.batches(run, "labels", [column, "split"], rows=ROWS):
            train = pc.equal(batch["split"], "train")
            chunks.append(batch[column].filter(train if learnt else pc.invert(train)).unique())
    return pa.chunked_array(chunks).unique()


def asked_though_learnt(lake: Lake, labels: Manifest, behind: Iterable[Manifest]) -> pa.Array:
    """Held-out products of a label run that stand on the train side of others, or show a photo that does; ascending."""
    behind = list(behind)
    products, photos = (of_side(lake, behind, name, learnt=True) for name in ("product_id", "image_id"))
    chunks = [pa.array([], pa.string())]
    for batch in lake.batches(labels, "labels", ["product_id", "image_id", "split"], rows=ROWS):
        learnt = pc.or_(pc.is_in(batch["product_id"], products), pc.is_in(batch["image_id"], photos))
        asked = pc.and_(learnt, pc.not_equal(batch["split"], "train"))
        chunks.append(batch["product_id"].filter(asked).unique())
    found = pa.chunked_array(chunks).unique()
    return found.take(pc.sort_indices(found))
