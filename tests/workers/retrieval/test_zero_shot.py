"""workers/retrieval/zero_shot.py: how label names are read, and what is refused to be read."""

from pathlib import Path

import numpy as np
import pytest

from schemas.errors import InputError
from workers.retrieval.zero_shot import (
    SHIPPED,
    LabelReadings,
    label_scores,
    read_labels,
    read_synonyms,
)

SYNONYMS = [["t-shirt", "tee"], ["trousers", "pants"], ["grey", "gray"], ["off white", "cream"]]


def at(*degrees: float) -> np.ndarray:
    """Unit vectors at these angles, so that a reader sees who is near whom."""
    angles = np.radians(degrees)
    return np.stack([np.cos(angles), np.sin(angles)], 1).astype(np.float32)


def read(labels: list[str], words: str, synonyms: list[list[str]] | None = None) -> LabelReadings:
    """Labels read with these learnt words, the first at 0 degrees, each next one ten further."""
    learnt = words.split()
    ids = {word: n for n, word in enumerate(learnt)}
    return read_labels(labels, ids, at(*range(0, 10 * len(learnt), 10)), synonyms or [])


def ways(found: LabelReadings, label: str) -> set[str]:
    own = found.labels.index(label)
    return {" ".join(words) for words, owner in zip(found.words, found.owners, strict=True) if owner == own}


def test_a_label_is_the_mean_of_its_words_and_an_unknown_one_is_listed_and_never_predicted() -> None:
    ids, words = {"shoe": 0, "casual": 1, "red": 2}, at(0, 90, 45)

    found = read_labels(["Casual Shoes", "Umbrella", "RED"], ids, words)

    np.testing.assert_allclose(found.vectors, [(words[0] + words[1]) / 2, words[2]])
    assert found.unknown == ["Umbrella"]
    scores = label_scores(at(45), found)
    assert scores[0, 1] == -np.inf
    assert scores[0].argmax() == 2


def test_a_label_scores_the_best_of_its_readings() -> None:
    found = read(["Trousers", "Red"], "trousers red pants", SYNONYMS)  # at 0, 10 and 20 degrees

    scores = label_scores(at(20, 10, 0), found)

    np.testing.assert_allclose(scores[:, 0], [1, np.cos(np.radians(10)), 1], rtol=1e-6)
    np.testing.assert_allclose(scores[:, 1], np.cos(np.radians([10, 0, 10])), rtol=1e-6)


def test_what_is_added_to_words_decides_between_labels_and_is_averaged_like_their_vectors() -> None:
    ids, words = {"casual": 0, "sports": 1, "shoes": 2}, at(0, 90, 45)
    offsets = np.array([0.9, -0.1, 0.3], np.float32)
    labels = ["Casual Shoes", "Sports Shoes"]

    plain, found = read_labels(labels, ids, words), read_labels(labels, ids, words, (), offsets)

    np.testing.assert_allclose(
        label_scores(at(60), found) - label_scores(at(60), plain), [[0.6, 0.1]], rtol=1e-5
    )
    assert label_scores(at(60), plain).argmax() == 1
    assert label_scores(at(60), found).argmax() == 0


def test_where_no_label_is_known_every_score_is_minus_infinity() -> None:
    found = read(["Umbrella", "Hat"], "red")

    assert found.unknown == ["Umbrella", "Hat"]
    assert (label_scores(at(0, 90), found) == -np.inf).all()


PLURALS = (
    "dress dresses|watch watches|scarf scarves|glove gloves|box boxes|shoe shoes|tie ties|blouse blouses|"
    "hoodie hoodies|accessory accessories|cape capes|bag bags|knife knives"
)


@pytest.mark.parametrize(("one", "many"), [tuple(pair.split()) for pair in PLURALS.split("|")])
def test_singular_and_plural_are_one_name(one: str, many: str) -> None:
    assert ways(read([one.title()], many), one.title()) == {many}
    assert ways(read([many.title()], one), many.title()) == {one}


def test_different_words_are_not_taken_for_forms_of_each_other() -> None:
    for label, learnt in (
        ("Capes", "caps"),
        ("Ties", "ti"),
        ("Bra", "brass"),
        ("Shoes", "sho"),
        ("Tan", "tans2"),
    ):
        assert read([label], learnt).unknown == [label]


