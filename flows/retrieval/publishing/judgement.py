"""The answers of candidate and live model side by side: compared by the gate, and which of them changed."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from flows.parameters.publish import PublishParameters
from flows.queries.newest_crawls import labelled_crawls
from flows.retrieval.judging.slices import slices_of
from infra.lake import Lake
from schemas.errors import InputError, LakeError
from schemas.manifest import Manifest
from workers.retrieval.gate import Comparison, Verdict, compare, settled_by
from workers.retrieval.score import found_at

CHANGED = 50  # queries kept with their answers
FIRST = 10  # photos whose overlap is told
MAY_GO = ("better", "not worse")


@dataclass(frozen=True)
class Judgement:
    """What the gate says: whether the candidate may go live, in a sentence, with every comparison behind it.

    overlap  mean share of the first ten photos that both models find
    changes  rows of schemas.verdict.CHANGES, the most changed first
    """

    verdict: Verdict
    why: str
    comparisons: list[Comparison]
    overlap: float
    changes: list[dict[str, Any]]

    @property
    def worse(self) -> list[Comparison]:
        """The slices that are worse, the surest first."""
        rows = (row for row in self.comparisons[1:] if row.verdict == "worse")
        return sorted(rows, key=lambda row: (row.p_adjusted, row.difference))

    @property
    def may_go(self) -> bool:
        """Whether nothing stands against the candidate."""
        return self.verdict in MAY_GO


@dataclass(frozen=True)
class _Answers:
    """One model's answers by query: rank of its product, first photos and their similarities."""

    ranks: dict[tuple[str, str], int]
    photos: dict[tuple[str, str], list[str]]
    similarities: dict[tuple[str, str], list[float]]


def judge(
    lake: Lake, evaluation: Manifest, candidate: str, live: str, parameters: PublishParameters
) -> Judgement:
    """Compare two fingerprints by what an evaluation recorded of both.

    Raises InputError where the evaluation did not ask the live model, or asked nobody anything.
    """
    theirs = _answers(lake, evaluation, live)
    ours = _answers(lake, evaluation, candidate)
    queries = sorted(ours.ranks)
    if not queries or ours.ranks.keys() != theirs.ranks.keys():
        why = "holds no answers of the live model beside the candidate's; run evaluate again, then publish"
        raise InputError(evaluation.run_id, why)
    labels = lake.run(evaluation.parents[0])
    slices = slices_of(lake, labelled_crawls(lake, labels), queries)
    own, other = (_scores(answers, queries, parameters) for answers in (ours, theirs))
    comparisons = compare(
        own,
        other,
        _groups(lake, labels, [product for _, product in queries]),
        {name: np.array(rows) for name, rows in slices.items()},
        parameters.margin,
        smallest=parameters.smallest,
    )
    overlaps = [_overlap(ours, theirs, query) for query in queries]
    changes = list(_changes(ours, theirs, dict(zip(queries, overlaps, strict=True))))
    verdict, why = _verdict(comparisons, parameters)
    return Judgement(verdict, why, comparisons, round(float(np.mean(overlaps)), 4), changes)


def _verdict(comparisons: list[Comparison], parameters: PublishParameters) -> tuple[Verdict, str]:
    """The verdict in a sentence: a slice that is worse stands against all that is better elsewhere."""
    overall = comparisons[0]
    worse = sorted((row for row in comparisons[1:] if row.verdict == "worse"), key=lambda row: row.p_adjusted)
    metric = f"recall@{parameters.k}" if parameters.metric == "recall" else parameters.metric
    margin = f"{100 * parameters.margin:g} points"
    if overall.verdict in MAY_GO and worse:
        more = f", and in {len(worse) - 1} more" if len(worse) > 1 else ""
        first = worse[0]
        why = f"worse in {_line(first, metric)}, adjusted p {first.p_adjusted:.2g}{more}"
        return "worse", f"{why}; over all {_line(overall, metric)}"
    said = _line(overall, metric)
    if overall.verdict == "not settled":
        wanted = settled_by(overall, parameters.margin)
        said += f": a loss of more than {margin} is not ruled out; about {wanted:,} queries would settle it"
    if overall.verdict == "worse":
        said += f": a loss of more than {margin}" + (f", worst in {worse[0].slice}" if worse else "")
    return overall.verdict, said


def _line(row: Comparison, metric: str) -> str:
    name = "" if row.slice == "all" else f"{row.slice}: "
    low, high = 100 * row.low, 100 * row.high
    return (
        f"{name}{metric} {100 * row.candidate:.1f} against {100 * row.live:.1f} live, "
        f"{100 * row.difference:+.1f} points ({low:+.1f} to {high:+.1f}) on {row.n:,} queries"
    )


def _answers(lake: Lake, evaluation: Manifest, fingerprint: str) -> _Answers:
    if "product_id" not in (dataset := lake.dataset(evaluation, "hits")).schema.names:
        raise LakeError(evaluation.run_id, "is of an older version; run evaluate again")
    names = ["query_id", "product_id", "rank", "image_ids", "similarities"]
    table = dataset.to_table(names, filter=pc.field("fingerprint") == fingerprint)
    pairs = list(zip(table["query_id"].to_pylist(), table["product_id"].to_pylist(), strict=True))
    lists = (pc.list_slice(table[name], 0, FIRST).to_pylist() for name in ("image_ids", "similarities"))
    photos, similarities = (dict(zip(pairs, rows, strict=True)) for rows in lists)
    return _Answers(dict(zip(pairs, table["rank"].to_pylist(), strict=True)), photos, similarities)


def _scores(
    answers: _Answers, queries: list[tuple[str, str]], parameters: PublishParameters
) -> NDArray[np.float64]:
    ranks = np.array([answers.ranks[query] for query in queries], np.int64)
    if parameters.metric == "recall":
        return found_at(parameters.k, ranks)
    return np.divide(1.0, ranks, out=np.zeros(len(ranks)), where=ranks > 0)


def _groups(lake: Lake, labels: Manifest, products: list[str]) -> list[int]:
    wanted, groups = pa.array(sorted(set(products)), pa.string()), dict[str, int]()
    for batch in lake.batches(labels, "labels", ["product_id", "group"], rows=50_000):
        chosen = batch.filter(pc.is_in(batch["product_id"], wanted))
        groups |= zip(chosen["product_id"].to_pylist(), chosen["group"].to_pylist(), strict=True)
    return [groups[product] for product in products]


def _overlap(ours: _Answers, theirs: _Answers, query: tuple[str, str]) -> float:
    first, second = set(ours.photos[query]), set(theirs.photos[query])
    return len(first & second) / max(1, len(first), len(second))


def _changes(
    ours: _Answers, theirs: _Answers, overlaps: dict[tuple[str, str], float]
) -> Iterator[dict[str, Any]]:
    """The queries that changed most: by the reciprocal rank of their product, then by how few photos stayed."""

    def change(query: tuple[str, str]) -> tuple[float, float, tuple[str, str]]:
        own, other = (1 / rank if rank else 0.0 for rank in (ours.ranks[query], theirs.ranks[query]))
        return -abs(own - other), overlaps[query], query

    for query in sorted(overlaps, key=change)[:CHANGED]:
        yield {
            "query_id": query[0],
            "product_id": query[1],
            "live_rank": theirs.ranks[query],
            "candidate_rank": ours.ranks[query],
            "overlap": overlaps[query],
            "live_image_ids": theirs.photos[query],
            "live_similarities": theirs.similarities[query],
            "candidate_image_ids": ours.photos[query],
            "candidate_similarities": ours.similarities[query],
        }
