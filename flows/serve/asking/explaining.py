"""Why a product was found: the words that the model sees in the photo asked with, and in the one found."""

from pydantic import BaseModel, Field

from flows.serve.asking.answers import asked_vector
from flows.serve.asking.questions import Question
from flows.serve.asking.seen_words import SeenWord, seen_words
from flows.serve.indexes.served_index import ServedIndex
from flows.serve.photos.uploads import Uploads
from schemas.errors import InputError


class WhyAsked(Question):
    """A question, and one photo that it found."""

    hit: str = Field(max_length=64, description="Photo that was found, its SHA-256.")
    product: str = Field(default="", max_length=600, description="Product that it was shown for.")

    def question(self) -> Question:
        """The question alone."""
        return Question.model_validate(self.model_dump(exclude={"hit", "product"}))


class Why(BaseModel):
    """What the model sees in the question and in one photo that was found."""

    image_id: str
    score: float = Field(description="Cosine of the two.")
    asked: list[SeenWord]
    found: list[SeenWord]
    shared: list[str] = Field(description="Words among the best of both.")
    learnt: int = Field(description="How many words the model learnt.")


def why(served: ServedIndex, question: Question, image_id: str, uploads: Uploads) -> Why:
    """Compare a question with one photo of the index. Raises InputError where the photo is none of it."""
    if image_id not in served.photos:
        raise InputError("hit", "is no photo of this index")
    if not question.asks:
        raise InputError("search", "needs words, photo or like")
    asked, _ = asked_vector(served, question, uploads)
    found = served.encoding.vector(image_id, served.photos.original(image_id))
    score = float(asked @ found)
    ours, theirs = seen_words(served, asked), seen_words(served, found)
    names = {each.word for each in theirs}
    return Why(
        image_id=image_id,
        score=round(score, 4),
        asked=ours,
        found=theirs,
        shared=[each.word for each in ours if each.word in names],
        learnt=len(served.layer.ids) if served.layer else 0,
    )
