"""flows/label.py on a real lake: no product is lost, nothing leaks, only the train split makes words.

And the card of it: what is stored is what is told, and what earlier runs have to do with it.
"""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from flows import label as flow
from flows.label import label_products
from flows.report_card import previous_labels, report_card
from infra.lake import Lake
from schemas.errors import InputError, LakeError
from schemas.image import IMAGES
from schemas.label import REPORT_CARD, VOCABULARY
from schemas.manifest import Count
from schemas.product import PRODUCTS, Product
from schemas.reject import REJECTS
from schemas.score import WORD_SCORES
from workers.split import share_of, sides

NOW = datetime(2026, 11, 23, tzinfo=UTC)
LABEL = label_products.fn


FIRST_IMAGES = pa.schema(  # the table before it had these columns
    [field for field in IMAGES if field.name not in ("declared_type", "orientation", "quality")],
    metadata={"table": "images", "version": "1"},
)


def crawled(
    lake: Lake,
    shop: str,
    products: dict[str, tuple[str, list[str]]],
    seed: int = 0,
    images_schema: pa.Schema = IMAGES,
) -> str:
    """Commit a crawl: key -> (title, image ids); "" stands for a refused photo."""
    random = np.random.default_rng(seed)
    run = lake.begin("crawl", "crawl", shop, parameters={"shop": shop})
    rows, images, rejects = run.writer(PRODUCTS), run.writer(images_schema), run.writer(REJECTS)
    stored: set[str] = set()
    for key, (title, ids) in products.items():
        urls = tuple(f"http://127.0.0.1/{key}/{n}" for n in range(len(ids)))
        product = Product(
            f"{shop}:{key}",
            shop,
            title,
            "import",
            NOW,
            price=Decimal(9),
            image_urls=urls,
            image_views=("",) * len(ids),
        )
        rows.write(product.row(tuple(ids), NOW))
        for image_id in set(ids) - stored - {""}:
            stored.add(image_id)
            row = {
                "image_id": image_id, "bytes": b"x", "media_type": "image/jpeg", "declared_type": "",
                "width": 64, "height": 64, "orientation": 1, "quality": 90,
                "phash": int(random.integers(0, 2**63)), "thumbnail": random.bytes(192), "url": "",
                "product_id": product.product_id, "fetched_at": NOW,
                "robots": {"allowed": True, "noai": False, "noimageai": False},
            }  # fmt: skip
            images.write({name: row[name] for name in images_schema.names})
    for schema, writer in ((PRODUCTS, rows), (images_schema, images), (REJECTS, rejects)):
        run.add(schema, writer.close())
    run.counts["page"] = Count(len(products), len(products))
    return lake.commit(run, {"shop": shop, "crawl_id": run.run_id}).run_id


def catalogue(n: int = 80) -> dict[str, tuple[str, list[str]]]:
    colours, kinds = ("red", "blue", "green", "white"), ("dress", "shirt", "skirt")
    return {f"p{i}": (f"The {colours[i % 4]} {kinds[i % 3]} no{i}", [f"a{i}", f"b{i}"]) for i in range(n)}


