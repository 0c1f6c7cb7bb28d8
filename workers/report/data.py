"""Everything the page shows, as plain values: what is not in here cannot be on the page.

Filled by flows/queries/report.py with the readers beside this file, drawn by workers/report/page.py. A part
whose inputs are not in the lake is None, and `Report.missing` holds the sentence shown instead.
"""

from dataclasses import dataclass, field
from typing import Any

from workers.report.answers import Change, Picture
from workers.report.survey.table import Table


@dataclass(frozen=True)
class Shop:
    """One crawl of one shop. `requests` and `seconds` are 0 where the crawl does not say; `notes` are its sentences."""

    name: str
    crawl_id: str
    products: int
    photos: int
    rejects: dict[str, int]
    requests: int
    seconds: float
    notes: tuple[str, ...] = ()

    @property
    def photos_per_second(self) -> float:
        """Photos of the catalogue per second of crawling; 0 where the time is not known."""
        return self.photos / self.seconds if self.seconds else 0.0


@dataclass(frozen=True)
class Sample:
    """One product as its shop shows it: untrusted text, verbatim."""

    shop: str
    title: str
    price: str
    image_id: str


@dataclass(frozen=True)
class Histogram:
    """Counts between edges: `len(edges) == len(counts) + 1`. `beyond` values lie above the last edge."""

    edges: list[float]
    counts: list[int]
    unit: str
    beyond: int = 0


@dataclass(frozen=True)
class Crawled:
    """What came in."""

    shops: list[Shop]
    categories: list[tuple[str, int]]
    other_categories: int
    prices: Histogram | None
    samples: list[Sample]


@dataclass(frozen=True)
class Word:
    """A word at its place in the order of document frequency, the most frequent being 1."""

    rank: int
    word: str
    frequency: int
    kept: bool


@dataclass(frozen=True)
class Dropped:
    """Words that are not learnt, for one reason; `examples` are the most frequent of them."""

    why: str
    count: int
    examples: list[tuple[str, int]]


@dataclass(frozen=True)
class Vocabulary:
    """`curve` thins the words out evenly over the logarithm of their rank; `top` are kept words."""

    kept: int
    dropped: list[Dropped]
    curve: list[Word]
    top: list[Word]


@dataclass(frozen=True)
class Split:
    """How much of the catalogue lies on one side of the split."""

    name: str
    products: int
    photos: int


@dataclass(frozen=True)
class Epoch:
    """One row of a training history."""

    phase: str
    epoch: int
    loss: float
    validation_loss: float | None
    images_per_second: float


@dataclass(frozen=True)
class Training:
    """How the shown checkpoint came to be."""

    run_id: str
    method: str
    origin: str
    checkpoint: str
    seconds: float
    images_per_second: float
    metrics: dict[str, Any]
    config: dict[str, Any]
    epochs: list[Epoch]


@dataclass(frozen=True)
class NearWord:
    """A learnt word and the photos whose vectors lie nearest to the word's vector.

    `said`: whether the shop's text of each photo's product holds the word; `usual`: the share of all
    photos compared of which that is true.
    """

    word: str
    frequency: int
    image_ids: list[str]
    said: list[bool] = field(default_factory=list)
    usual: float = 0.0


@dataclass(frozen=True)
class Learnt:
    """What the shops' words became."""

    vocabulary: Vocabulary | None
    splits: list[Split]
    words_per_product: Histogram | None
    training: Training | None
    near_words: list[NearWord]
    near_among: int = 0


@dataclass(frozen=True)
class Score:
    """One row of the scores table."""

    benchmark: str
    slice: str
    metric: str
    k: int
    value: float
    low: float
    high: float
    n: int
    method: str


@dataclass(frozen=True)
class Agreement:
    """The same queries answered by comparing every product of the index, and by searching it."""

    queries: int
    entities: int
    line: str  # exact -> index -> filters
    recall: list[tuple[int, float, float]]  # k, exact, index
    overlap: float  # share of the exact first ten products that the index returns among its first ten


@dataclass(frozen=True)
class Quality:
    """How good it is. `main` names the trained method among `scores`."""

    main: str
    scores: list[Score]
    agreement: Agreement | None


@dataclass(frozen=True)
class Stage:
    """One stage of one run. Counts are None for a stage that only has a time."""

    name: str
    seconds: float | None
    came_in: int | None
    went_out: int | None
    rejected: dict[str, int]


@dataclass(frozen=True)
class Run:
    """One committed run, as its manifest records it."""

    run_id: str
    flow: str
    subject: str
    started: str
    seconds: float
    parents: list[str]
    stages: list[Stage]
    parameters: dict[str, Any]
    code: str


@dataclass(frozen=True)
class Receipt:
    """Which runs stand behind the page, each after its parents, and the commands that repeat them."""

    runs: list[Run]
    commands: list[str]


@dataclass(frozen=True)
class Report:
    """The whole page. `photos` are thumbnails as JPEG by image id; an id without one shows an empty frame.

    survey  published tables in which this lake has rows
    """

    run_id: str
    lake: str
    evaluated: str
    machine: str
    code: str
    crawled: Crawled | None
    learnt: Learnt | None
    quality: Quality | None
    picture: Picture | None
    receipt: Receipt
    photos: dict[str, bytes] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    survey: list[Table] = field(default_factory=list)
    change: Change | None = None


def photos_shown(
    crawled: Crawled | None, learnt: Learnt | None, picture: Picture | None, change: Change | None = None
) -> list[str]:
    """Image ids of every photo on the page, each once, in the order of the page."""
    shown = [sample.image_id for sample in crawled.samples] if crawled else []
    shown += [image_id for near in learnt.near_words for image_id in near.image_ids] if learnt else []
    for row in [*picture.rows, *picture.failures] if picture else []:
        shown += [row.query_id, *(hit.image_id for hit in row.hits)]
    for changed in change.queries if change else []:
        shown += [changed.query_id, *(hit.image_id for hit in [*changed.live, *changed.candidate])]
    return list(dict.fromkeys(shown))
