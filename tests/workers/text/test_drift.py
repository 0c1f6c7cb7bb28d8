"""workers/text/drift.py: what moved between two label runs, and which words a model cannot see."""

import math

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.score import WORD_SCORES
from workers.text.drift import BEST, MOST_WEAK, WordsSaid, drift_rows, helpful_rows, jensen_shannon
from workers.text.report_card import Row
from workers.text.vocabulary import WordCounts, build_vocabulary

DISTRIBUTIONS = st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=1, max_size=20).filter(
    lambda pairs: all(map(sum, zip(*pairs, strict=True)))
)


def figures(rows: list[Row], section: str) -> dict[str, float]:
    return {row["name"]: row["value"] for row in rows if row["section"] == section}


def said(products: int = 100, **frequencies: int) -> WordsSaid:
    """Words of a run; those under 2 products are seen and not learnt."""
    return WordsSaid(frequencies, frozenset(w for w, n in frequencies.items() if n >= 2), products)


@given(DISTRIBUTIONS)
def test_divergence_is_symmetric_and_between_0_and_1(pairs: list[tuple[int, int]]) -> None:
    p, q = (np.array(side, float) / sum(side) for side in zip(*pairs, strict=True))

    value = jensen_shannon(p, q)

    assert 0 <= value <= 1 + 1e-12
    assert math.isclose(value, jensen_shannon(q, p), abs_tol=1e-12)
    assert jensen_shannon(p, p) == 0


def test_divergence_of_known_distributions() -> None:
    assert jensen_shannon(np.array([1.0, 0]), np.array([0, 1.0])) == 1
    # H(3/4, 1/4) - (H(1, 0) + H(1/2, 1/2)) / 2
    entropy = -(0.75 * math.log2(0.75) + 0.25 * math.log2(0.25))
    assert jensen_shannon(np.array([1.0, 0]), np.array([0.5, 0.5])) == pytest.approx(entropy - 0.5)


def test_the_same_words_do_not_drift_however_the_catalogue_grows() -> None:
    rows = drift_rows(said(200, red=20, dress=40), said(100, red=10, dress=20))

    assert figures(rows, "drift") == {"products": 100, "words new": 0, "words gone": 0, "divergence": 0}
    assert not figures(rows, "words that went up") and not figures(rows, "words that went down")


def test_new_and_gone_words_and_the_biggest_movers_are_named() -> None:
    rows = drift_rows(said(red=30, dress=50, linen=20, velvet=1), said(red=30, dress=50, velvet=20))

    found = figures(rows, "drift")
    assert (found["words new"], found["words gone"]) == (1, 1)
    assert {row["name"]: row["detail"] for row in rows if row["section"] == "drift"}[
        "words new"
    ] == "linen 20"
    up, down = figures(rows, "words that went up"), figures(rows, "words that went down")
    assert next(iter(up)) == "linen" and next(iter(down)) == "velvet"
    assert up["linen"] == pytest.approx(100 * 20 / 101)
    assert down["velvet"] == pytest.approx(100 * (1 / 101 - 0.2))
    assert "20 products before, 1 now" in {row["detail"] for row in rows}


def test_a_vocabulary_of_the_first_version_can_be_compared_with() -> None:
    """Its table had no column `language`."""
    table = pa.table({"word": ["red", "und"], "document_frequency": [7, 9], "kept": [True, False]})

    before = WordsSaid.of_table(table, 12)

    assert before == WordsSaid({"red": 7, "und": 9}, frozenset({"red"}), 12)


def scores(*rows: tuple[str, int, float | None]) -> pa.Table:
    entries = [
        {"word_id": n, "word": word, "positives": positives, "auc": auc}
        for n, (word, positives, auc) in enumerate(rows)
    ]
    return pa.Table.from_pylist(entries, WORD_SCORES)


def test_words_that_hardly_ever_help_are_kept_judged_on_enough_photos_and_near_chance() -> None:
    known = build_vocabulary(
        WordCounts({"red": 9, "wonderful": 8, "nice": 7, "rare": 6, "all": 5, "edge": 4})
    )
    table = scores(
        ("red", 40, 0.93), ("wonderful", 30, 0.5), ("nice", 5, 0.54), ("edge", 9, 0.55),
        ("rare", 4, 0.3), ("all", 90, None), ("forgotten", 50, 0.4),
    )  # fmt: skip

    rows = helpful_rows(table, known, "20261123T101500Z-a1b2")

    assert figures(rows, "visible words") == {"judged": 4, "hardly ever help": 2}
    assert list(figures(rows, "words that hardly ever help").items()) == [("wonderful", 0.5), ("nice", 0.54)]
    assert list(figures(rows, "words best seen")) == ["red", "edge"]


def test_the_lists_are_bounded_and_their_true_length_is_told() -> None:
    words = {f"w{chr(97 + n // 26)}{chr(97 + n % 26)}": 9 for n in range(MOST_WEAK + 9)}
    known = build_vocabulary(WordCounts(words | {f"good{chr(97 + n)}": 9 for n in range(BEST + 3)}))
    table = scores(*((word, 9, 0.8 if word.startswith("good") else 0.5) for word in known.words))

    rows = helpful_rows(table, known, "20261123T101500Z-a1b2")

    assert figures(rows, "visible words")["hardly ever help"] == MOST_WEAK + 9
    assert len(figures(rows, "words that hardly ever help")) == MOST_WEAK
    assert len(figures(rows, "words best seen")) == BEST
