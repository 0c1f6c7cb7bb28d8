"""flows/learn/label.py on a real lake: no product is lost, nothing leaks, only the train split makes words."""

from pathlib import Path

import numpy as np
import pytest

from flows.learn import held_out as split
from infra.lake import Lake
from schemas.errors import InputError, LakeError
from schemas.manifest import Count
from tests.flows.crawled_lake import FIRST_IMAGES, catalogue, crawled, figures, labelled


def test_every_product_is_labelled_or_rejected_and_counted(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    crawled(lake, "s", catalogue() | {"bare": ("red dress", ["", ""]), "none": ("red dress", [])})

    result = labelled(lake)

    run = lake.run(result["run_id"])
    assert result["products"] == 80
    assert result["rejected"] == {"no_photo": 2}
    assert run.counts["label"] == Count(82, 80, {"no_photo": 2})
    assert run.rows("labels") == 160 == sum(result["splits"].values())
    rejects = lake.table(run, "rejects").to_pylist()
    assert {row["product_id"] for row in rejects} == {"s:bare", "s:none"}


def test_words_come_from_the_train_split_and_say_why_they_were_dropped(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    crawled(lake, "s", catalogue())

    result = labelled(lake)

    run = lake.run(result["run_id"])
    words = {row["word"]: row for row in lake.table(run, "vocabulary").to_pylist()}
    rows = lake.table(run, "labels").to_pylist()
    train = {row["product_id"] for row in rows if row["split"] == "train"}
    assert words["the"]["why"] == "stop word"
    assert sum(words[colour]["document_frequency"] for colour in ("red", "blue", "green", "white")) == len(
        train
    )
    by_id = {row["word_id"]: word for word, row in words.items() if row["kept"]}
    dress = next(row for row in rows if row["product_id"] == "s:p0")
    assert {by_id[word] for word in dress["words"]} == {"red", "dress"}


def test_products_that_share_a_photo_never_stand_on_two_sides(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    shared = {f"q{i}": (f"red dress {i}", [f"a{i}", f"c{i}"]) for i in range(80)}
    crawled(lake, "s", catalogue())
    crawled(lake, "t", shared, seed=1)

    result = labelled(lake, test_share=0.4)

    sides: dict[str, set[bool]] = {}
    for row in lake.table(lake.run(result["run_id"]), "labels").to_pylist():
        number = row["product_id"].split(":")[1][1:]
        sides.setdefault(number, set()).add(row["split"] == "train")
    assert all(len(found) == 1 for found in sides.values())
    assert result["groups"] == 80


def test_only_the_newest_crawl_of_a_shop_is_labelled(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    first = crawled(lake, "s", catalogue(40))
    ids = {first, crawled(lake, "s", catalogue(30), seed=1)}

    result = labelled(lake)

    assert lake.run(result["run_id"]).parents == [max(ids)]


def test_a_crawl_from_before_photos_had_a_quality_is_labelled_with_a_newer_one(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    crawled(lake, "old", catalogue(40), images_schema=FIRST_IMAGES)
    new = {f"n{i}": (f"red dress {i}", [f"x{i}", f"y{i}"]) for i in range(40)}
    crawled(lake, "new", new, seed=0)  # the same seed gives the same hashes and thumbnails

    result = labelled(lake)

    assert result["products"] == 80
    assert result["groups"] == 40


def test_what_cannot_be_labelled_is_said(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    with pytest.raises(LakeError, match="no crawl yet"):
        labelled(lake)
    crawled(lake, "s", catalogue(9))
    with pytest.raises(InputError, match="field price"):
        labelled(lake, fields=["price"])
    with pytest.raises(InputError, match="no word"):
        labelled(lake, rarest=50)


def test_words_of_two_languages_keep_theirs_and_lose_the_function_words_of_their_own(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    german = "Ein leichter Begleiter aus Stroh für den Sommer, der mit seiner breiten Krempe vor der Sonne"
    english = "Made of straw and light as air, with a wide brim that keeps the sun off your face"
    crawled(lake, "nord", {f"d{i}": (f"{german} schützt und Halt hat", [f"d{i}"]) for i in range(30)})
    crawled(lake, "west", {f"e{i}": (f"{english}: a hat", [f"e{i}"]) for i in range(30)}, seed=1)

    result = labelled(lake)

    run = lake.run(result["run_id"])
    words = {row["word"]: row for row in lake.table(run, "vocabulary").to_pylist()}
    assert figures(result, "languages") == {"de": 30, "en": 30}
    assert (words["stroh"]["language"], words["straw"]["language"]) == ("de", "en")
    assert {words[word]["why"] for word in ("und", "mit", "with", "that")} == {"stop word"}
    hat = words["hat"]["word_id"]  # a verb in every German title, a garment in every English one
    for row in lake.table(run, "labels").to_pylist():
        assert (hat in row["words"]) == row["product_id"].startswith("west:")


def test_a_split_that_leaks_is_not_committed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Held out by product instead of by group: what the card says would happen is refused where it does."""
    lake = Lake(str(tmp_path))
    crawled(lake, "s", catalogue())
    crawled(lake, "t", {f"q{i}": (f"red dress {i}", [f"a{i}"]) for i in range(80)}, seed=1)
    monkeypatch.setattr(
        split, "held_out", lambda groups, numbers, share, learnt=None: np.arange(len(groups)) % 3 == 0
    )

    with pytest.raises(LakeError, match=r"photos and .* groups in train and test"):
        labelled(lake, test_share=0.4)

    assert not [run for run in lake.runs("run") if run.flow == "label"]
