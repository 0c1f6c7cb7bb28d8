"""One question asked of two indexes, each with its own encoder: what both find, and where each puts it."""

from typing import Any

from pydantic import BaseModel, Field

from flows.serve.asking.answers import Answer, Card, answered
from flows.serve.asking.questions import Question
from flows.serve.window import Window
from schemas.errors import InputError, VectorStoreError
from schemas.manifest import Manifest

_RUN = "^([0-9A-Za-z-]{1,40})?$"


class Compared(Question):
    """A question, and the two indexes that it is asked of.

    left, right  index runs, or train runs, of which the newest index is asked; empty: what is live on the left, the
                 newest other one on the right
    """

    left: str = Field(default="", pattern=_RUN, description="Index or train run; empty: what is live.")
    right: str = Field(default="", pattern=_RUN, description="Index or train run; empty: the newest other.")
    k: int = Field(default=12, ge=1, le=48, description="Products wanted of each.")

    def url(self, page: str = "/compare", **changes: Any) -> str:
        """The address of this comparison, with `changes`."""
        return super().url(page, **changes)

    def search_url(self) -> str:
        """The address of the same search of the live index alone."""
        return super().url("/", left="", right="", k=None)

    @property
    def is_filtered(self) -> bool:
        """Whether filters leave anything out."""
        return bool(self.expression())


class Side(BaseModel):
    """What one of the two found."""

    index: str = Field(description="The index run that was asked.")
    train: str = Field(description="The train run of its model; empty for a method without weights.")
    method: str
    indexed_at: str
    entities: int = Field(description="Photos that the index holds.")
    live: bool = Field(description="Whether searches ask it now.")
    answer: Answer | None = Field(description="Null where nothing was asked, or it could not be answered.")
    fault: str = Field(description="Why it could not be answered.")
    places: list[int | None] = Field(
        description="Where the other side shows the product of each card, or a near-duplicate; null: nowhere."
    )


class Comparison(BaseModel):
    """Two answers to one question."""

    left: Side
    right: Side
    shared: int = Field(
        description="Products that both found, near-duplicates folded into a card counted, too."
    )
    overlap: float | None = Field(
        description="Their share of what the longer answer holds; null where nothing was."
    )


def compared(window: Window, asked: Compared) -> Comparison:
    """Ask both indexes. Raises LakeError where one is not there; what one of them cannot answer is its `fault`."""
    left, right = sides_of(window, asked)
    one, other = _asked(window, left, asked), _asked(window, right, asked)
    _placed(one, other)
    _placed(other, one)
    ours, theirs = _products(one), _products(other)
    shared = len(ours.keys() & theirs.keys())
    longer = max(len(ours), len(theirs))
    both = one.answer is not None and other.answer is not None
    return Comparison(
        left=one, right=other, shared=shared, overlap=round(shared / longer, 3) if both and longer else None
    )


def sides_of(window: Window, asked: Compared) -> tuple[Manifest, Manifest]:
    """The index runs of both sides. Raises LakeError for a run that is none, InputError where there is but one."""
    others = window.others
    left = others.named(asked.left) if asked.left else window.serving.now().indexed
    if asked.right:
        return left, others.named(asked.right)
    for run in others.listed():
        if run.run_id != left.run_id:
            return left, run
    raise InputError("compare", "needs a second index: train another model, then embed and index")


def _asked(window: Window, indexed: Manifest, asked: Compared) -> Side:
    answer, fault = None, ""
    if asked.asks:
        try:
            with window.others.held(indexed) as served, window.metrics.timed(asked.kind):
                answer = answered(served, asked, window.milvus, window.uploads)
        except InputError as error:
            fault = f"{error.what}: {error.why}"
        except VectorStoreError as error:
            if error.transient:
                raise
            fault = "its collection is not in Milvus any more; `vitrine index --embed` loads it again"
    result = indexed.result
    return Side(
        index=indexed.run_id,
        train=result.get("train") or "",
        method=str(result["method"]),
        indexed_at=indexed.committed_at,
        entities=int(result["entities"]),
        live=window.serving.now().indexed.run_id == indexed.run_id,
        answer=answer,
        fault=fault,
        places=[],
    )


def _placed(side: Side, other: Side) -> None:
    """Enter where the other side has each card of this one."""
    theirs = _products(other)
    cards = side.answer.cards if side.answer else []
    found = [[theirs[name] for name in _names(card) if name in theirs] for card in cards]
    side.places = [min(places, default=None) for places in found]


def _products(side: Side) -> dict[str, int]:
    """Products of an answer, and the place of the card that holds each, from 1."""
    cards = side.answer.cards if side.answer else []
    return {name: place for place, card in enumerate(cards, 1) for name in _names(card)}


def _names(card: Card) -> list[str]:
    return [card.product_id, *(other.product_id for other in card.same)]
