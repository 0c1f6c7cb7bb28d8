"""workers/text/vocabulary.py: a verdict and a language for every word."""

from hypothesis import given
from hypothesis import strategies as st

from schemas.columns import table_version
from schemas.label import VOCABULARY
from workers.text.vocabulary import BEYOND, KEPT, RARE, SITE, STOP, WordCounts, WordTally, build_vocabulary


def test_every_word_has_a_verdict_and_kept_ones_are_numbered_by_frequency() -> None:
    counts = {"dress": 9, "red": 7, "the": 50, "sale": 20, "odd": 1, "blue": 3, "green": 2}
    said = WordCounts(counts, frozenset({"the"}), {"dress": "en", "red": "und"})

    vocabulary = build_vocabulary(said, size=3, rarest=2, site=frozenset({"sale"}))

    assert vocabulary.words == ("dress", "red", "blue")
    assert {word: why for word, (_, why) in vocabulary.verdicts.items()} == {
        "dress": KEPT, "red": KEPT, "blue": KEPT, "the": STOP, "sale": SITE, "odd": RARE, "green": BEYOND,
    }  # fmt: skip
    table = vocabulary.table()
    assert table.num_rows == len(counts)
    assert table["word_id"].to_pylist()[:4] == [0, 1, 2, -1]
    assert table["language"].to_pylist()[:3] == ["en", "und", "und"]
    assert table.schema.equals(VOCABULARY) and table_version(table.schema) == 2


@given(st.dictionaries(st.text("abc", min_size=1), st.integers(1, 9)), st.integers(1, 5), st.integers(1, 4))
def test_no_word_is_lost_between_kept_and_dropped(counts: dict[str, int], size: int, rarest: int) -> None:
    vocabulary = build_vocabulary(WordCounts(counts), size=size, rarest=rarest)

    assert len(vocabulary.words) + sum(vocabulary.dropped().values()) == len(counts)


def tallied(*products: tuple[int, str, str, str], shops: dict[str, str] | None = None) -> WordCounts:
    """Counts of products given as (how many, words, shop, language)."""
    tally = WordTally()
    for number, words, shop, language in products:
        tally.add(dict.fromkeys(words.split(), number), shop, language)
    return tally.counts(lambda shop: (shops or {}).get(shop, "und"))


def test_a_word_is_dropped_only_where_its_language_has_it_as_a_function_word() -> None:
    counts = tallied((10, "sie hat kleid", "a", "de"), (5, "straw hat the", "b", "en"))

    assert {"sie", "the"} <= counts.stop
    assert "hat" not in counts.stop and counts.frequencies["hat"] == 5
    assert "hat" in build_vocabulary(counts).ids


def test_a_few_mistaken_languages_do_not_make_a_function_word_learnable() -> None:
    counts = tallied((99, "und kleid", "a", "de"), (1, "und dress", "a", "en"))

    assert "und" in counts.stop
    assert counts.frequencies["und"] == 100


def test_a_product_of_no_clear_language_counts_for_its_shop_s() -> None:
    short = (6, "und kleid", "a", "und")

    assert "und" in tallied(short, shops={"a": "de"}).stop
    assert "und" not in tallied(short, shops={"a": "fr"}).stop
    assert tallied(short, (2, "kleid", "b", "nl"), shops={"a": "de"}).languages["kleid"] == "de"


def test_a_word_s_language_is_that_of_more_than_half_of_its_products() -> None:
    counts = tallied((3, "adidas rot", "a", "de"), (3, "adidas red", "b", "en"), (1, "rot", "b", "en"))

    assert counts.languages == {"adidas": "und", "rot": "de", "red": "en"}


def test_words_are_counted_once_per_product_they_stand_in() -> None:
    counts = tallied((2, "red dress", "a", "en"), (1, "red", "a", "en"))

    assert counts.frequencies == {"red": 3, "dress": 2}
