"""Which products of some crawls are near-duplicates of each other, and which of these groups are held out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from flows.learn.official_splits import OfficialSplits
from flows.learn.shown_photos import ShownPhotos
from flows.queries.learnt_from import judged_models, label_runs_behind, of_side
from flows.queries.overrides import Override
from infra.lake import Lake
from schemas.image_ids import ids_of_hex
from schemas.manifest import Manifest
from workers.data.components import Components
from workers.data.near_duplicates import PhotoGroups, photo_groups, product_groups
from workers.data.split import group_numbers, held_out
from workers.text.report_card import Row, SplitCheck, leaked_without_groups, row

NAMED = 20  # products that a row of the card names


@dataclass(frozen=True)
class HeldOut:
    """The split of the P products with a stored photo.

    group    (P,) the first product of the near-duplicate group;  number  (P,) its number, as in schemas.label
    out      (P,) whether it is held out
    looks    what was found while photos were compared
    alone    what `leaked_without_groups` found
    kept     (P,) products that would be held out, had no judged model learnt from their group
    moved    (P,) products that were held out for a judged model, and are learnt from now
    judged   the train runs whose label runs decide that
    official products that a published benchmark splits: its word counts, each is a group of its own
    wrong    (P,) products whose words are not to be learnt from, as a person said
    """

    shown: ShownPhotos
    group: NDArray[np.int64]
    number: NDArray[np.int64]
    out: NDArray[np.bool_]
    looks: PhotoGroups
    alone: tuple[int, int]
    kept: NDArray[np.bool_]
    moved: NDArray[np.bool_]
    judged: Sequence[Manifest]
    official: OfficialSplits
    wrong: NDArray[np.bool_]

    @classmethod
    def of(
        cls, lake: Lake, sources: Sequence[Manifest], test_share: float, said: Mapping[str, Override] = {}
    ) -> "HeldOut":
        """Group the products of `sources` by their photos and hold out `test_share` of the groups.

        said  what people said of products: duplicates are of one group, what is no garment is left out

        A group that holds a product from which a model learnt that is still judged stays on the train side.
        """
        shown = ShownPhotos.of(lake, sources, [name for name in said if said[name].kind == "not_fashion"])
        looks = photo_groups(shown.features(lake))
        products = len(shown.product_ids)
        official = OfficialSplits.of(lake, sources, shown.product_ids)
        free = ~official.known[shown.owners]
        group = product_groups(shown.owners[free], shown.photos[free], looks.group, products)
        group = _joined(group, shown, said, ~official.known)
        number = group_numbers(group, shown.product_ids)
        judged = judged_models(lake)
        learnt, asked = _sides_before(lake, judged, shown)
        ours = held_out(group, number, test_share, learnt)
        out = np.where(official.known, ~official.learnt, ours)
        each = np.arange(products)
        alone = held_out(each, group_numbers(each, shown.product_ids), test_share)
        return cls(
            shown,
            group,
            number,
            out,
            looks,
            leaked_without_groups(shown.owners, shown.photos, looks.group, alone),
            held_out(group, number, test_share) & ~out & ~official.known,
            asked & ~learnt & ~out & ~official.known,
            judged,
            official,
            _are(shown, [name for name in said if said[name].kind == "wrong_label"]),
        )

    def rows(self) -> list[Row]:
        """Rows of the report card: how photos were compared, and which products are not where they would be."""
        models = ", ".join(run.run_id for run in self.judged)
        kept = "would be held out, but a judged model learnt from their group"
        moved = "were held out for a judged model and are learnt from now"
        compared = f"of {len(self.looks.group):,} photos, however many look alike"
        return [
            row("near-duplicates", "hashes compared", self.looks.comparisons, "pairs", compared),
            row(
                "near-duplicates",
                "found",
                self.looks.pairs,
                "pairs",
                "what is joined already is not compared again",
            ),
            row(
                "near-duplicates",
                "left out",
                self.looks.left_out,
                "photos",
                "no crawl of the lake holds them",
            ),
            row("sides", "models judged", len(self.judged), "models", models),
            row("sides", "kept in train", self.kept.sum(), "products", self._named(self.kept, kept)),
            row("sides", "moved to train", self.moved.sum(), "products", self._named(self.moved, moved)),
            *self.official.rows(self.shown.owners, self.shown.photos, self.looks.group),
        ]

    def check(self) -> SplitCheck:
        """Whether a photo or a group would stand on both sides of our split."""
        check = SplitCheck(len(self.shown.photo_ids), len(self.group))
        ours = ~self.official.known[self.shown.owners]
        owners = self.shown.owners[ours]
        check.see(self.shown.photos[ours], self.group[owners], ~self.out[owners])
        return check

    def moves(self) -> dict[str, int]:
        """How many products are not where they would be, for the run's result."""
        return {"kept_in_train": int(self.kept.sum()), "moved_to_train": int(self.moved.sum())}

    def _named(self, chosen: NDArray[np.bool_], why: str) -> str:
        return named(self.shown.product_ids.filter(pa.array(chosen)), why)


def _are(shown: ShownPhotos, names: Sequence[str]) -> NDArray[np.bool_]:
    """(P,) whether each product is one of these."""
    found: NDArray[np.bool_] = pc.is_in(shown.product_ids, pa.array(names, pa.string())).to_numpy(False)
    return found


def _joined(
    group: NDArray[np.int64], shown: ShownPhotos, said: Mapping[str, Override], free: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """The groups once free products that are the same, as a person said, are of one; named by its smallest product."""
    pairs = [(name, each.same_as) for name, each in said.items() if each.kind == "duplicate"]
    ends = [pc.index_in(pa.array(side, pa.string()), shown.product_ids) for side in zip(*pairs, strict=True)]
    if not ends:
        return group
    known = pc.and_(pc.is_valid(ends[0]), pc.is_valid(ends[1]))
    one, other = (end.filter(known).to_numpy(False).astype(np.int64) for end in ends)
    one, other = one[free[one] & free[other]], other[free[one] & free[other]]
    joined = Components(len(group))
    joined.add(np.arange(len(group)), group)
    joined.add(one, other)
    joined.fold()
    return joined.smallest()


def _sides_before(
    lake: Lake, judged: Sequence[Manifest], shown: ShownPhotos
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """(P,) products that judged models learnt from, or of which they learnt a photo; and those held out for them."""
    labels = {run.run_id: run for trained in judged for run in label_runs_behind(lake, trained)}.values()
    learnt, asked = (
        pc.is_in(shown.product_ids, of_side(lake, labels, "product_id", learnt=side)).to_numpy(False).copy()
        for side in (True, False)
    )
    photos = ids_of_hex(of_side(lake, labels, "image_id", learnt=True).to_pylist())
    learnt[shown.owners[np.isin(shown.photo_ids, photos)[shown.photos]]] = True
    return learnt, asked


def named(product_ids: pa.Array, why: str) -> str:
    """Tell why these products are told of, and the smallest ids among them."""
    if not len(product_ids):
        return why
    names = product_ids.take(pc.sort_indices(product_ids)[:NAMED]).to_pylist()
    more = f" and {len(product_ids) - len(names):,} more" if len(product_ids) > len(names) else ""
    return f"{why}: {', '.join(names)}{more}"
