"""workers/text/report_card.py: every figure recomputed by hand, and leaks found where they were planted."""

import statistics

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from workers.data.near_duplicates import PhotoFeatures, product_groups
from workers.data.split import share_of
from workers.text.report_card import PAIRS, Products, Row, SplitCheck, leaked_without_groups, word_rows
from workers.text.vocabulary import Vocabulary, WordCounts, build_vocabulary

NOTHING: dict[str, set[str]] = {"title": set(), "categories": set(), "tags": set()}


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
    for language in ("de", "de", "en", "fr"):
        told.add(1, language, NOTHING)

    rows = [row for row in told.rows(vocabulary()) if row["section"] == "languages"]

    assert [(row["name"], row["value"], row["detail"]) for row in rows] == [
        ("de", 2, "1 words kept"),
        ("en", 1, "1 words kept"),
        ("fr", 1, "0 words kept"),
    ]


@given(st.lists(st.integers(0, 40), min_size=1, max_size=60))
def test_words_per_product_are_those_of_the_whole_list(sizes: list[int]) -> None:
    told = Products()
    for size in sizes:
        told.add(size, "en", NOTHING)

    found = figures(told.rows(vocabulary()), "words per product")

    assert (found["min"], found["max"]) == (min(sizes), max(sizes))
    assert found["median"] == statistics.median_low(sizes)
    assert abs(found["mean"] - statistics.fmean(sizes)) < 1e-9
    assert found["p90"] == np.quantile(sizes, 0.9, method="inverted_cdf")
    assert found["without"] == told.wordless == sizes.count(0)


def test_agreement_is_that_of_products_with_words_in_both_fields() -> None:
    told = Products()
    told.add(1, "en", {"title": {"red", "dress"}, "categories": {"dress"}, "tags": set()})
    told.add(1, "en", {"title": {"hat"}, "categories": {"accessories"}, "tags": set()})
    told.add(1, "en", {"title": {"hat"}, "categories": set(), "tags": set()})

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
    check.see(0, 0, "train")
    check.see(1, 1, "query")
    check.see(1, 1, "gallery")  # both are test
    assert (check.photos, check.groups) == (0, 0)

    check.see(2, 1, "train")  # another photo, of a group that is held out
    check.see(0, 2, "gallery")  # the same photo, of another group

    assert (check.photos, check.groups) == (1, 1)
    assert figures(check.rows((3, 12)), "leakage") == {
        "photos in train and test": 1,
        "groups in train and test": 1,
        "without groups": 3,
        "without groups, share": 0.25,
    }
    assert figures(check.rows((0, 0)), "leakage")["without groups, share"] == 0


def features(hashes: list[int], seed: int = 0) -> PhotoFeatures:
    """Photos that differ in all, but for those whose hashes are equal: these look the same."""
    random = np.random.default_rng(seed)
    drawn = {value: random.integers(0, 256, 192, np.uint8) for value in dict.fromkeys(hashes)}
    n = len(hashes)
    return PhotoFeatures(
        np.array(hashes, np.uint64),
        np.stack([drawn[value] for value in hashes]),
        np.ones(n),
        np.full(n, 90, np.int8),
    )


def test_what_would_have_leaked_is_counted_by_hand_over_all_pairs() -> None:
    random = np.random.default_rng(3)
    ids = [f"s:{n}" for n in range(60)]
    hashes = random.integers(0, 2**63, 100).tolist()
    for n in range(0, 40, 4):
        hashes[n + 50] = hashes[n]  # ten photos have a twin
    photos = [[n, 99 - n] if n < 40 else [n] for n in range(60)]  # some photos belong to two products
    seen = features(hashes)

    found = leaked_without_groups(photos, ids, product_groups(photos, seen), seen, 0.4)

    out = {n for n, product in enumerate(ids) if share_of(product) < 0.4}
    test = {photo for n in out for photo in photos[n]}
    train = {photo for n in set(range(60)) - out for photo in photos[n]}
    leaked = {a for a in test if any(a == b or hashes[a] == hashes[b] for b in train)}
    assert found == (len(leaked), len(test))
    assert 0 < len(leaked) < len(test)


def test_nothing_leaks_where_no_two_products_look_alike() -> None:
    photos = [[n] for n in range(20)]
    seen = features(np.random.default_rng(0).integers(0, 2**63, 20).tolist())

    leaked, asked = leaked_without_groups(photos, [f"s:{n}" for n in photos], list(range(20)), seen, 0.5)

    assert leaked == 0 < asked
