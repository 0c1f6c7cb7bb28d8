"""A shop's text as words: the only supervision there is.

Source: Corbière et al. 2017, section 3 (title, categories and description as one bag of words;
lower-cased alphabetic tokens; stop words and words of the site dropped). The filter is meant to be
light: words that say nothing visible are noise that the method tolerates.

What a token is depends on the script, so that a shop of any country has words: a run of letters where
words are written apart, overlapping pairs of characters where they are not.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import pairwise

from stop_words import StopWordError, get_stop_words

FIELDS = ("title", "categories", "description", "tags")

# Words that shops print on everything. They carry no look, and would be drawn like any other word.
SITE_WORDS = frozenset(
    "new neu sale buy shop shopping online store collection season free shipping delivery order returns "
    "size sizes cm mm kg pcs pack www http https com html amp nbsp versand kostenlos jetzt kaufen".split()
)

# Words of a general stop list that name a look in its own language. They are learnt. What looks like a
# stop word of another language ("hat" of the German list, "tan" of the Spanish) needs no line here: only
# the lists of the language found are applied.
VISIBLE: dict[str, frozenset[str]] = {
    "en": frozenset(
        "man men top bottom long length full half front back side sides high low mid line inner thick thin "
        "small large open clear plus brief shell lower ring case pointed".split()
    ),
    "fr": frozenset("haut droite".split()),
    "es": frozenset(["largo"]),
    "it": frozenset(["lungo"]),
    "pt": frozenset(["comprido"]),
}

# Written without spaces between words; Japanese mixes Han and Kana within a word, so they are one.
_SPACELESS = frozenset("CJK THAI LAO KHMER MYANMAR".split())
_CJK = frozenset("CJK IDEOGRAPHIC HIRAGANA KATAKANA KATAKANA-HIRAGANA HENTAIGANA BOPOMOFO".split())
_ALPHABETS = frozenset("LATIN GREEK CYRILLIC".split())  # one letter is a size, a unit or a preposition

# What stands inside a word without being seen: soft hyphens, joiners, marks of direction, variation
# selectors, fillers, and the Arabic tatweel, which only makes a word wider.
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u0640\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200c-\u200f\u202a-\u202e\u2060-\u206f"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\U000e0000-\U000e0fff]+"
)
_MARKS = "".join(char for char in map(chr, range(0x300, 0x1F000)) if unicodedata.category(char)[0] == "M")
# A letter before a hyphen says of which kind the word is: a "t-shirt" is no shirt, a "v-neck" has a neck like others.
_LETTERED = re.compile(r"(?<![\w'\u2019-])([a-z])[-\u2010\u2011]([a-z]{2,})")
# Runs of letters with their marks; an apostrophe or hyphen ends one.
_RUN = re.compile(rf"[^\W\d_](?:[^\W\d_]|[{_MARKS}])*")
_DOTTED = re.compile("i\u0307+")  # what lower-casing makes of the Turkish capital
_LAST_OF_LATIN = "\u024f"  # up to here all letters are Latin, and none has a mark apart


def tokens(text: str) -> list[str]:
    """Lower-cased words of a text in order: letters and their marks, nothing else.

    "V-Neck T-Shirt, 100% cotton" -> ["vneck", "tshirt", "cotton"];  "赤いドレス" -> ["赤い", "いド", "ドレ", "レス"]

    A word has letters of one script, at least two in Latin, Greek and Cyrillic. Scripts without spaces
    (Han with Kana, Thai, Lao, Khmer, Burmese) give overlapping pairs of characters, and a character that
    stands alone itself; source: Lucene's CJKBigramFilter. Canonically equal texts give equal tokens, and
    a token gives itself. A single letter and a hyphen belong to the word behind them.
    """
    words: list[str] = []
    for run in _RUN.findall(_LETTERED.sub(r"\1\2", _folded(text))):
        if max(run) <= _LAST_OF_LATIN:
            if len(run) > 1:
                words.append(run)
        else:
            words += _by_script(run)
    return words


def product_words(product: Mapping[str, object], fields: Sequence[str] = FIELDS) -> list[str]:
    """The distinct tokens of a product's text fields, in order of first appearance."""
    return list(dict.fromkeys(word for text in texts(product, fields) for word in tokens(text)))


