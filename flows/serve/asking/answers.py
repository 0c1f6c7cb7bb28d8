"""From a question to products: its vector, what the index finds, and how each hit is to be read."""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydantic import BaseModel, Field

from flows.queries.products_found import products_found
from flows.queries.search import told, words_asked
from flows.queries.words_found import WordsAsked, words_found
from flows.serve.asking.questions import Question
from flows.serve.asking.seen_words import SeenWord, seen_words
from flows.serve.indexes.milvus_turns import MilvusTurns
from flows.serve.indexes.served_index import ServedIndex, unit
from flows.serve.photos.uploads import Uploads
from infra.milvus.rows import Hit
from schemas.errors import InputError, LakeError
from workers.data.decode import upright_rgb
from workers.retrieval.query_words import QueryWords

SEEN = 8  # words


class Card(BaseModel):
    """One product that was found, with the photo of it that is most alike."""

    product_id: str
    image_id: str = Field(description="Its most similar photo; /photo/IMAGE_ID shows it.")
    title: str
    brand: str
    shop: str
    category: str
    colour: str
    price: float | None = Field(description="Null where the shop does not say.")
    currency: str
    in_stock: bool | None
    url: str
    score: float = Field(description="Cosine with the question.")
    alike: int = Field(
        description="For people, 0 to 100. With a photo 0 is what chance gives and 100 the same photo; of words alone "
        "it is how likely the shop's own words hold all of them, in percent, or see `best`."
    )
    unlike: bool = Field(description="Whether chance gives as much.")
    same: list["Card"] = Field(
        default_factory=list, description="Near-duplicates of it, folded into this card."
    )


class Answer(BaseModel):
    """What was found, best first. `chance` is the score that two things which have nothing in common reach."""

    index: str = Field(description="The index run that was asked.")
    collection: str
    method: str
    chance: float | None
    best: float = Field(
        description="The score that `alike` calls 100, where it is no likelihood: 1 with a photo, else the best card's."
    )
    likely: bool = Field(description="Whether `alike` of words is a likelihood; `chance` is then one, too.")
    seen: list[SeenWord] = Field(description="Words that the model sees in a question with a photo.")
    unknown_words: list[str] = Field(description="Words that the model never learnt.")
    read_as: dict[str, list[str]] = Field(description="Words that were read in another form.")
    near_words: dict[str, list[str]] = Field(description="Learnt words spelt nearly as an unknown one.")
    also: dict[str, list[str]] = Field(
        description="Other ways to say a word that were looked for, too: its plural, other shops' languages."
    )
    cards: list[Card]
    more: bool = Field(description="Whether a larger k may find more.")


def answered(served: ServedIndex, question: Question, milvus: MilvusTurns, uploads: Uploads) -> Answer:
    """Find the products nearest to a question.

    Photo and words together: the sum of their two unit vectors, as photos and words lie in one space. Near-duplicates
    (of one group of the label run) are folded into the best of them.
    Raises InputError for words that were never learnt or a photo that is not kept, VectorStoreError.
    """
    vector, asked_words = asked_vector(served, question, uploads)
    likely = served.likelihoods if question.kind != "photos" and served.layer else None
    best = 1.0
    if likely and served.layer:
        asked = WordsAsked(served.layer.vectors, asked_words.ways, likely)
        chance: float | None = asked.by_chance
        matched = milvus.ask(
            lambda store: words_found(
                store,
                served.collection,
                asked,
                question.k,
                question.expression(),
                fingerprint=served.fingerprint,
            )
        )
        cards = [card(hit, round(100 * match), unlike=unlike) for hit, match, unlike in matched]
    else:
        found = milvus.ask(
            lambda store: products_found(
                store,
                served.collection,
                vector,
                question.k,
                question.expression(),
                fingerprint=served.fingerprint,
            )
        )
        chance = served.chance(question.kind)
        if question.kind != "photos":
            best = max([float(hit.similarity) for hit in found], default=1.0)
        cards = [_judged(hit, chance, best) for hit in found]
    count = len(cards)
    cards = folded(served, cards)
    return Answer(
        index=served.indexed.run_id,
        collection=served.collection,
        method=str(served.indexed.result["method"]),
        chance=chance,
        best=round(best, 4),
        likely=likely is not None,
        seen=seen_words(served, vector, SEEN) if question.kind == "photos" else [],
        cards=cards,
        more=count == question.k,
        **told(asked_words),
    )


def asked_vector(
    served: ServedIndex, question: Question, uploads: Uploads
) -> tuple[NDArray[np.float32], QueryWords]:
    """The vector (D,) of a question, L2 norm 1, and what its words were learnt as."""
    asked, total = QueryWords(), np.zeros(0, np.float32)
    if question.words:
        if served.layer is None or served.reader is None:
            raise InputError("words", "cannot be asked with: this model learnt none")
        asked = words_asked(served.reader, question.words)
        total = asked.vector(served.layer.vectors)
    if question.kind == "photos":
        own = served.encoding.vector("photo", asked_photo(served, question, uploads))
        total = own + total if len(total) else own
    return unit(total), asked


def asked_photo(served: ServedIndex, question: Question, uploads: Uploads) -> bytes:
    """The photo of a question as it is embedded: cut where it has a crop. Raises InputError where it is not there."""
    try:
        data = uploads.get(question.photo).jpeg if question.photo else served.photos.original(question.like)
    except LakeError as error:
        raise InputError("like", error.why) from error
    if (box := question.box) is None:
        return data
    with Image.open(io.BytesIO(data)) as image:
        upright = upright_rgb(image)
        width, height = upright.size
        cut = upright.crop(
            (
                int(box[0] * width),
                int(box[1] * height),
                -int(-box[2] * width // 1),
                -int(-box[3] * height // 1),
            )
        )
    out = io.BytesIO()
    cut.save(out, "PNG")
    return out.getvalue()


def card(hit: Hit, worth: int, *, unlike: bool) -> Card:
    """A hit as people see it, with what it is worth (0 to 100)."""
    facts, score = hit.facts, float(hit.similarity)
    price = facts["price"]
    return Card(
        **{name: facts[name] for name in (
            "product_id", "image_id", "title", "brand", "shop", "category", "colour", "currency", "in_stock"
        )},
        url=facts["url"] if facts["url"].startswith(("http://", "https://")) else "",
        price=price if price is not None and price >= 0 else None,  # -1 in indexes of an earlier version
        score=round(score, 4),
        alike=worth,
        unlike=unlike,
    )  # fmt: skip


def _judged(hit: Hit, chance: float | None, best: float) -> Card:
    score = float(hit.similarity)
    return card(hit, alike(score, chance, best), unlike=chance is not None and score <= chance)


def alike(score: float, chance: float | None, best: float = 1.0) -> int:
    """A cosine on a scale for people: 0 is `chance` or less, 100 is `best`.

    A photo reaches 1, the same photo. Words and photos lie far apart even where they fit, so that for words alone the
    best hit is all there is to compare with.
    """
    floor = chance or 0.0
    return max(0, min(100, round(100 * (score - floor) / (best - floor)))) if floor < best else 0


def folded(served: ServedIndex, cards: list[Card]) -> list[Card]:
    """Put near-duplicates of one group into the card of the best; order stays."""
    first: dict[int, Card] = {}
    kept = []
    for each in cards:
        group = served.group_of.get(each.product_id)
        if group is None or group not in first:
            kept.append(each)
            if group is not None:
                first[group] = each
        else:
            first[group].same.append(each)
    return kept
