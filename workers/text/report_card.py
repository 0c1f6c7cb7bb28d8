"""How good the shops' words are as labels: the figures a person looks at before training on them.

Everything is counted while the products stream by: no list of products or texts is kept. A figure is a
row of schemas.label.REPORT_CARD. What compares with earlier runs is in workers/text/drift.py.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workers.data.columns import Csr
from workers.text.languages import UNCLEAR
from workers.text.vocabulary import KEPT, Vocabulary

Row = dict[str, Any]
EXAMPLES = 5  # words shown with a reason
PAIRS = (("title", "categories"), ("title", "tags"), ("categories", "tags"))


def row(section: str, name: str, value: float, unit: str, detail: str = "") -> Row:
    """One figure, as schemas.label.REPORT_CARD has it."""
    return {"section": section, "name": name, "value": float(value), "unit": unit, "detail": detail}


class Products:
    """Counts over all labelled products: languages, words of each, and whether their fields agree."""

    def __init__(self) -> None:
        self._languages: Counter[str] = Counter()
        self._sizes: Counter[int] = Counter()
        self._agreement = {pair: [0, 0, 0.0] for pair in PAIRS}  # products, of these sharing a word, Jaccard

    def add(self, words: NDArray[np.int64], languages: Sequence[str], fields: Mapping[str, Csr]) -> None:
        """R products: how many kept words each has, their languages, the distinct words of each field of `PAIRS`."""
        self._languages.update(languages)
        self._sizes.update(words.tolist())
        for pair, sums in self._agreement.items():
            one, other = (fields[name] for name in pair)
            shared = _shared(one, other)
            both = (one.counts > 0) & (other.counts > 0)
            sums[0] += int(both.sum())
            sums[1] += int((shared[both] > 0).sum())
            sums[2] += float((shared[both] / (one.counts + other.counts - shared)[both]).sum())

    @property
    def wordless(self) -> int:
        """Products without a kept word."""
        return self._sizes[0]

    def rows(self, vocabulary: Vocabulary) -> list[Row]:
        """Languages, words per product, agreement."""
        return [*self._language_rows(vocabulary), *self._size_rows(), *self._agreement_rows()]

    def _language_rows(self, vocabulary: Vocabulary) -> list[Row]:
        words = Counter(vocabulary.languages.get(word, UNCLEAR) for word in vocabulary.words)
        most_first = sorted({*self._languages, *words}, key=lambda name: (-self._languages[name], name))
        return [
            row("languages", name, self._languages[name], "products", f"{words[name]:,} words kept")
            for name in most_first
        ]

    def _size_rows(self) -> list[Row]:
        total = sum(self._sizes.values())
        if not total:
            return []
        ordered = sorted(self._sizes.items())
        figures = {
            "min": ordered[0][0],
            "median": _quantile(ordered, total, 0.5),
            "mean": sum(size * number for size, number in ordered) / total,
            "p90": _quantile(ordered, total, 0.9),
            "max": ordered[-1][0],
        }
        rows = [row("words per product", name, value, "words") for name, value in figures.items()]
        return [
            *rows,
            row("words per product", "without", self.wordless, "products", f"of {total:,}"),
        ]

    def _agreement_rows(self) -> list[Row]:
        rows = []
        for (one, other), (number, sharing, jaccard) in self._agreement.items():
            name, detail = f"{one} and {other}", f"{number:,} products with words in both"
            if number:
                share, mean = sharing / number, jaccard / number
                rows.append(row("agreement", f"{name} share a word", share, "share 0..1", detail))
                rows.append(row("agreement", f"{name}, Jaccard", mean, "share 0..1", "mean; " + detail))
            else:
                rows.append(
                    row("agreement", f"{name}, compared", 0, "products", "no product has words in both")
                )
        return rows


def word_rows(vocabulary: Vocabulary) -> list[Row]:
    """Words kept, and dropped by reason, with the most frequent of each as examples."""
    numbers: Counter[str] = Counter()
    examples: dict[str, list[str]] = {}
    # verdicts stand most frequent first, so the first of a reason are its examples
    for word, (frequency, why) in vocabulary.verdicts.items():
        numbers[why] += 1
        if len(shown := examples.setdefault(why, [])) < EXAMPLES:
            shown.append(f"{word} {frequency:,}")
    reasons = [KEPT, *sorted(set(numbers) - {KEPT}, key=lambda why: (-numbers[why], why))]
    return [row("words", why, numbers[why], "words", ", ".join(examples.get(why, []))) for why in reasons]


class SplitCheck:
    """Whether anything stands on both sides of the split, checked on the rows as they are written."""

    def __init__(self, photos: int, groups: int) -> None:
        self._photos, self._groups = np.zeros((2, photos), bool), np.zeros((2, groups), bool)

    def see(self, photos: NDArray[np.int64], groups: NDArray[np.int64], learnt: NDArray[np.bool_]) -> None:
        """Photos, by their index, and their near-duplicate groups go to the train side where `learnt`, else to test."""
        for side, mine in enumerate((learnt, ~learnt)):
            self._photos[side, photos[mine]] = True
            self._groups[side, groups[mine]] = True

    @property
    def photos(self) -> int:
        """Photos in train and in query or gallery."""
        return int(self._photos.all(0).sum())

    @property
    def groups(self) -> int:
        """Near-duplicate groups in train and in query or gallery."""
        return int(self._groups.all(0).sum())

    def rows(self, alone: tuple[int, int]) -> list[Row]:
        """Leakage as it is, and as it would be without groups; `alone` as from `leaked_without_groups`."""
        leaked, asked = alone
        detail = f"of {asked:,} test photos, if each product were split by itself"
        return [
            row("leakage", "photos in train and test", self.photos, "photos"),
            row("leakage", "groups in train and test", self.groups, "groups", "near-duplicate groups"),
            row("leakage", "without groups", leaked, "photos", f"joined with a photo in train, {detail}"),
            row("leakage", "without groups, share", leaked / asked if asked else 0, "share 0..1", detail),
        ]


def leaked_without_groups(
    owners: NDArray[np.int64],
    photos: NDArray[np.int64],
    group_of_photo: NDArray[np.int64],
    held_out: NDArray[np.bool_],
) -> tuple[int, int]:
    """Test photos joined with one in train by near-duplicate pairs, and all test photos, for a split of products.

    owners, photos  (M,) as in near_duplicates.product_groups;  group_of_photo  (N,) as PhotoGroups.group
    held_out        (P,) per product, were each split by itself
    """
    test, train = (np.zeros(len(group_of_photo), bool) for _ in range(2))
    out = held_out[owners]
    test[photos[out]] = True
    train[group_of_photo[photos[~out]]] = True  # by group
    return int((test & train[group_of_photo]).sum()), int(test.sum())


def _shared(one: Csr, other: Csr) -> NDArray[np.int64]:
    """(R,) words that stand in both bags of each product."""
    span = 1 + max(int(bags.ids.max(initial=0)) for bags in (one, other))
    keys, others = (np.repeat(np.arange(len(bags)), bags.counts) * span + bags.ids for bags in (one, other))
    return np.bincount(np.intersect1d(keys, others, assume_unique=True) // span, minlength=len(one))


def _quantile(ordered: Iterable[tuple[int, int]], total: int, share: float) -> int:
    """The smallest value that `share` of the products reach or stay under; (value, products), ascending."""
    below = 0
    for value, number in ordered:
        below += number
        if below >= share * total:
            return value
    raise ValueError("counts do not sum to the total")