def texts(product: Mapping[str, object], fields: Sequence[str] = FIELDS) -> Iterator[str]:
    """The texts of some fields of a product; a field that is a list gives each of its items."""
    for field in fields:
        value = product.get(field)
        for text in value if isinstance(value, list | tuple) else [value]:
            if text:
                yield str(text)


@cache
def stop_words(language: str) -> frozenset[str]:
    """Function words of a language (ISO 639-1) and of English, folded like tokens, without `VISIBLE` ones.

    English phrases stand in the texts of shops of every country. A language without a list has these only.
    """
    found: set[str] = set()
    for name in {language, "en"}:
        try:
            listed = get_stop_words({"no": "nb"}.get(name, name))
        except StopWordError:  # there is no list of this language
            continue
        found |= {word for text in listed for word in tokens(text)} - VISIBLE.get(name, frozenset())
    return frozenset(found - VISIBLE.get(language, frozenset()))


def _folded(text: str) -> str:
    """Compatibility forms resolved, lower-cased, without what cannot be seen; marks stay."""
    if text.isascii():
        return text.lower()
    text = unicodedata.normalize("NFKC", text).replace("\u200b", " ")  # a space of no width is a space
    text = _DOTTED.sub("i", _INVISIBLE.sub("", text).lower())
    # Final or not, a sigma depends on what follows, which splitting changes; _words puts it back.
    return unicodedata.normalize("NFKC", text).replace("ς", "σ")


def _by_script(run: str) -> Iterator[str]:
    """Tokens of a run of letters of any scripts. A mark belongs to the letter before it."""
    script, characters = "", list[str]()
    for char in run:
        own = _script(char)
        if own == "MARK" and characters:
            characters[-1] += char
            continue
        if own != script:
            yield from _words(script, characters)
            script, characters = own, []
        if own not in ("MARK", "NONE"):
            characters.append(char)
    yield from _words(script, characters)


def _words(script: str, characters: list[str]) -> Iterator[str]:
    if script in _SPACELESS and len(characters) > 1:
        yield from map("".join, pairwise(characters))
    elif len(characters) > (script in _ALPHABETS):
        word = "".join(characters)
        if script == "HANGUL":
            word = _without_object_particle(word)
        yield word[:-1] + "ς" if word.endswith("σ") else word


def _without_object_particle(word: str) -> str:
    """A Korean noun without 을 or 를: "원피스를" -> "원피스".

    Of the particles only these two can be told from the end of a noun or an adjective without a
    dictionary: 를 follows a vowel and 을 a consonant, so 가을 (autumn) stays, and a stem has two syllables
    or more. 은 would take the end of 얇은 (thin), 의 that of 하의 (trousers), 이 and 가 that of many nouns.
    """
    while len(word) > 2 and word[-1] in "을를" and "가" <= word[-2] <= "힣":
        closed = (ord(word[-2]) - ord("가")) % 28 > 0  # syllables stand in order of their final consonant
        if closed != (word[-1] == "을"):
            break
        word = word[:-1]
    return word


@cache
def _script(char: str) -> str:
    """The script of a letter, by the first word of its Unicode name, which never changes.

    "MARK" for what belongs to the letter before it, "NONE" for a number that counts as alphanumeric.
    """
    kind = unicodedata.category(char)
    if kind[0] != "L":
        return "MARK" if kind[0] == "M" else "NONE"
    name = unicodedata.name(char, "OTHER").split()[0]
    if name == "MODIFIER" or "\u02b0" <= char <= "\u02ff":
        return "MARK"
    return "CJK" if name in _CJK else name
