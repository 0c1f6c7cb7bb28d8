"""flows/learn/report_card.py: what is stored is what is told, and what earlier runs have to do with it."""

from pathlib import Path

import pyarrow as pa

from flows.learn.report_card import previous_labels, report_card
from infra.lake import Lake
from schemas.label import REPORT_CARD, VOCABULARY
from schemas.score import WORD_SCORES
from tests.flows.crawled_lake import catalogue, crawled, figures, labelled
from tests.flows.learn.committed_runs import committed
from workers.data.split import share_of


def test_the_card_is_stored_as_it_is_told(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    crawled(lake, "s", catalogue())

    result = labelled(lake)

    stored = report_card(lake, lake.run(result["run_id"]))
    assert stored.to_pylist() == result["report_card"]
    assert stored.schema.equals(REPORT_CARD)
    words = figures(result, "words")
    assert words["kept"] == result["words_kept"]
    assert {name: n for name, n in words.items() if name != "kept"} == result["words_dropped"]
    sizes = figures(result, "words per product")
    assert (sizes["min"], sizes["max"], sizes["without"]) == (2, 2, result["products_without_words"])
    assert sum(figures(result, "languages").values()) == result["products"]
    assert figures(result, "drift") == {"earlier label runs": 0}
    assert figures(result, "visible words") == {"judged": 0}


def test_without_groups_shared_photos_would_have_leaked(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    crawled(lake, "s", catalogue())
    crawled(lake, "t", {f"q{i}": (f"red dress {i}", [f"a{i}"]) for i in range(80)}, seed=1)

    result = labelled(lake, test_share=0.4)

    found = figures(result, "leakage")
    assert found["photos in train and test"] == found["groups in train and test"] == 0
    out = {p: share_of(p) < 0.4 for i in range(80) for p in (f"s:p{i}", f"t:q{i}")}
    leaked = sum(out[f"s:p{i}"] != out[f"t:q{i}"] for i in range(80))
    assert found["without groups"] == leaked > 0


def test_a_second_run_tells_what_moved_since_the_first(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    crawled(lake, "s", catalogue())
    first = labelled(lake)
    crawled(lake, "other", catalogue(20), seed=2)
    labelled(lake)  # of two shops: not comparable
    linen = {f"n{i}": ("linen trousers", [f"n{i}"]) for i in range(40)}
    again = crawled(lake, "s", catalogue(40) | linen, seed=3)

    result = labelled(lake, [again], rarest=3)

    drift = {row["name"]: row for row in result["report_card"] if row["section"] == "drift"}
    assert first["run_id"] in drift["settings that differ"]["detail"]
    assert drift["settings that differ"]["value"] == 1 and "rarest" in drift["settings that differ"]["detail"]
    assert drift["products"]["value"] == 0
    assert drift["words new"]["value"] == 2 and "linen" in drift["words new"]["detail"]
    assert 0 < drift["divergence"]["value"] < 1
    assert {"linen", "trousers"} <= set(figures(result, "words that went up"))


def test_runs_from_before_there_was_a_card_can_still_be_read(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    crawl = crawled(lake, "s", catalogue())
    fields = [field for field in VOCABULARY if field.name != "language"]
    first = pa.schema(fields, metadata={"table": "vocabulary", "version": "1"})
    row: dict[str, object] = {
        "word_id": 0,
        "word": "velvet",
        "document_frequency": 9,
        "kept": True,
        "why": "kept",
    }
    old = committed(lake, "label", first, [row], products=40, parents=[crawl])
    found = previous_labels(lake, [lake.run(crawl)])
    assert found is not None and found.run_id == old

    result = labelled(lake)

    assert report_card(lake, lake.run(old)).num_rows == 0
    assert figures(result, "drift")["products"] == 40
    assert figures(result, "drift")["words gone"] == 1


def test_what_a_trained_model_saw_of_the_words_is_told(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    crawled(lake, "s", catalogue())
    words: list[dict[str, object]] = [
        {"word_id": 7, "word": "red", "positives": 20, "auc": 0.9},
        {"word_id": 8, "word": "skirt", "positives": 20, "auc": 0.51},
        {"word_id": 9, "word": "forgotten", "positives": 20, "auc": 0.5},
    ]
    train = committed(lake, "train", WORD_SCORES, words)

    result = labelled(lake)

    assert figures(result, "visible words") == {"judged": 2, "hardly ever help": 1}
    assert figures(result, "words that hardly ever help") == {"skirt": 0.51}
    assert figures(result, "words best seen") == {"red": 0.9}
    assert any(train in row["detail"] for row in result["report_card"])


def test_a_train_run_without_word_scores_is_said_to_be_one(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    crawled(lake, "s", catalogue())
    train = committed(lake, "train", VOCABULARY, [])

    result = labelled(lake)

    said = next(row for row in result["report_card"] if row["section"] == "visible words")
    assert said["value"] == 0 and f"train run {train} has no table word_scores" in said["detail"]
