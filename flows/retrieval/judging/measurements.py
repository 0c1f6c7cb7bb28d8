"""What an evaluation measured, by method: rows of scores, differences, and what is told beside the numbers."""

from collections.abc import Iterable
from typing import Any

from workers.retrieval.score import Measure, difference


class Measurements:
    """The measures of some methods, of which `main` is compared with each other one."""

    def __init__(self, main: str) -> None:
        self.main = main
        self.zero_shot: dict[str, dict[str, Any]] = {}  # column -> method -> what could not be named
        self.probe: dict[str, dict[str, Any]] = {}  # column -> method -> how it was fitted
        self._measures: dict[str, list[Measure]] = {}

    def add(self, method: str, measures: Iterable[Measure]) -> None:
        """Keep more measures of a method."""
        self._measures.setdefault(method, []).extend(measures)

    def rows(self, method: str, fingerprint: str) -> list[dict[str, object]]:
        """Return the scores of a method as rows of SCORES."""
        return [measure.row(fingerprint, method) for measure in self._measures.get(method, ())]

    def differences(self) -> list[dict[str, Any]]:
        """Return how much the main method is better than each other one, paired query by query."""
        rows = []
        for method in self._measures.keys() - {self.main}:
            theirs = {(m.benchmark, m.metric, m.k): m for m in self._measures[method] if m.slice == "all"}
            for own in self._measures.get(self.main, ()):
                other = theirs.get((own.benchmark, own.metric, own.k))
                if own.slice != "all" or other is None:
                    continue
                gain, low, high = difference(own.values, other.values, own.clusters)
                row = {"benchmark": own.benchmark, "metric": own.metric, "k": own.k, "against": method}
                rows.append(row | {"difference": gain, "ci_low": low, "ci_high": high})
        return sorted(rows, key=lambda row: (row["against"], row["benchmark"], row["metric"], row["k"]))
