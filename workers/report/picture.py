"""The picture that sells it: which queries are shown, and what they found.

Queries are taken by a rule and never by hand: sorted by image id, which is a hash and so knows nothing
of the photo, every n-th is shown, whatever it found. Failures are chosen the same way among themselves.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from workers.report.answers import Hit, Picture, Row

ROWS, FAILURES, HITS = 8, 4, 10


@dataclass(frozen=True)
class Answer:
    """One row of the hits table: the first ten, of `ROWS`."""

    query_id: str
    rank: int
    image_ids: list[str]
    similarities: list[float]


@dataclass(frozen=True)
class Owner:
    """A product that a photo shows."""

    product_id: str
    shop: str
    title: str


@dataclass(frozen=True)
class Choice:
    """The queries to show; `every` is the n of the rule."""

    every: int
    rows: list[str]
    failed: int
    every_failed: int
    failures: list[str]
    queries: int
    found: int


def choose(ranks: Mapping[str, int]) -> Choice:
    """Every n-th query, and every m-th of those whose own product is not among the first ten hits."""
    ordered = sorted(ranks)
    every = max(1, len(ordered) // ROWS)
    rows = ordered[::every][:ROWS]
    # Rank 0: the gallery has no right photo at all, so nobody could find it; no failure to show.
    failed = [query for query in ordered if ranks[query] > HITS]
    left = [query for query in failed if query not in set(rows)]
    every_failed = max(1, len(left) // FAILURES)
    found = sum(1 for rank in ranks.values() if 1 <= rank <= HITS)
    failures = left[::every_failed][:FAILURES]
    return Choice(every, rows, len(failed), every_failed, failures, len(ordered), found)


def picture(
    method: str,
    searched: str,
    choice: Choice,
    answers: Mapping[str, Answer],
    owners: Mapping[str, Sequence[Owner]],
) -> Picture:
    """The chosen queries with their hits; a hit is right when it shows a product that the query shows."""
    return Picture(
        method=method,
        searched=searched,
        queries=choice.queries,
        found_in_ten=choice.found,
        every=choice.every,
        rows=[_row(answers[query], owners) for query in choice.rows if query in answers],
        failed=choice.failed,
        every_failed=choice.every_failed,
        failures=[_row(answers[query], owners) for query in choice.failures if query in answers],
    )


def _row(answer: Answer, owners: Mapping[str, Sequence[Owner]]) -> Row:
    asked = {owner.product_id for owner in owners.get(answer.query_id, ())}
    hits = []
    for image_id, similarity in zip(answer.image_ids[:HITS], answer.similarities[:HITS], strict=False):
        shown = owners.get(image_id, ())
        right = next((owner for owner in shown if owner.product_id in asked), None)
        owner = right or next(iter(shown), Owner("", "", ""))
        hits.append(Hit(image_id, similarity, right is not None, owner.title, owner.shop))
    asker = next(iter(owners.get(answer.query_id, ())), Owner("", "", ""))
    return Row(answer.query_id, asker.title, asker.shop, answer.rank, hits)
