"""What becomes of photos of a garment that was never learnt from when one of its attributes is changed.

The judge is no part of the method: for each kind of attribute, and for the category, a straight line through the
vectors of photos learnt from. Of each kind that it tells, held-out photos of shops are moved to another value:
changed is the share that the judge takes for that value then, kept the share of what it said of all other kinds that
it still says. Kinds of which it is no surer than it is of the most frequent value are not asked for, nor counted.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flows.learn.train import checkpoint_of
from flows.parameters.retrieval import EmbedParameters
from flows.retrieval.embedding.embed import embed
from flows.retrieval.protocols.asked_methods import AskedMethod, vectors_of
from flows.retrieval.protocols.benchmark_photos import BenchmarkRun, Truth
from tests.bench.surveyed.lake_of_seed import SeededLake
from tests.bench.surveyed.recipes import Recipe
from workers.retrieval import edit
from workers.retrieval.probe import Probe, fit_probe

SURER = 0.1  # than always saying the most frequent value: share of photos
PHOTOS = 400  # of each kind, at most
CATEGORY = "category"
Vectors = NDArray[np.float32]


@dataclass(frozen=True)
class Edited:
    """Shares by kind of attribute, and `told`, the judge's accuracy on photos as they are; photos edited in all."""

    changed: dict[str, float]
    kept: dict[str, float]
    told: dict[str, float]
    photos: int

    def __str__(self) -> str:
        return ", ".join(
            f"{kind} (told {100 * self.told[kind]:.0f} %) {100 * changed:.0f} % / {100 * self.kept[kind]:.0f} %"
            for kind, changed in self.changed.items()
        )


def edited(of: SeededLake, recipe: Recipe) -> Edited:
    """Change each kind of a trained method's held-out photos."""
    lake, trained = of.lake, of.trained(recipe)
    ready, labels = checkpoint_of(lake, trained), trained.parents[0]
    run = BenchmarkRun.of(lake, lake.run(labels), f"mall-{recipe.benchmark}")
    wanted = EmbedParameters(lake=lake.uri, train=trained.run_id, labels=labels, gpus="0")
    made = embed(**wanted.flat())
    method = AskedMethod(recipe.method, made["fingerprint"], made["run_id"], trained.run_id)
    learnt, asked = Truth.of(run, ["train"]), Truth.of(run, ["test"])
    before = vectors_of(lake, method, asked.images)
    judges = _judges(vectors_of(lake, method, learnt.images), learnt)
    true = values_of(asked)
    told = {
        kind: float((_says(judge, before) == true[kind])[true[kind] != ""].mean())
        for kind, judge in judges.items()
    }
    sure = [kind for kind in judges if told[kind] > SURER + _most_frequent(true[kind])]
    changed, kept, count = {}, {}, 0
    random = np.random.default_rng(of.seed)
    for kind in sure:
        if kind == CATEGORY:
            continue
        rows = np.flatnonzero(true[kind] != "")[:PHOTOS]
        values = list(judges[kind].labels)
        goal = np.array(
            [random.choice([one for one in values if one != value]) for value in true[kind][rows]]
        )
        after = before[rows].copy()
        for value in np.unique(goal):
            after[goal == value] = edit.edited(
                "flam", ready.module, before[rows][goal == value], {kind: value}
            )
        changed[kind] = float((_says(judges[kind], after) == goal).mean())
        others = [
            _says(judges[other], after) == _says(judges[other], before[rows])
            for other in sure
            if other != kind
        ]
        kept[kind] = float(np.mean(others)) if others else 1.0
        count += len(rows)
    return Edited(changed, kept, {kind: told[kind] for kind in sure}, count)


def values_of(truth: Truth) -> dict[str, NDArray[np.str_]]:
    """Kind -> (N,) its value; empty where a photo has none, or several."""
    kinds: dict[str, list[int]] = {}
    for place, name in enumerate(truth.names):
        kinds.setdefault(name.partition(": ")[0], []).append(place)
    found = {}
    for kind, places in kinds.items():
        hot = truth.attributes[:, places]
        names = np.array([truth.names[place].partition(": ")[2] for place in places])
        found[kind] = np.where(hot.sum(1) == 1, names[hot.argmax(1)], "")
    found[CATEGORY] = np.array([truth.categories[place] if place >= 0 else "" for place in truth.category])
    return found


def _judges(vectors: Vectors, learnt: Truth) -> Mapping[str, Probe]:
    groups = np.unique(learnt.groups, return_inverse=True)[1]
    judges = {}
    for kind, values in values_of(learnt).items():
        known = values != ""
        if len(np.unique(values[known])) > 1:
            judges[kind] = fit_probe(vectors[known], values[known].tolist(), groups[known].tolist())
    return judges


def _says(judge: Probe, vectors: Vectors) -> NDArray[np.str_]:
    best = judge.scores(vectors, judge.labels).argmax(1)
    labels: NDArray[np.str_] = np.array(judge.labels)[best]
    return labels


def _most_frequent(values: NDArray[np.str_]) -> float:
    _, counts = np.unique(values[values != ""], return_counts=True)
    return float(counts.max() / counts.sum())
