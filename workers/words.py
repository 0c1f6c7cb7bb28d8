"""A shop's text as words: the only supervision there is.

Source: Corbière et al. 2017, section 3 (title, categories and description as one bag of words;
lower-cased alphabetic tokens; stop words and words of the site dropped). The filter is meant to be
light: words that say nothing visible are noise that the method tolerates.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from functools import cache

from stop_words import get_stop_words

FIELDS = ("title", "categories", "description", "tags")
LANGUAGES = ("en", "de", "fr", "es", "it", "nl")

# Words that shops print on everything. They carry no look, and would be drawn like any other word.
SITE_WORDS = frozenset(
    "new neu sale buy shop shopping online store collection season free shipping delivery order returns "
    "size sizes cm mm kg pcs pack www http https com html amp nbsp versand kostenlos jetzt kaufen".split()
)

# Words that general stop lists hold in some language and that name a look in another: "top" and "long"
# in English lists, "hat" in the German one, "tan" in the Spanish, "hem" in the Dutch. They are learnt.
VISIBLE = frozenset(
    "men man women woman top tops long longer short shorts full half front back side high low mid line lined "
    "brief briefs inner outer shell thick thin plus large small length open closed hat tan hem fine "
    "wide cut clear dark light bright piece lace sole seam heel flat rock pull".split()
)

# Runs of letters; an apostrophe or hyphen ends a token, so "t-shirt" gives "t" and "shirt".
_TOKEN = re.compile(r"[^\W\d_]+")


def tokens(text: str) -> list[str]:
    """Lower-cased alphabetic tokens of at least two letters (one, outside Latin script), in order.

    "V-Neck T-Shirt, 100% cotton" -> ["neck", "shirt", "cotton"].
    """
    folded = unicodedata.normalize("NFKC", text).lower()
    return [word for word in _TOKEN.findall(folded) if len(word) > 1 or word > "\u024f"]


def product_words(product: Mapping[str, object], fields: Sequence[str] = FIELDS) -> list[str]:
    """The distinct tokens of a product's text fields, in order of first appearance."""
    found: dict[str, None] = {}
    for field in fields:
        value = product.get(field)
        for text in value if isinstance(value, list | tuple) else [value or ""]:
            found.update(dict.fromkeys(tokens(str(text))))
    return list(found)


@cache
def stop_words(languages: tuple[str, ...] = LANGUAGES) -> frozenset[str]:
    """Function words of these languages (ISO 639-1), folded like tokens, without those that name a look."""
    found = {word for language in languages for text in get_stop_words(language) for word in tokens(text)}
    return frozenset(found - VISIBLE)


def count_words(bags: Iterable[Iterable[str]]) -> dict[str, int]:
    """In how many bags each word stands."""
    count: dict[str, int] = {}
    for bag in bags:
        for word in set(bag):
            count[word] = count.get(word, 0) + 1
    return count
