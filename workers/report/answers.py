"""What queries found, as the page shows it: with one model, and with two side by side."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Hit:
    """One answer to a query; `right` means that it shows the query's own product."""

    image_id: str
    similarity: float
    right: bool
    title: str
    shop: str


@dataclass(frozen=True)
class Row:
    """A query and its first hits. `rank` is that of the first right photo, 0 where the gallery has none."""

    query_id: str
    title: str
    shop: str
    rank: int
    hits: list[Hit]


@dataclass(frozen=True)
class Picture:
    """Queries shown with their hits, and the rule that chose them."""

    method: str
    searched: str
    queries: int
    found_in_ten: int
    every: int
    rows: list[Row]
    failed: int
    every_failed: int
    failures: list[Row]


@dataclass(frozen=True)
class SliceChange:
    """Candidate and live model on the queries of one slice."""

    slice: str
    n: int
    candidate: float
    live: float
    difference: float
    low: float
    high: float
    verdict: str


@dataclass(frozen=True)
class Changed:
    """A query whose answers changed: the first photos of both models, and the rank of its product, 0 for none."""

    query_id: str
    title: str
    shop: str
    live_rank: int
    candidate_rank: int
    overlap: float
    live: list[Hit]
    candidate: list[Hit]


@dataclass(frozen=True)
class Change:
    """What the gate said of this model beside the one that was live; `kept` queries lie in the lake."""

    run_id: str
    verdict: str
    why: str
    published: bool
    overlap: float
    overall: SliceChange
    slices: list[SliceChange]
    kept: int
    queries: list[Changed]
