"""Whether an evaluation can say anything, told before an hour of embedding instead of after it."""

import logging

from flows.parameters.retrieval import EvaluateParameters
from flows.retrieval.judging.benchmark import Benchmark, read_benchmark
from flows.retrieval.judging.ground_truth import Coverage, coverage, read_truth
from infra.lake import Lake
from schemas.errors import InputError

log = logging.getLogger("vitrine.evaluate")
_WAYS = "give several photos of a product, photos with view=customer, or --truth FILE with clean columns"


def judge(lake: Lake, parameters: EvaluateParameters, labels: str) -> list[str]:
    """Say what an evaluation of a label run will not be able to tell.

    Raises InputError where it could tell nothing: no held-out photo, no photo to search with, no product named.
    """
    benchmark = read_benchmark(lake, lake.run(labels))
    if not benchmark.gallery:
        why = "has no held-out photo to score with; label more products or raise --test-share"
        raise InputError(labels, why)
    notes = _without_queries(benchmark, labels, bool(parameters.truth))
    if parameters.truth:
        columns = read_truth(parameters.truth, parameters.truth_key, parameters.columns)
        covered = coverage(columns[0], benchmark.keys) if columns else None
        notes += _badly_named(parameters, covered) if covered is not None else []
    for note in notes:
        log.warning("%s", note)
    return notes


def _without_queries(benchmark: Benchmark, labels: str, truth: bool) -> list[str]:
    """Say that no product has a second photo; raises InputError where nothing else could be scored."""
    if benchmark.queries:
        return []
    alone = f"none of the {len(benchmark.answers):,} held-out products has a second photo to search with"
    if not truth:
        raise InputError(labels, f"{alone}: {_WAYS}")
    return [f"{alone}: no recall, the columns of the truth alone are scored"]


def _badly_named(parameters: EvaluateParameters, covered: Coverage) -> list[str]:
    """Say that the truth names too few; raises InputError where it names none."""
    if not covered.named:
        key = "names no product of the gallery; --truth-key must be the shop's product id or SKU"
        raise InputError(str(parameters.truth), f"{key}: {covered}")
    return [f"{parameters.truth} {covered}"] if covered.is_low else []
