"""workers/text/encoder.py: kept words by the language that a product speaks."""

import numpy as np

from workers.data.columns import Csr
from workers.text.bags import Bags
from workers.text.encoder import Encoder
from workers.text.languages import ShopLanguages
from workers.text.vocabulary import WordCounts, build_vocabulary
from workers.text.words import FIELDS

WORDS = "hat kleid sie straw sale rare".split()


def bags(*products: tuple[str, str, float]) -> Bags:
    """Products given as (words of the title, language, confidence), all of one shop; categories say "sale hat"."""
    title = Csr.of([[WORDS.index(word) for word in words.split()] for words, *_ in products])
    other = Csr.of([[4, 0]] * len(products))
    fields = {name: title if name == "title" else other for name in FIELDS}
    languages, confidences = [each[1] for each in products], [each[2] for each in products]
    return Bags((), fields, ["nord"] * len(products), languages, np.array(confidences))


def encoder(*columns: str) -> Encoder:
    languages = ShopLanguages()
    languages.observe("nord", "de", 0.9)
    counts = WordCounts({"straw": 9, "hat": 8, "kleid": 7, "sie": 6, "rare": 1}, frozenset({"sie"}))
    numbers = {word: number for number, word in enumerate(WORDS)}
    return Encoder(build_vocabulary(counts), languages, numbers, columns)


def listed(csr: Csr) -> list[list[int]]:
    return [csr.ids[one:other].tolist() for one, other in zip(csr.starts[:-1], csr.starts[1:], strict=True)]


def test_function_words_of_a_product_s_own_language_are_none_of_its_words() -> None:
    found, said = (
        encoder("title"),
        bags(("hat sie kleid", "de", 0.9), ("straw hat rare", "en", 0.9), ("", "en", 0.1)),
    )

    languages = found.languages(said)

    assert languages == ["de", "en", "de"]  # the last is not sure, and its shop is German
    words = found.words(said, languages)
    assert listed(words) == [[2], [0, 1], []] and words.width == 3  # straw, hat, kleid by frequency


def test_a_word_of_two_columns_counts_once() -> None:
    found, said = encoder("title", "categories"), bags(("straw hat", "en", 0.9))

    assert listed(found.words(said, found.languages(said))) == [[0, 1]]


def test_fields_are_compared_without_function_and_site_words() -> None:
    found, said = encoder("title"), bags(("hat sie kleid", "de", 0.9), ("straw hat", "en", 0.9))

    fields = found.fields(said, ["title", "categories"], found.languages(said))

    assert listed(fields["title"]) == [[1], [3, 0]]
    assert listed(fields["categories"]) == [[], [0]]  # "sale" is the site's, "hat" a verb of the first