@pytest.mark.parametrize("label", ["T-Shirts", "T-shirt", "T Shirt", "tshirts", "TSHIRT", "T – Shirt"])
def test_a_t_shirt_is_no_shirt(label: str) -> None:
    assert ways(read([label, "Shirts"], "shirt tshirt"), label) == {"tshirt"}
    assert ways(read([label, "Shirts"], "shirt tee", SYNONYMS), label) == {"tee"}
    assert read([label, "Shirts"], "shirt").unknown == [label]
    assert ways(read([label, "Shirts"], "shirt"), "Shirts") == {"shirt"}


def test_a_letter_that_means_nothing_learnt_is_dropped() -> None:
    assert ways(read(["V-Neck", "Round"], "neck round"), "V-Neck") == {"neck"}
    assert ways(read(["Men's Shoes"], "men shoes"), "Men's Shoes") == {"men shoes"}


def test_a_label_read_in_part_yields_to_the_label_whose_whole_name_that_is() -> None:
    found = read(["Green", "Sea Green", "Lounge Pants"], "green pants")

    assert found.unknown == ["Sea Green"]  # as "green" it would tie with Green, and cost both
    assert ways(found, "Lounge Pants") == {"pants"}


def test_no_synonym_is_borrowed_from_another_label() -> None:
    alone = read(["Off White", "Red"], "off white cream red", SYNONYMS)
    beside = read(["Off White", "Cream"], "off white cream red", SYNONYMS)

    assert ways(alone, "Off White") == {"off white", "cream"}
    assert ways(beside, "Off White") == {"off white"}
    assert ways(beside, "Cream") == {"cream"}


def test_a_synonym_counts_only_where_all_of_it_is_known() -> None:
    assert ways(read(["Cream"], "cream white", SYNONYMS), "Cream") == {"cream"}


def test_words_of_a_label_have_synonyms_and_names_may_be_written_as_one() -> None:
    assert ways(read(["Grey Melange"], "gray melange", SYNONYMS), "Grey Melange") == {"gray melange"}
    assert ways(read(["Track Pants"], "track trousers", SYNONYMS), "Track Pants") == {"track trousers"}
    assert ways(read(["Flip Flops"], "flipflop"), "Flip Flops") == {"flipflop"}


def test_the_shipped_synonyms_name_each_thing_once() -> None:
    """Two groups with one name would make one thing of two."""
    groups = read_synonyms()
    names = [name for group in groups for name in group]

    assert len(names) == len(set(names)) > 100
    for group in groups:
        assert len(group) > 1, group
        for name in group[1:]:
            words = name.replace("-", "")
            assert words in ways(read([group[0]], words, groups), group[0]), (group[0], name)


def test_a_file_of_synonyms_is_added_or_replaces(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("groups:\n  - [dirndl, trachtenkleid]\n", encoding="utf-8")
    assert read_synonyms(str(file)) == [*read_synonyms(), ["dirndl", "trachtenkleid"]]

    file.write_text("replace: true\ngroups:\n  - [dirndl, trachtenkleid]\n", encoding="utf-8")
    assert read_synonyms(str(file)) == [["dirndl", "trachtenkleid"]]

    file.write_text("replace: true\n", encoding="utf-8")
    assert read_synonyms(str(file)) == []
    assert SHIPPED.exists()


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("- [a, b]", "is no mapping"),
        ("synonyms: []", "knows no synonyms"),
        ("groups: [tee]", "must be a list of names"),
        ("groups: [[tee, 3]]", "must be a list of names"),
        ("groups: tee", "must be a list of names"),
        ("groups: []\nreplace: maybe", "must be true or false"),
        ("groups: [", "is no YAML"),
    ],
)
def test_a_file_that_holds_no_groups_is_refused_in_a_sentence(
    tmp_path: Path, text: str, complaint: str
) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(text, encoding="utf-8")

    with pytest.raises(InputError, match=complaint):
        read_synonyms(str(file))


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_synonyms(str(tmp_path / "none.yaml"))