def test_every_product_is_labelled_or_rejected_and_counted(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    crawled(lake, "s", catalogue() | {"bare": ("red dress", ["", ""]), "none": ("red dress", [])})

    result = LABEL(str(tmp_path), None, ["title"], 30_000, 2, 0.25)

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

    result = LABEL(str(tmp_path), None, ["title"], 30_000, 2, 0.25)

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

    result = LABEL(str(tmp_path), None, ["title"], 30_000, 2, 0.4)

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

    result = LABEL(str(tmp_path), None, ["title"], 30_000, 2, 0.25)

    assert lake.run(result["run_id"]).parents == [max(ids)]


def test_a_crawl_from_before_photos_had_a_quality_is_labelled_with_a_newer_one(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    crawled(lake, "old", catalogue(40), images_schema=FIRST_IMAGES)
    new = {f"n{i}": (f"red dress {i}", [f"x{i}", f"y{i}"]) for i in range(40)}
    crawled(lake, "new", new, seed=0)  # the same seed gives the same hashes and thumbnails

    result = LABEL(str(tmp_path), None, ["title"], 30_000, 2, 0.25)

    assert result["products"] == 80
    assert result["groups"] == 40


def test_what_cannot_be_labelled_is_said(tmp_path: Path) -> None:
    with pytest.raises(LakeError, match="no crawl yet"):
        LABEL(str(tmp_path), None, ["title"], 30_000, 2, 0.25)
    crawled(Lake(str(tmp_path)), "s", catalogue(9))
    with pytest.raises(InputError, match="field price"):
        LABEL(str(tmp_path), None, ["price"], 30_000, 2, 0.25)
    with pytest.raises(InputError, match="no word"):
        LABEL(str(tmp_path), None, ["title"], 30_000, 50, 0.25)


def figures(result: dict[str, Any], section: str) -> dict[str, float]:
    return {row["name"]: row["value"] for row in result["report_card"] if row["section"] == section}


def committed(
    lake: Lake, flow: str, schema: pa.Schema, rows: list[dict[str, object]], **facts: object
) -> str:
    """A run of one table, as another flow or an older version would have left it."""
    run = lake.begin("run", flow, f"{flow} by hand", parents=facts.pop("parents", []))
    writer = run.writer(schema)
    for row in rows:
        writer.write(row)
    run.add(schema, writer.close())
    return lake.commit(run, facts).run_id


def test_the_card_is_stored_as_it_is_told(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    crawled(lake, "s", catalogue())

    result = LABEL(str(tmp_path), None, ["title"], 30_000, 2, 0.25)

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


def test_words_of_two_languages_keep_theirs_and_lose_the_function_words_of_their_own(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    german = "Ein leichter Begleiter aus Stroh für den Sommer, der mit seiner breiten Krempe vor der Sonne"
    english = "Made of straw and light as air, with a wide brim that keeps the sun off your face"
    crawled(lake, "nord", {f"d{i}": (f"{german} schützt und Halt hat", [f"d{i}"]) for i in range(30)})
    crawled(lake, "west", {f"e{i}": (f"{english}: a hat", [f"e{i}"]) for i in range(30)}, seed=1)

    result = LABEL(str(tmp_path), None, ["title"], 30_000, 2, 0.25)

    run = lake.run(result["run_id"])
    words = {row["word"]: row for row in lake.table(run, "vocabulary").to_pylist()}
    assert figures(result, "languages") == {"de": 30, "en": 30}
    assert (words["stroh"]["language"], words["straw"]["language"]) == ("de", "en")
    assert {words[word]["why"] for word in ("und", "mit", "with", "that")} == {"stop word"}
    hat = words["hat"]["word_id"]  # a verb in every German title, a garment in every English one
    for row in lake.table(run, "labels").to_pylist():
        assert (hat in row["words"]) == row["product_id"].startswith("west:")


def test_without_groups_shared_photos_would_have_leaked(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    crawled(lake, "s", catalogue())
    crawled(lake, "t", {f"q{i}": (f"red dress {i}", [f"a{i}"]) for i in range(80)}, seed=1)

    result = LABEL(str(tmp_path), None, ["title"], 30_000, 2, 0.4)

    found = figures(result, "leakage")
    assert found["photos in train and test"] == found["groups in train and test"] == 0
    out = {p: share_of(p) < 0.4 for i in range(80) for p in (f"s:p{i}", f"t:q{i}")}
    leaked = sum(out[f"s:p{i}"] != out[f"t:q{i}"] for i in range(80))
    assert found["without groups"] == leaked > 0


def test_a_split_that_leaks_is_not_committed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Held out by product instead of by group: what the card says would happen is refused where it does."""
    lake = Lake(str(tmp_path))
    crawled(lake, "s", catalogue())
    crawled(lake, "t", {f"q{i}": (f"red dress {i}", [f"a{i}"]) for i in range(80)}, seed=1)
    monkeypatch.setattr(flow, "sides", lambda groups, owners, share: sides(range(len(owners)), owners, share))

    with pytest.raises(LakeError, match="photos and .* groups in train and test"):
        LABEL(str(tmp_path), None, ["title"], 30_000, 2, 0.4)

    assert not [run for run in lake.runs("run") if run.flow == "label"]


def test_a_second_run_tells_what_moved_since_the_first(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    crawled(lake, "s", catalogue())
    first = LABEL(str(tmp_path), None, ["title"], 30_000, 2, 0.25)
    crawled(lake, "other", catalogue(20), seed=2)
    LABEL(str(tmp_path), None, ["title"], 30_000, 2, 0.25)  # of two shops: not comparable
    linen = {f"n{i}": ("linen trousers", [f"n{i}"]) for i in range(40)}
    again = crawled(lake, "s", catalogue(40) | linen, seed=3)

    result = LABEL(str(tmp_path), [again], ["title"], 30_000, 3, 0.25)

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

    result = LABEL(str(tmp_path), None, ["title"], 30_000, 2, 0.25)

    assert report_card(lake, lake.run(old)).num_rows == 0
    assert figures(result, "drift")["products"] == 40
    assert figures(result, "drift")["words gone"] == 1
    newest = previous_labels(lake, [lake.run(crawl)])
    assert newest is not None and newest.run_id == result["run_id"]


def test_what_a_trained_model_saw_of_the_words_is_told(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    crawled(lake, "s", catalogue())
    words: list[dict[str, object]] = [
        {"word_id": 7, "word": "red", "positives": 20, "auc": 0.9},
        {"word_id": 8, "word": "skirt", "positives": 20, "auc": 0.51},
        {"word_id": 9, "word": "forgotten", "positives": 20, "auc": 0.5},
    ]
    train = committed(lake, "train", WORD_SCORES, words)

    result = LABEL(str(tmp_path), None, ["title"], 30_000, 2, 0.25)

    assert figures(result, "visible words") == {"judged": 2, "hardly ever help": 1}
    assert figures(result, "words that hardly ever help") == {"skirt": 0.51}
    assert figures(result, "words best seen") == {"red": 0.9}
    assert any(train in row["detail"] for row in result["report_card"])


def test_a_train_run_without_word_scores_is_said_to_be_one(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    crawled(lake, "s", catalogue())
    train = committed(lake, "train", VOCABULARY, [])

    result = LABEL(str(tmp_path), None, ["title"], 30_000, 2, 0.25)

    said = next(row for row in result["report_card"] if row["section"] == "visible words")
    assert said["value"] == 0 and f"train run {train} has no table word_scores" in said["detail"]
