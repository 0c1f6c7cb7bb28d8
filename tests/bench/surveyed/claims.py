"""What the survey's methods are expected to do, each with its figures, and whether they did on every seed.

A claim is judged by figures alone, not by intervals: those stand in the tables.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.bench.surveyed.edited import Edited

Rows = Sequence[Mapping[str, Any]]
Scores = Mapping[tuple[int, str, str], Rows]  # by seed, benchmark and method
C, CONSUMER, IN_SHOP = "deepfashion-c", "consumer2shop", "in-shop"
COMPARES = {
    "grnet": "reranked",
    "wtbi": "reranked",
}  # how they answer; their vectors alone are the first stage
PAPERS = {  # best first
    (C, "category top-3"): ("fashion_grammar", "corbiere", "fashionnet", "wtbi_describer"),
    (CONSUMER, "R@20"): ("flam", "grnet", "fashionnet", "darn", "wtbi"),
    (IN_SHOP, "R@1"): ("proxy_anchor", "fashionnet", "corbiere"),
}
ENOUGH = 0.9


@dataclass(frozen=True)
class Claim:
    """held: None where it is told, not judged."""

    what: str
    figures: str
    held: bool | None = None

    def __str__(self) -> str:
        verdict = "told" if self.held is None else "held" if self.held else "not held"
        return f"{verdict:9}{self.what}: {self.figures}"


@dataclass(frozen=True)
class Figures:
    """One kind of figure, by method: one a seed."""

    scores: Scores
    benchmark: str
    metric: str
    k: int

    def of(self, learnt: str, method: str = "", reading: str = "") -> list[float]:
        """Of a method, or of a baseline in its runs; empty where not every seed has it.

        reading  how it answered: reranked, zero-shot, probe; empty: itself
        """
        name = f"mall-{self.benchmark}" + (f"/{reading}" if reading else "")
        found = []
        runs = [
            rows
            for (_, benchmark, of), rows in self.scores.items()
            if (benchmark, of) == (self.benchmark, learnt)
        ]
        for rows in runs:
            found += [
                float(row["value"])
                for row in rows
                if (row["benchmark"], row["method"], row["slice"]) == (name, method or learnt, self.slice)
                and (row["metric"], row["k"]) == (self.metric, self.k)
            ]
        return found if len(found) == len(runs) else []

    @property
    def slice(self) -> str:
        """The row that counts."""
        return "average" if self.metric == "normalised-error" else "all"

    def methods(self) -> list[str]:
        """Those that have learnt from the benchmark."""
        return list(dict.fromkeys(of for _, benchmark, of in self.scores if benchmark == self.benchmark))


def claims(scores: Scores, edits: Mapping[int, Edited]) -> Iterator[Claim]:
    """Every claim that these scores can be judged by."""
    for benchmark in (CONSUMER, IN_SHOP):
        yield from _found_better(Figures(scores, benchmark, "recall", 20))
    yield from _told_better(Figures(scores, C, "accuracy", 3), "category top-3")
    yield from _told_better(Figures(scores, C, "attribute-recall-micro", 3), "attributes top-3")
    errors = Figures(scores, C, "normalised-error", 0)
    told, beside = errors.of("fashion_grammar"), errors.of("fashionnet")
    if told and len(told) == len(beside):
        held = all(one < other for one, other in zip(told, beside, strict=True))
        figures = f"{_list(told, percent=False)} against {_list(beside, percent=False)}"
        yield Claim("landmark error of fashion_grammar below fashionnet's", figures, held)
    first = Figures(scores, CONSUMER, "recall", 1)
    again = first.of("grnet", reading="reranked")
    yield from _compared(
        "grnet's re-ranking above its first stage, consumer2shop R@1", again, first.of("grnet")
    )
    yield from _edits(edits)
    yield from _beside_all(scores)
    yield from _orders(scores)


def _found_better(figures: Figures) -> Iterator[Claim]:
    for method in figures.methods():
        own = figures.of(method, reading=COMPARES.get(method, ""))
        for floor in ("untrained", "histogram"):
            what = f"{method} above {floor}, {figures.benchmark} R@{figures.k}"
            yield from _compared(what, own, figures.of(method, floor))


def _told_better(figures: Figures, what: str) -> Iterator[Claim]:
    by_hand = figures.of("wtbi_describer")
    for method in figures.methods():
        probe = figures.of(method, reading="probe")
        for floor in ("untrained", "histogram") if probe else ():
            name = f"{method}'s vectors above those of {floor}, {what}, probe"
            yield from _compared(name, probe, figures.of(method, floor, "probe"))
        own = figures.of(method) or figures.of(method, reading="zero-shot")
        yield from _compared(
            f"{method} above untrained, {what}", figures.of(method), figures.of(method, "untrained")
        )
        if method != "wtbi_describer":
            yield from _compared(f"{method} above wtbi_describer, {what}", own, by_hand)


def _compared(what: str, more: list[float], less: list[float]) -> Iterator[Claim]:
    if more and len(more) == len(less):
        held = all(one > other for one, other in zip(more, less, strict=True))
        yield Claim(what, f"{_list(more)} against {_list(less)}", held)


def _edits(edits: Mapping[int, Edited]) -> Iterator[Claim]:
    for seed, found in edits.items():
        yield Claim(f"flam, seed {seed}, {found.photos} photos, changed / kept by kind", str(found))
    for what, shares in (
        ("flam changes the attribute (>= 90 %)", [found.changed for found in edits.values()]),
        ("flam keeps the item (>= 90 %)", [found.kept for found in edits.values()]),
    ):
        means = [sum(each.values()) / len(each) for each in shares if each]
        if means:
            yield Claim(what, _list(means), len(means) == len(shares) and min(means) >= ENOUGH)


def _beside_all(scores: Scores) -> Iterator[Claim]:
    for benchmark in (CONSUMER, IN_SHOP):
        for k in (1, 20):
            figures = Figures(scores, benchmark, "recall", k)
            told = {name: figures.of(name, reading=COMPARES.get(name, "")) for name in figures.methods()}
            if (proxies := told.pop("proxy_anchor", [])) and told:
                others = "; ".join(f"{name} {_list(own)}" for name, own in told.items() if own)
                yield Claim(f"proxy_anchor, {benchmark} R@{k}", f"{_list(proxies)} beside {others}")


def _orders(scores: Scores) -> Iterator[Claim]:
    for (benchmark, what), published in PAPERS.items():
        k = int(what.rpartition("@")[2] if "@" in what else what[-1])
        figures = Figures(scores, benchmark, "recall" if "@" in what else "accuracy", k)
        own = {
            name: figures.of(name, reading=COMPARES.get(name, "")) or figures.of(name, reading="zero-shot")
            for name in published
        }
        means = {name: sum(each) / len(each) for name, each in own.items() if each}
        ours = sorted(means, key=lambda name: -means[name])
        theirs = [name for name in published if name in means]
        if len(theirs) > 1:
            said = " > ".join(f"{name} {100 * means[name]:.1f}" for name in ours)
            yield Claim(f"the papers' order, {benchmark} {what}", f"{said}; published {' > '.join(theirs)}",
                        ours == theirs)  # fmt: skip


def _list(values: list[float], percent: bool = True) -> str:
    return ", ".join(f"{100 * value:.1f} %" if percent else f"{value:.4f}" for value in values)
