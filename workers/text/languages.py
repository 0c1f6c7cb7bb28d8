"""Which language a product's text is in: it decides which words are function words.

A paragraph tells its language; a title of three words often does not, and then the shop's language is
taken, which all its texts together tell. Source: py3langid, a naive Bayes model over byte n-grams
(Lui and Baldwin, ACL 2012), asked for the languages below only: fewer to confuse.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from workers.text.words import FIELDS, texts

LANGUAGES = tuple("en de fr es it nl pt pl sv da no fi cs hu ro tr el ru uk ar he ko ja zh th".split())
UNCLEAR = "und"  # ISO 639-2 for undetermined

# The model tempers its confidence by the text's length. On 6,926 titles of an English shop of 30 letters
# each it passes 0.5 for a quarter, of which 98.8 % were called English; of all, 81 % were.
SURE = 0.5
ENOUGH = 300  # characters; more add time, not certainty


def guess(text: str) -> tuple[str, float]:
    """The most likely of `LANGUAGES`, and how likely (0 to 1); unclear at 0 where no letter speaks."""
    start = text[:ENOUGH]
    if not any(map(str.isalpha, start)):
        return UNCLEAR, 0.0
    language, confidence = _identifier().classify(start)
    return str(language), float(confidence)


class ShopLanguages:
    """The language of each shop, from what its products' texts say; counts only, no texts are kept."""

    def __init__(self) -> None:
        self._weights: dict[str, dict[str, float]] = {}

    def observe(self, shop: str, language: str, confidence: float) -> str:
        """Count a product's language, as `guess` tells it, for its shop; return it where it is sure, else unclear."""
        if language != UNCLEAR:
            weights = self._weights.setdefault(shop, {})
            weights[language] = weights.get(language, 0.0) + confidence
        return language if confidence >= SURE else UNCLEAR

    def of_shop(self, shop: str) -> str:
        """The language that half of the shop's texts or more are in, by confidence; else unclear."""
        weights = self._weights.get(shop, {})
        best = max(weights, key=lambda language: (weights[language], language), default=UNCLEAR)
        return best if weights and 2 * weights[best] >= sum(weights.values()) else UNCLEAR

    def of_product(self, shop: str, language: str, confidence: float) -> str:
        """The product's own language, as `guess` tells it, where it is sure, else its shop's."""
        return language if confidence >= SURE else self.of_shop(shop)


def longest_text(product: Mapping[str, object], fields: Sequence[str] = FIELDS) -> str:
    """The longest text among some fields of a product; a list counts as one text of its items."""
    return max((", ".join(texts(product, [field])) for field in fields), key=len, default="")


@cache
def _identifier() -> Any:
    """Read once per process, and ours alone: the package's own functions share one set of languages."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # when asked

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(LANGUAGES)
    return identifier
