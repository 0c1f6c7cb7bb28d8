"""What is told of an evaluation beside its table of scores: notes for people, and which scores its result names."""

from collections.abc import Mapping, Sequence
from typing import Any

from flows.retrieval.judging.benchmark import Benchmark
from schemas.manifest import Manifest

NAMED = 20  # products that the result names
SHOWN_AT = 20  # the k of the slices that the result names; the table has every one


def moved(labels: Manifest, learnt: Sequence[str]) -> dict[str, Any]:
    """Products on another side than their group's name says, as the label run kept them, or left out here."""
    kept = {name: labels.result.get(name, 0) for name in ("kept_in_train", "moved_to_train")}
    return kept | {"left_out": len(learnt), "left_out_products": list(learnt[:NAMED])}


def left_out_note(moved: dict[str, Any]) -> list[str]:
    """A line for people on products that nobody was asked for, if there are any."""
    if not moved["left_out"]:
        return []
    names, more = ", ".join(moved["left_out_products"]), moved["left_out"] - len(moved["left_out_products"])
    names += f" and {more:,} more" if more else ""
    return [f"{moved['left_out']:,} held-out products left out, which a scored model learnt from: {names}"]


def without_answer(benchmark: Benchmark) -> int:
    """Count queries whose product has no photo in the gallery; they are misses, not left out."""
    return sum(product not in benchmark.answers for _, product in benchmark.queries)


def index_notes(through: Mapping[str, Any] | None) -> list[str]:
    """Lines for people on where recall is lost, and which filters nothing passes."""
    if through is None:
        return ["searched exactly only: this model has no index yet"]
    queries, entities = through["queries"], through["entities"]
    lines = [f"{through['line']}; products, {queries:,} queries in the {entities:,} photos of the index"]
    return lines + [f"nothing in the index passes {where}: not scored" for where in through["nothing_passes"]]


def told(row: Mapping[str, Any], main: str) -> bool:
    """Whether the result names a score: every one over all queries, and the main method's slices at one k."""
    of_slice = row["method"] == main and (row["metric"], row["k"]) == ("recall", SHOWN_AT)
    return bool(row["slice"] == "all" or of_slice)
