"""workers/words.py and workers/vocabulary.py."""

from hypothesis import given
from hypothesis import strategies as st

from workers.vocabulary import BEYOND, KEPT, RARE, SITE, STOP, build_vocabulary
from workers.words import count_words, product_words, stop_words, tokens


def test_tokens_are_lower_cased_letters_only() -> None:
    assert tokens("V-Neck T-Shirt, 100% Cotton_Blend (XL)") == ["neck", "shirt", "cotton", "blend", "xl"]


def test_other_scripts_keep_their_words() -> None:
    assert tokens("Größe L: Kleid") == ["größe", "kleid"]
    assert tokens("빨간 드레스 옷") == ["빨간", "드레스", "옷"]


@given(st.text())
def test_any_text_gives_alphabetic_lower_case_tokens(text: str) -> None:
    for token in tokens(text):
        assert token.isalpha()
        assert token == token.lower()


def test_a_product_s_words_come_from_the_asked_fields_once_each() -> None:
    product = {
        "title": "Red dress",
        "categories": ["Women", "Dress"],
        "tags": None,
        "description": "a red thing",
    }

    assert product_words(product, ["title", "categories", "tags"]) == ["red", "dress", "women"]


def test_words_that_name_a_look_are_no_stop_words() -> None:
    stop = stop_words()

    assert {"the", "and", "und", "mit", "pour"} <= stop
    assert not {"top", "long", "men", "hat", "tan", "hem", "short", "red"} & stop


def test_every_word_has_a_verdict_and_kept_ones_are_numbered_by_frequency() -> None:
    counts = {"dress": 9, "red": 7, "the": 50, "sale": 20, "odd": 1, "blue": 3, "green": 2}

    vocabulary = build_vocabulary(counts, size=3, rarest=2, stop=frozenset({"the"}), site=frozenset({"sale"}))

    assert vocabulary.words == ("dress", "red", "blue")
    assert {word: why for word, (_, why) in vocabulary.verdicts.items()} == {
        "dress": KEPT, "red": KEPT, "blue": KEPT, "the": STOP, "sale": SITE, "odd": RARE, "green": BEYOND,
    }  # fmt: skip
    assert vocabulary.encode(["blue", "odd", "dress", "blue"]) == [0, 2]
    table = vocabulary.table()
    assert table.num_rows == len(counts)
    assert table["word_id"].to_pylist()[:4] == [0, 1, 2, -1]


@given(st.dictionaries(st.text("abc", min_size=1), st.integers(1, 9)), st.integers(1, 5), st.integers(1, 4))
def test_no_word_is_lost_between_kept_and_dropped(counts: dict[str, int], size: int, rarest: int) -> None:
    vocabulary = build_vocabulary(counts, size=size, rarest=rarest)

    assert len(vocabulary.words) + sum(vocabulary.dropped().values()) == len(counts)


def test_words_are_counted_once_per_product() -> None:
    assert count_words([["a", "a", "b"], ["b"]]) == {"a": 1, "b": 2}
