"""workers/retrieval/gate.py on planted rank tables: what may go live and what may not, again and again.

A table is 6,000 queries of 3,000 near-duplicate groups in 21 slices. Two equal models miss each 35 % of them, a
quarter of which the other one finds: as two trainings of one method with two seeds do.
"""

from collections.abc import Callable

import numpy as np
import pytest

from workers.retrieval.gate import Comparison, compare, settled_by
from workers.retrieval.score import found_at

QUERIES, GROUPS, REPEATS, DRAWS = 6_000, 3_000, 20, 2_000
CLUSTERS = np.arange(QUERIES) // 2
KINDS, SHOPS = CLUSTERS * 7 % 15, CLUSTERS % 6
SLICES = {f"category={n}": np.flatnonzero(n == KINDS) for n in range(15)} | {
    f"shop={n}": np.flatnonzero(n == SHOPS) for n in range(6)
}


def ranks_of(found: np.ndarray, random: np.random.Generator) -> np.ndarray:
    return np.where(found, random.integers(1, 21, len(found)), random.integers(21, 500, len(found)))


def judged(seed: int, worse: Callable[[np.random.Generator], np.ndarray] | None = None, better: float = 0.0):
    """Compare two planted tables; `worse` says which queries the candidate must miss, `better` the share it gains."""
    random = np.random.default_rng(seed)
    live, candidate = (
        (hard := random.random(GROUPS) < 0.35)[CLUSTERS],
        np.where(random.random(QUERIES) < 0.1, random.random(QUERIES) < 0.35, hard[CLUSTERS]),
    )
    live, candidate = ~live, ~candidate
    live = np.where(random.random(QUERIES) < 0.1, random.random(QUERIES) < 0.65, live)
    if worse is not None:
        candidate &= ~worse(random)
    candidate |= random.random(QUERIES) < better
    tables = [found_at(20, ranks_of(found, random)) for found in (candidate, live)]
    return compare(*tables, CLUSTERS, SLICES, draws=DRAWS)


def verdicts(rows: list[Comparison], verdict: str) -> set[str]:
    return {row.slice for row in rows if row.verdict == verdict}


def test_an_equal_candidate_is_not_stopped_by_noise_in_nineteen_of_twenty() -> None:
    passed = 0
    for seed in range(REPEATS):
        rows = judged(seed)
        passed += rows[0].verdict in ("better", "not worse") and not verdicts(rows, "worse")
    assert passed >= 19


def test_one_that_is_worse_in_a_single_slice_is_caught_in_nineteen_of_twenty() -> None:
    caught = alone = 0
    for seed in range(REPEATS):
        rows = judged(seed, lambda random: (KINDS == 4) & (random.random(QUERIES) < 0.25))
        caught += "category=4" in verdicts(rows, "worse")
        alone += verdicts(rows, "worse") == {"category=4"}
    assert caught >= 19 and alone >= 18


def test_a_worse_candidate_is_refused_and_a_better_one_goes_live() -> None:
    for seed in range(REPEATS):
        bad = judged(seed, lambda random: random.random(QUERIES) < 0.1)
        good = judged(seed, better=0.1)
        assert bad[0].verdict == "worse" and bad[0].high < -0.02
        assert good[0].verdict == "better" and not verdicts(good, "worse")


def test_too_few_queries_settle_nothing_and_it_is_said_how_many_would() -> None:
    random = np.random.default_rng(0)
    live, candidate = (random.random((2, 100)) < 0.6).astype(float)

    [overall] = compare(candidate, live, list(range(100)), {})

    assert overall.verdict == "not settled" and overall.low < -0.02
    wanted = settled_by(overall, 0.02)
    assert 10_000 < wanted < 20_000  # (3.605 * sqrt(0.48 / n) = 0.02)
    assert settled_by(overall, 0.2) < 200


def test_a_slice_of_too_few_groups_is_told_and_not_judged() -> None:
    live = np.ones(200)
    candidate = np.where(np.arange(200) < 20, 0.0, 1.0)

    rows = compare(candidate, live, list(range(200)), {"few": np.arange(20), "more": np.arange(40)}, 0.2)

    assert [row.verdict for row in rows] == ["not worse", "too few", "worse"]
    assert (rows[1].difference, rows[2].difference) == (-1.0, -0.5)
    assert [row.n for row in rows] == [200, 20, 40]


def test_the_same_answers_are_not_worse_whatever_the_margin() -> None:
    same = np.array([1.0, 0.0, 1.0])

    [overall] = compare(same, same, ["a", "a", "b"], {}, margin=0.0)

    assert (overall.verdict, overall.low, overall.high) == ("not worse", 0.0, 0.0)
    with pytest.raises(ValueError, match="cannot be paired"):
        compare(same, same[:2], ["a", "b", "c"], {})
    with pytest.raises(ValueError, match="cannot be paired"):
        compare(same[:0], same[:0], [], {})
