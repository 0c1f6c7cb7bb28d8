"""Bags to labels: once all texts were read, the kept words of each product, by the language that it speaks."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from workers.data.columns import Csr
from workers.text.bags import Bags
from workers.text.languages import ShopLanguages
from workers.text.vocabulary import Vocabulary
from workers.text.words import SITE_WORDS, stop_words


class Encoder:
    """Encodes bags whose numbers are those of `numbers`, word -> number, from the `columns` learnt from."""

    def __init__(
        self,
        vocabulary: Vocabulary,
        languages: ShopLanguages,
        numbers: Mapping[str, int],
        columns: Sequence[str],
    ) -> None:
        self._languages, self._numbers, self._columns = languages, numbers, columns
        self._width = len(vocabulary.words)
        self._word_ids = np.full(len(numbers), -1, np.int32)
        for word, word_id in vocabulary.ids.items():
            self._word_ids[numbers[word]] = word_id

    def languages(self, bags: Bags) -> list[str]:
        """(R,) the language of each product: its own where its text is sure, else its shop's."""
        said = zip(bags.shops, bags.languages, bags.confidences.tolist(), strict=True)
        return [self._languages.of_product(*each) for each in said]

    def words(self, bags: Bags, languages: Sequence[str]) -> Csr:
        """(R,) ids of the kept words in `columns`, ascending; function words of a product's language are none."""
        found = self._spoken(bags.union(self._columns), languages, frozenset())
        word_ids = self._word_ids[found.ids]
        kept = word_ids >= 0
        rows = np.repeat(np.arange(len(found)), found.counts)[kept]
        return Csr.of_pairs(rows, word_ids[kept], len(found), self._width)

    def fields(self, bags: Bags, names: Sequence[str], languages: Sequence[str]) -> dict[str, Csr]:
        """Per field, the words of each product that are neither function words nor the site's."""
        return {name: self._spoken(bags.fields[name], languages, SITE_WORDS) for name in names}

    def _spoken(self, bags: Csr, languages: Sequence[str], site: frozenset[str]) -> Csr:
        names, number = np.unique(np.array(languages, np.str_), return_inverse=True)
        rows = np.repeat(np.arange(len(bags)), bags.counts)
        spoken = np.ones(len(rows), bool)
        for place, language in enumerate(names.tolist()):
            mine = np.flatnonzero(number[rows] == place)
            spoken[mine] = ~np.isin(bags.ids[mine], self._numbers_of(stop_words(language) | site))
        counts = np.bincount(rows[spoken], minlength=len(bags))
        return Csr(np.r_[0, np.cumsum(counts)], bags.ids[spoken])

    def _numbers_of(self, words: frozenset[str]) -> NDArray[np.int32]:
        return np.array([self._numbers[word] for word in words if word in self._numbers], np.int32)
