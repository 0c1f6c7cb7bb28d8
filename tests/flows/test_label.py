"""flows/label.py on a real lake: no product is lost, nothing leaks, only the train split makes words."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from flows.label import label_products
from infra.lake import Lake
from schemas.errors import InputError, LakeError
from schemas.image import IMAGES
from schemas.manifest import Count
from schemas.product import PRODUCTS, Product
from schemas.reject import REJECTS

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
