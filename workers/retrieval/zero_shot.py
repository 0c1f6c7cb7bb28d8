"""Naming a photo without having seen a label: label names are looked up among the learnt words.

Source: the zero-shot reading of Corbière et al. 2017: a name goes through the tokeniser
of the shops' texts; its score is the mean of w . z over its known words, and a label's score the greatest
over the ways to write it. A method may say what is to be added to each word's score, so that words that
shops always write and words that they seldom write can be compared (workers/training/words/word_auc.py). A label
without a known word is never predicted: the photos that carry it are misses, and it is listed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import yaml
from numpy.typing import NDArray

from schemas.errors import InputError
from workers.retrieval.spelling import COMPOUND, Learnt, key, name_words, stem
from workers.text.words import tokens

SHIPPED = Path(__file__).with_name("synonyms.yaml")

Vectors = NDArray[np.float32]
Synonyms = Sequence[Sequence[str]]


@dataclass(frozen=True)
class LabelReadings:
    """How each label can be read.

    labels   (L,) names as people write them
    vectors  (M, D) one per reading: the mean of its words' vectors
    offsets  (M,) added to the score of each reading
    owners   (M,) index of the label each reading belongs to, ascending
    words    (M,) the learnt words of each reading
    """

    labels: tuple[str, ...]
    vectors: Vectors
    offsets: NDArray[np.float32]
    owners: NDArray[np.int64]
    words: tuple[tuple[str, ...], ...]

    @property
    def unknown(self) -> list[str]:
        """Labels that no learnt word names."""
        known = set(self.owners.tolist())
        return [label for n, label in enumerate(self.labels) if n not in known]


def read_labels(
    labels: Sequence[str],
    ids: Mapping[str, int],
    vectors: Vectors,
    synonyms: Synonyms = (),
    offsets: NDArray[np.float32] | None = None,
) -> LabelReadings:
    """Every way to read each label in learnt words.

    labels    (L,) names as people write them: "Casual Shoes"
    ids       word -> row of `vectors`
    vectors   (V, D) word vectors
    synonyms  groups of names for one thing, as from `read_synonyms`
    offsets   (V,) added to each word's score; None adds nothing

    A label is read by its own name where all its words are known, and by those synonyms that are known
    whole. Failing both, by its words that are known, unless these are the whole name of another label:
    "T-shirt" is not read as "shirt" beside "Shirts". No synonym is borrowed that another label bears.
    """
    learnt, groups = Learnt(ids), _groups(synonyms)
    names = [name_words(label) for label in labels]
    keys = {key(name) for name in names}
    owners: list[int] = []
    words: list[tuple[str, ...]] = []
    for n, name in enumerate(names):
        borne = keys - {key(name)}
        others = [other for other in _other_names(name, groups) if key(other) not in borne]
        readings = [spelling for each in (name, *others) for spelling in learnt.spellings(each)]
        if not readings:
            part = [word for word in tokens(COMPOUND.sub(r" \2", labels[n])) if learnt.forms(word)]
            readings = learnt.spellings(part) if key(part) not in borne else []
        readings = list(dict.fromkeys(readings))
        owners += [n] * len(readings)
        words += readings
    rows = [[ids[word] for word in reading] for reading in words]
    matrix = np.stack([vectors[row].mean(0) for row in rows]) if rows else vectors[:0]
    added = np.zeros(len(rows)) if offsets is None else [offsets[row].mean() for row in rows]
    return LabelReadings(
        tuple(labels), matrix, np.asarray(added, np.float32), np.array(owners, np.int64), tuple(words)
    )


def label_scores(photos: Vectors, read: LabelReadings) -> Vectors:
    """(N, L) scores of photos (N, D); -inf for labels without a reading."""
    scores = np.full((len(photos), len(read.labels)), -np.inf, np.float32)
    if len(read.owners):
        labels, first = np.unique(read.owners, return_index=True)
        scores[:, labels] = np.maximum.reduceat(photos @ read.vectors.T + read.offsets, first, axis=1)
    return scores


def read_synonyms(path: str | None = None) -> list[list[str]]:
    """The shipped synonyms, and those of a file behind them, or instead where it says `replace: true`.

    Raises InputError where the file cannot be read or is not `groups:` with lists of names.
    """
    shipped = _parsed(SHIPPED, str(SHIPPED))[1]
    if path is None:
        return shipped
    replace, groups = _parsed(Path(path), path)
    return groups if replace else shipped + groups


def _parsed(file: Path, name: str) -> tuple[bool, list[list[str]]]:
    try:
        parsed = yaml.safe_load(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(name, f"cannot be read ({error.strerror})") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError(name, f"is no YAML ({' '.join(str(error).split())[:120]})") from error
    if not isinstance(parsed, dict) or (strange := set(parsed) - {"replace", "groups"}):
        what = f"knows no {min(map(str, strange))}" if isinstance(parsed, dict) else "is no mapping"
        raise InputError(name, f"{what}; wanted are `groups:` and, if you like, `replace: true`")
    groups, replace = parsed.get("groups") or [], parsed.get("replace", False)
    for group in groups if isinstance(groups, list) else [groups]:
        if not isinstance(group, list) or not all(isinstance(each, str) for each in group):
            raise InputError(name, f"a group must be a list of names, and {str(group)[:60]!r} is not")
    if not isinstance(replace, bool):
        raise InputError(name, "`replace` must be true or false")
    return replace, groups


def _groups(synonyms: Synonyms) -> dict[str, list[tuple[str, ...]]]:
    """Key of a name -> the names of all its groups."""
    names_by_key: dict[str, list[tuple[str, ...]]] = {}
    for group in synonyms:
        names = [words for name in group if (words := name_words(name))]
        for name in names:
            names_by_key.setdefault(key(name), []).extend(names)
    return names_by_key


def _other_names(name: tuple[str, ...], groups: Mapping[str, list[tuple[str, ...]]]) -> list[tuple[str, ...]]:
    """A name under its synonyms, and with each of its words under that word's synonyms."""
    names = list(groups.get(key(name), ()))
    if len(name) > 1:
        for n, word in enumerate(name):
            names += [name[:n] + other + name[n + 1 :] for other in groups.get(stem(word), ())]
    # "Navy Blue" with "navy blue" for "navy" would say blue twice.
    return [other for other in dict.fromkeys(tuple(dict.fromkeys(words)) for words in names) if other != name]
