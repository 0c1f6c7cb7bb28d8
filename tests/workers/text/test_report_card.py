"""workers/text/report_card.py: every figure recomputed by hand, and leaks found where they were planted."""

import statistics

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from workers.data.columns import Csr
from workers.text.report_card import PAIRS, Products, Row, SplitCheck, leaked_without_groups, word_rows
from workers.text.vocabulary import Vocabulary, WordCounts, build_vocabulary


def fields(*products: dict[str, str]) -> dict[str, Csr]:
    """Bags of products given as field -> words."""
    numbers: dict[str, int] = {}
    lists = {
        name: [
            [numbers.setdefault(word, len(numbers)) for word in each.get(name, "").split()]
            for each in products
        ]
        for name in ("title", "categories", "tags")
    }
    return {name: Csr.of(bags) for name, bags in lists.items()}


def vocabulary() -> Vocabulary:
    counts = {"und": 9, "dress": 5, "kleid": 4, "sale": 3, "odd": 1, "strange": 1}
    languages = {"dress": "en", "kleid": "de"}
    return build_vocabulary(WordCounts(counts, frozenset({"und"}), languages), site=frozenset({"sale"}))


def figures(rows: list[Row], section: str) -> dict[str, float]:
    return {row["name"]: row["value"] for row in rows if row["section"] == section}


def test_words_are_told_by_reason_with_the_most_frequent_as_examples() -> None:
    rows = word_rows(vocabulary())

    assert figures(rows, "words") == {"kept": 2, "too rare": 2, "site word": 1, "stop word": 1}
    assert rows[0]["name"] == "kept" and rows[0]["detail"] == "dress 5, kleid 4"


def test_a_language_has_its_products_and_its_words() -> None:
    told = Products()
    told.add(np.array([1, 1]), ["de", "de"], fields({}, {}))
    told.add(np.array([1, 1]), ["en", "fr"], fields({}, {}))

    rows = [row for row in told.rows(vocabulary()) if row["section"] == "languages"]

    assert [(row["name"], row["value"], row["detail"]) for row in rows] == [
        ("de", 2, "1 words kept"),
        ("en", 1, "1 words kept"),
        ("fr", 1, "0 words kept"),
    ]


@given(st.lists(st.integers(0, 40), min_size=1, max_size=60))
def test_words_per_product_are_those_of_the_whole_list(sizes: list[int]) -> None:
    told = Products()
    told.add(np.array(sizes), ["en"] * len(sizes), fields(*({} for _ in sizes)))

    found = figures(told.rows(vocabulary()), "words per product")

    assert (found["min"], found["max"]) == (min(sizes), max(sizes))
    assert found["median"] == statistics.median_low(sizes)
    assert abs(found["mean"] - statistics.fmean(sizes)) < 1e-9
    assert found["p90"] == np.quantile(sizes, 0.9, method="inverted_cdf")
    assert found["without"] == told.wordless == sizes.count(0)


def test_agreement_is_that_of_products_with_words_in_both_fields() -> None:
    told = Products()
    said = (
        {"title": "red dress", "categories": "dress"},
        {"title": "hat", "categories": "accessories"},
        {"title": "hat"},
    )
    told.add(np.ones(3, int), ["en"] * 3, fields(*said))

    rows = told.rows(vocabulary())

    found = figures(rows, "agreement")
    assert found["title and categories share a word"] == 0.5
    assert found["title and categories, Jaccard"] == 0.25
    assert found["title and tags, compared"] == 0
    assert "2 products" in next(row["detail"] for row in rows if row["section"] == "agreement")


def test_without_products_there_are_no_figures_that_divide_by_them() -> None:
    rows = Products().rows(vocabulary())

    assert figures(rows, "words per product") == {}
    assert set(figures(rows, "agreement")) == {f"{one} and {other}, compared" for one, other in PAIRS}


def test_a_photo_or_group_on_both_sides_is_a_leak() -> None:
    check = SplitCheck(photos=4, groups=3)
    check.see(np.array([0, 1, 1]), np.array([0, 1, 1]), np.array([True, False, False]))
    assert (check.photos, check.groups) == (0, 0)

    # another photo, of a group that is held out; and the same photo, of another group
    check.see(np.array([2, 0]), np.array([1, 2]), np.array([True, False]))

    assert (check.photos, check.groups) == (1, 1)
    assert figures(check.rows((3, 12)), "leakage") == {
        "photos in train and test": 1,
        "groups in train and test": 1,
        "without groups": 3,
        "without groups, share": 0.25,
    }
    assert figures(check.rows((0, 0)), "leakage")["without groups, share"] == 0


def test_what_would_have_leaked_is_counted_by_hand_over_all_pairs() -> None:
    random = np.random.default_rng(3)
    group = np.arange(100)
    for n in range(0, 40, 4):
        group[n + 50] = n  # ten photos have a twin
    shown = [
        (n, photo) for n in range(60) for photo in ([n, 99 - n] if n < 40 else [n])
    ]  # some are shown twice
    owners, photos = np.array(shown).T
    out = random.random(60) < 0.4

    found = leaked_without_groups(owners, photos, group, out)

    test = {photo for owner, photo in shown if out[owner]}
    train = {photo for owner, photo in shown if not out[owner]}
    leaked = {a for a in test if any(a == b or group[a] == group[b] for b in train)}
    assert found == (len(leaked), len(test))
    assert 0 < len(leaked) < len(test)


def test_nothing_leaks_where_no_two_products_look_alike() -> None:
    each = np.arange(20)

    assert leaked_without_groups(each, each, each, each % 2 == 0) == (0, 10)
