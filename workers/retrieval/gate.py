"""Whether a candidate may take the place of what is live: both asked the same queries, overall and slice by slice.

Overall the burden is the candidate's: it must be shown not to be worse by more than a margin (non-inferiority: the
95 % interval of the difference lies above minus the margin). In a slice the burden is on the harm: of the many slices,
those are worse whose loss beyond the margin is proved with a false discovery rate of 5 % (Benjamini and Hochberg,
JRSS B 1995). So an equal candidate is not stopped by the noise of a hundred slices, and one that is worse in a
single slice is. Differences are paired by query and resampled by cluster.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from workers.retrieval.bootstrap import Values, cluster_numbers, slice_draws

DRAWS = 5_000  # the smallest p is 1 in 5,001: one slice of 250 can still be told
FALSE_DISCOVERIES = 0.05
SMALLEST = 30  # clusters: below this a bootstrap says nothing, and a slice is told but not judged
MARGIN = 0.02
ALL = "all"
_POWER = 1.96 + 1.645  # standard errors within the margin, for equals to pass 19 times in 20

Verdict = Literal["better", "not worse", "worse", "not settled", "too few"]


@dataclass(frozen=True)
class Comparison:
    """Candidate and live on the queries of one slice, `all` for every one of them.

    candidate, live  mean scores;  difference  the first less the second, low and high its 95 % interval
    p        chance of such a loss were the candidate not worse by more than the margin; of `all`, of so small a
             loss were it worse by more
    p_adjusted  p of a slice among all that are judged; of `all` and of what is not judged, p
    verdict  better, not worse: may go live | worse | not settled: the interval holds more loss than the margin |
             too few: a slice of too few clusters to judge; a slice that is not worse is `not worse` until it is better
    """

    slice: str
    n: int
    clusters: int
    candidate: float
    live: float
    difference: float
    low: float
    high: float
    p: float
    p_adjusted: float
    verdict: Verdict


def compare(
    candidate: Values,
    live: Values,
    clusters: Sequence[object],
    slices: Mapping[str, NDArray[np.int64]],
    margin: float = MARGIN,
    *,
    smallest: int = SMALLEST,
    draws: int = DRAWS,
    seed: int = 0,
) -> list[Comparison]:
    """Compare query by query: all of them first, then the slices in their order.

    candidate, live  (Q,) scores of the same queries;  clusters  (Q,) what each query belongs to
    slices           the queries of each, none of them named `all`
    Raises ValueError without queries, or where the two were asked different numbers of them.
    """
    if len(candidate) != len(live) or not len(live):
        raise ValueError(f"{len(candidate)} and {len(live)} queries cannot be paired")
    numbers = cluster_numbers(clusters)
    every = {ALL: np.arange(len(live)), **slices}
    members = np.zeros((len(live), len(every)), bool)
    for place, rows in enumerate(every.values()):
        members[rows, place] = True
    drawn = slice_draws(candidate - live, numbers, members, draws, seed)
    counted = [len(np.unique(numbers[rows])) for rows in every.values()]
    chances = [_chance(drawn[:, place], margin, worse=place > 0) for place in range(len(every))]
    judged = [place for place, count in enumerate(counted) if place and count >= smallest]
    adjusted = dict(enumerate(chances))
    if judged:
        adjusted |= zip(
            judged, stats.false_discovery_control([chances[place] for place in judged]), strict=True
        )
    comparisons = []
    for place, (name, rows) in enumerate(every.items()):
        low, high = map(float, np.nanpercentile(drawn[:, place], [2.5, 97.5]))
        if not place:
            verdict = _overall(low, high, margin)
        elif place not in judged:
            verdict = "too few"
        else:
            verdict = (
                "worse" if adjusted[place] <= FALSE_DISCOVERIES else "better" if low > 0 else "not worse"
            )
        own, other = float(candidate[rows].mean()), float(live[rows].mean())
        told = (own, other, own - other, low, high, chances[place], float(adjusted[place]))
        comparisons.append(Comparison(name, len(rows), counted[place], *told, verdict))
    return comparisons


def settled_by(overall: Comparison, margin: float) -> int:
    """About how many queries of this kind would settle the margin, were the two equal."""
    error = (overall.high - overall.low) / (2 * 1.96)
    return int(np.ceil(overall.n * (_POWER * error / margin) ** 2)) if margin > 0 else 0


def _overall(low: float, high: float, margin: float) -> Verdict:
    if low > 0:
        return "better"
    if low > -margin or low == high == 0:
        return "not worse"
    return "worse" if high < -margin else "not settled"


def _chance(drawn: Values, margin: float, *, worse: bool) -> float:
    """One-sided p of the draws; one that holds nothing of a slice speaks for neither, and counts against a finding."""
    other = ~(drawn < -margin) if worse else ~(drawn > -margin)
    return float((1 + np.count_nonzero(other)) / (1 + len(drawn)))
