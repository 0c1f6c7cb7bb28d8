"""What the page says about the scores, and what it must not claim."""

import pytest

from workers.report.data import Score
from workers.report.quality import (
    agreement,
    main_method,
    methods,
    other_benchmarks,
    retrieval_slices,
    verdict,
)


def score(method: str, value: float, k: int = 1, name: str = "all", n: int = 40, half: float = 0.05) -> Score:
    return Score("item-retrieval", name, "recall", k, value, value - half, value + half, n, method)


@pytest.mark.parametrize(
    ("own", "other", "said"),
    [(0.8, 0.4, "a gain beyond"), (0.42, 0.4, "do not settle it"), (0.2, 0.4, "is behind, beyond")],
)
def test_the_verdict_claims_no_more_than_the_intervals(own: float, other: float, said: str) -> None:
    assert said in verdict(
        [score("corbiere", own), score("untrained", other), score("histogram", 0.01)], "corbiere"
    )


def test_the_verdict_compares_with_the_best_rival_at_each_k() -> None:
    scores = [score("corbiere", 0.8), score("untrained", 0.4), score("histogram", 0.1)]
    scores += [score("corbiere", 0.8, 20), score("untrained", 0.4, 20), score("histogram", 0.95, 20)]

    first, second = verdict(scores, "corbiere").split(". ")

    assert "untrained network" in first and "a gain" in first
    assert "colour histogram" in second and "is behind" in second


def test_without_a_rival_there_is_no_verdict() -> None:
    assert verdict([score("corbiere", 0.8)], "corbiere") == ""


def test_the_trained_method_comes_first_even_when_it_is_worst() -> None:
    scores = [score("histogram", 0.9), score("corbiere", 0.1), score("untrained", 0.5)]

    assert main_method(scores) == "corbiere"
    assert list(methods(scores, "corbiere")) == ["corbiere", "histogram", "untrained"]


def test_slices_are_sorted_and_the_smallest_are_left_out() -> None:
    scores = [score("corbiere", n / 30, 20, f"slice {n:02d}", n=n) for n in range(1, 25)]
    scores += [score("corbiere", 1.0, 1, "slice 01"), score("untrained", 0.1, 20, "slice 24")]

    shown, other, left = retrieval_slices(scores, "corbiere")

    assert [s.slice for s in shown] == [f"slice {n:02d}" for n in range(24, 6, -1)]
    assert left == 6 and other == {"slice 24": 0.1}


def test_the_index_is_compared_with_exact_search() -> None:
    told = {"queries": 40, "entities": 900, "line": "R@20 exact 0.700 -> index 0.600", "overlap_at_10": 0.75}
    scores = [
        Score(f"live-retrieval:{way}", "all", "recall", k, value, 0.0, 1.0, 40, "house")
        for way, values in (("exact", (0.7, 0.5)), ("index", (0.6, 0.4)))
        for k, value in zip((20, 1), values, strict=True)
    ]

    found = agreement(scores, told)

    assert found is not None and (found.overlap, found.queries, found.entities) == (0.75, 40, 900)
    assert found.recall == [(1, 0.5, 0.4), (20, 0.7, 0.6)]
    assert agreement(scores[:2], told) is None and agreement(scores, None) is None
    assert other_benchmarks(scores) == {}


def test_categories_are_shown_by_their_names_and_other_slices_are_none() -> None:
    scores = [score("corbiere", 0.5, 20, "category=Dresses"), score("corbiere", 0.5, 20, "shop=acme")]

    shown, _, _ = retrieval_slices(scores, "corbiere")

    assert [s.slice for s in shown] == ["Dresses"]


def test_two_metrics_of_one_benchmark_are_two_charts() -> None:
    scores = [
        Score("neighbours:kind", "all", metric, k, 0.5, 0.4, 0.6, 40, "house")
        for metric in ("precision", "map")
        for k in (10, 5)
    ]

    charts = other_benchmarks([*scores, score("house", 0.5)])

    assert list(charts) == ["neighbours:kind, map", "neighbours:kind, precision"]
    assert [[each.k for each in chart] for chart in charts.values()] == [[5, 10], [5, 10]]
