"""How good it is: scores in the order people read them, and what the index loses against exact search."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa

from workers.report.data import Agreement, Score

RETRIEVAL = "item-retrieval"
NAMES = {"untrained": "untrained network", "histogram": "colour histogram"}
BASELINES = tuple(NAMES)
SHOWN_SLICES = 18
THROUGH, CATEGORY = "live-retrieval:", "category="
OVERLAP_AT = 10


def read_scores(table: pa.Table) -> list[Score]:
    """The scores table as values."""
    return [
        Score(
            row["benchmark"],
            row["slice"],
            row["metric"],
            row["k"],
            row["value"],
            row["ci_low"],
            row["ci_high"],
            row["n"],
            row["method"],
        )
        for row in table.to_pylist()
    ]


def main_method(scores: Sequence[Score]) -> str:
    """The trained method where the run does not name it: the best recall that is no baseline's."""
    overall = [s for s in scores if s.benchmark == RETRIEVAL and s.slice == "all"] or list(scores)
    own = [s for s in overall if s.method not in BASELINES] or overall
    return max(own, key=lambda s: (s.value, s.method)).method if own else ""


def overall(scores: Sequence[Score]) -> list[Score]:
    """Item retrieval over all queries, by k."""
    found = [s for s in scores if s.benchmark == RETRIEVAL and s.slice == "all" and s.metric == "recall"]
    return sorted(found, key=lambda s: s.k)


def methods(scores: Sequence[Score], main: str) -> dict[str, str]:
    """Names for people of every method scored: the trained one first, then by their first recall."""
    best: dict[str, float] = {}
    for score in overall(scores) or scores:
        best.setdefault(score.method, score.value)
    order = sorted(best, key=lambda name: (name != main, -best[name], name))
    return {name: NAMES.get(name, name) for name in order}


def retrieval_slices(scores: Sequence[Score], main: str) -> tuple[list[Score], dict[str, float], int]:
    """Scores of the trained method by category, best first; the untrained network's; how many are not shown.

    The k shown is 20, or the nearest there is: at 1 a slice of ten queries says little. Of too many
    slices those with the most queries stay.
    """
    cut = [
        replace(s, slice=s.slice.removeprefix(CATEGORY))
        for s in scores
        if s.benchmark == RETRIEVAL and s.slice != "all" and s.metric == "recall"
        if s.slice.startswith(CATEGORY) or "=" not in s.slice  # as older runs name a category
    ]
    if not cut:
        return [], {}, 0
    k = min({s.k for s in cut}, key=lambda k: (abs(k - 20), k))
    own = sorted((s for s in cut if s.method == main and s.k == k), key=lambda s: (-s.n, s.slice))
    shown = sorted(own[:SHOWN_SLICES], key=lambda s: (-s.value, s.slice))
    other = {s.slice: s.value for s in cut if s.method == "untrained" and s.k == k}
    return shown, other, len(own) - len(shown)


def other_benchmarks(scores: Sequence[Score]) -> dict[str, list[Score]]:
    """Gather what is not item retrieval, over all queries, by benchmark and metric: a chart each, ordered by k."""
    found: dict[str, list[Score]] = {}
    for score in scores:
        if score.benchmark != RETRIEVAL and not score.benchmark.startswith(THROUGH) and score.slice == "all":
            found.setdefault(f"{score.benchmark}, {score.metric}", []).append(score)
    return {name: sorted(rows, key=lambda s: s.k) for name, rows in sorted(found.items())}


def beside_recall(scores: Sequence[Score]) -> dict[str, dict[str, Score]]:
    """Give item retrieval's other metrics over all queries: by name, with its k where it has one, and by method."""
    found: dict[str, dict[str, Score]] = {}
    for score in sorted(scores, key=lambda s: (s.metric, s.k)):
        if score.benchmark == RETRIEVAL and score.slice == "all" and score.metric != "recall":
            name = score.metric.replace("-", " ") + (f"@{score.k}" if score.k else "")
            found.setdefault(name, {})[score.method] = score
    return found


def headline_ks(scores: Sequence[Score]) -> list[int]:
    """The k that stand in the header: 1 and 20, or the first two there are."""
    ks = sorted({score.k for score in overall(scores)})
    return [k for k in ks if k in (1, 20)] or ks[:2]


def verdict(scores: Sequence[Score], main: str) -> str:
    """Whether the training helped, as far as the intervals say, for each headline k; "" where nothing compares."""
    said = []
    for k in headline_ks(scores):
        found = {s.method: s for s in overall(scores) if s.k == k}
        own = found.pop(main, None)
        if own is None or not found:
            continue
        rival = max(found.values(), key=lambda s: s.value)
        name = NAMES.get(rival.method, rival.method)
        begin = f"Within the first {k} hits" if k > 1 else "At the first hit"
        if own.low > rival.high:
            judged = "a gain beyond the intervals"
        elif own.high < rival.low:
            judged = "the trained method is behind, beyond the intervals"
        else:
            judged = f"the intervals overlap, so {own.n:,} queries do not settle it"
        said.append(f"{begin}: {_percent(own)} against {_percent(rival)} for the {name}; {judged}.")
    return " ".join(said)


def agreement(scores: Sequence[Score], through: Mapping[str, Any] | None) -> Agreement | None:
    """How the index compares with comparing everything; None where it was not searched.

    through  what the evaluation tells of the index
    """
    recall: dict[str, dict[int, float]] = {}
    for score in scores:
        recall.setdefault(score.benchmark, {})[score.k] = score.value
    exact, index = recall.get(f"{THROUGH}exact", {}), recall.get(f"{THROUGH}index", {})
    if through is None or not exact or exact.keys() != index.keys():
        return None
    rows = [(k, exact[k], index[k]) for k in sorted(exact)]
    overlap = through[f"overlap_at_{OVERLAP_AT}"]
    return Agreement(through["queries"], through["entities"], through["line"], rows, overlap)


def _percent(score: Score) -> str:
    return f"{100 * score.value:.1f}\N{NO-BREAK SPACE}%"
