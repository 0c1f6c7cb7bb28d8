"""Imports of catalogue files into a lake, and what a crawl of the same shop makes of them."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flows.crawl.crawl_shops import crawl_shop
from flows.crawl.import_products import import_file
from flows.parameters.crawl import CrawlParameters, ImportParameters
from infra.lake import Lake
from schemas.errors import InputError, RejectedError
from schemas.manifest import Manifest
from tests.crawlers.shopserver import ShopifyShop, photo, serve

DATA = Path(__file__).parents[4] / "shared" / "data"
MAPPINGS = {
    "luma": {"product_id": "sku+colour", "title": "name", "description": "description_html"},
    "street": {"product_id": "image_id", "title": "category"},
    "hires": {},
}


def imported(path: Path, lake: Lake, shop: str = "acme", **mapping: str) -> tuple[dict[str, Any], Manifest]:
    wanted = ImportParameters(path=str(path), lake=lake.uri, shop=shop, mapping=mapping)
    result = import_file.fn(wanted)
    return result, lake.run(result["crawl_id"])


def rows(lake: Lake, manifest: Manifest, table: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = lake.table(manifest, table).to_pylist()
    return found


def test_rows_of_one_product_become_its_photos_wherever_they_stand(tmp_path: Path, lake: Lake) -> None:
    (tmp_path / "back.jpg").write_bytes(photo(11))
    names = ["P1", "P2", "P1", "P3", "P1", ""]
    table = pa.table(
        {
            "product_id": names,
            "title": ["First", "Second", "Ignored", "Third", "Ignored", "Nobody"],
            "image": [photo(1), photo(2), photo(3), photo(2), b"\xff\xd8\xff", photo(4)],
            "view": ["front", "", "back", "", "side", ""],
            "season": ["W", "S", "X", "S", "X", "S"],
        }
    )
    pq.write_table(table, tmp_path / "shop.parquet")

    result, manifest = imported(tmp_path / "shop.parquet", lake)

    first, second, third = rows(lake, manifest, "products")
    images = {row["image_id"]: row for row in rows(lake, manifest, "images")}
    assert (first["product_id"], first["title"], first["image_views"]) == (
        "acme:P1",
        "First",
        ["front", "back"],
    )
    assert [images[name]["bytes"] for name in first["image_ids"]] == [photo(1), photo(3)]
    assert second["image_ids"] == third["image_ids"]
    assert dict(first["attributes"]) == {"season": "W"}
    assert first["source"] == "import"
    assert sorted((row["reason"], row["url"]) for row in rows(lake, manifest, "rejects")) == [
        ("row_incomplete", "shop.parquet row 6"),
        ("truncated", "shop.parquet row 5"),
    ]
    count = manifest.counts["import"]
    assert (count.came_in, count.went_out) == (6, 4)
    wanted = {"products": 3, "images_new": 3, "images_known": 0, "added": 3, "requests": 0}
    assert wanted.items() <= result.items()


def test_a_file_imported_again_changes_nothing_also_with_its_rows_moved(tmp_path: Path, lake: Lake) -> None:
    columns = {"product_id": ["1", "2"], "title": ["a", "b"], "image": [photo(1), photo(2)]}
    pq.write_table(pa.table(columns), tmp_path / "shop.parquet")
    _, first = imported(tmp_path / "shop.parquet", lake)
    moved = {name: values[::-1] for name, values in columns.items()} | {"title": ["b", "now a"]}
    pq.write_table(pa.table(moved), tmp_path / "shop.parquet")

    again, second = imported(tmp_path / "shop.parquet", lake)

    wanted = {"images_new": 0, "images_known": 2, "changed": 1, "added": 0, "removed": 0}
    assert wanted.items() <= again.items()
    assert second.parents == [first.run_id]
    assert lake.newest("crawl", shop="acme").run_id == second.run_id


def saved(tmp_path: Path, *lines: str) -> Path:
    """A catalogue of forty products, some of whose lines are others."""
    for n in range(40):
        (tmp_path / f"{n}.png").write_bytes(photo(n))
    rows_of_file = [f"B{n},Bag {n},{n}.png" for n in range(40)]
    for line in lines:
        number = int(line.partition(",")[0].strip("B"))
        rows_of_file[number] = line
    path = tmp_path / "shop.csv"
    path.write_text("\n".join(["product_id,title,image", *rows_of_file]) + "\n")
    return path


@pytest.mark.parametrize(
    ("lines", "kept"),
    [
        (('B4,"Bag 24"" rim,4.png',), 36),  # a quote that is not closed: nobody knows which rows it swallowed
        (("B4,Bag 4,nowhere.png", "B6,,6.png", "B8,Bag 8,8.png,and,more"), 3),
        (("B4,Bag 4,nowhere.png", "B6,,6.png"), 2),
        (("B5,Bag 5,",), 1),
    ],
)
def test_a_refused_row_takes_no_product_away(
    lines: tuple[str, ...], kept: int, tmp_path: Path, lake: Lake
) -> None:
    imported(saved(tmp_path), lake)

    result, manifest = imported(saved(tmp_path, *lines), lake)

    assert (result["removed"], result["kept"], result["products"]) == (0, kept, 40)
    assert len(rows(lake, manifest, "products")) == 40


@pytest.mark.parametrize(
    ("header", "mapping"),
    [
        ("Foto 1,Foto 2", {"image": "Foto 1+Foto 2"}),
        ("Images,x", None),
        ("images,more", {"image": "images+more"}),
    ],
)
def test_several_columns_of_photos_are_all_of_the_product(
    header: str, mapping: dict[str, str] | None, tmp_path: Path, lake: Lake
) -> None:
    for n in range(3):
        (tmp_path / f"{n}.png").write_bytes(photo(n))
    path = tmp_path / "shop.csv"
    path.write_text(f"product_id,title,{header}\nA,Coat,0.png,1.png\nB,Hat,2.png,\n")

    result = import_file.fn(ImportParameters(path=str(path), lake=lake.uri, shop="acme", mapping=mapping))

    products = rows(lake, lake.run(result["crawl_id"]), "products")
    photos = 1 if mapping is None else 2
    assert [len(product["image_ids"]) for product in products] == [photos, 1]
    assert result["rejected"] == {}


def test_what_a_whole_file_no_longer_has_is_removed(tmp_path: Path, lake: Lake) -> None:
    path = saved(tmp_path)
    imported(path, lake)
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-4]))

    result, _ = imported(path, lake)

    assert (result["removed"], result["kept"], result["complete"]) == (4, 0, True)


def test_photos_by_address_are_fetched_and_a_crawl_may_follow_an_import(tmp_path: Path, lake: Lake) -> None:
    shop = ShopifyShop(3)
    with serve(shop) as url:
        lines = [f"{n},Shirt {n},{url}/img/{n}-front.jpg?v=1" for n in range(3)]
        lines += [
            f"0,Shirt 0,{name}" for name in (f"{url}/img/0-back.jpg", "near.jpg", "http://10.0.0.1/x.jpg")
        ]
        (tmp_path / "shop.csv").write_text("\n".join(["product_id,title,image", *lines]))
        (tmp_path / "near.jpg").write_bytes(photo(77))

        file = str(tmp_path / "shop.csv")
        result = import_file.fn(ImportParameters(path=file, lake=lake.uri, shop="acme", photos_at=url))
        crawled = crawl_shop.fn("acme", url, CrawlParameters(urls=(url,), lake=lake.uri))

    manifest = lake.run(result["crawl_id"])
    (reject,) = rows(lake, manifest, "rejects")
    assert (reject["reason"], reject["url"], reject["product_id"]) == (
        "address",
        "http://10.0.0.1/x.jpg",
        "acme:0",
    )
    assert rows(lake, manifest, "products")[0]["image_views"] == ["front", "back", "", ""]
    assert (result["images_new"], manifest.counts["image"].came_in) == (5, 6)
    assert (crawled["added"], crawled["removed"], crawled["images_known"]) == (3, 3, 4)


def test_a_file_full_of_bad_photos_stops_early(tmp_path: Path, lake: Lake) -> None:
    many = 2000
    table = pa.table(
        {"product_id": [str(n) for n in range(many)], "title": ["t"] * many, "image": [b"GIF"] * many}
    )
    pq.write_table(table, tmp_path / "shop.parquet")

    with pytest.raises(RejectedError, match="50 of 50 rows refused: not_an_image"):
        imported(tmp_path / "shop.parquet", lake)

    (refused,) = lake.runs()
    assert (refused.flow, refused.rows("rejects"), lake.unfinished()) == ("refused", 50, 0)


def test_a_file_without_a_row_is_refused(tmp_path: Path, lake: Lake) -> None:
    (tmp_path / "shop.csv").write_text("product_id,title,image\n")

    with pytest.raises(InputError, match="holds no row"):
        imported(tmp_path / "shop.csv", lake)

    assert list(lake.runs()) == [] and lake.unfinished() == 0


def test_a_file_that_cannot_be_used_leaves_no_run(tmp_path: Path, lake: Lake) -> None:
    (tmp_path / "shop.parquet").write_bytes(b"not parquet at all")

    with pytest.raises(InputError, match="is not Parquet"):
        imported(tmp_path / "shop.parquet", lake)

    assert not (tmp_path / "lake").exists()


@pytest.mark.skipif(not DATA.exists(), reason="../shared/data is not there")
@pytest.mark.parametrize(
    "name", ["luma", *(pytest.param(name, marks=pytest.mark.slow) for name in ("street", "hires"))]
)
def test_the_real_catalogues_are_imported_without_loss(name: str, lake: Lake) -> None:
    path = DATA / f"{name}.parquet"

    result, manifest = imported(path, lake, name, **MAPPINGS[name])

    table = pq.read_table(path, columns=["image"])
    assert manifest.counts["import"].came_in == manifest.counts["import"].went_out == table.num_rows
    assert manifest.rows("images") == len(set(table["image"].to_pylist()))
    assert result["rejected"] == {}


@pytest.mark.slow
@pytest.mark.skipif(not DATA.exists(), reason="../shared/data is not there")
def test_the_largest_real_catalogue_is_imported_without_loss(lake: Lake) -> None:
    result, manifest = imported(DATA / "shop.parquet", lake, "shop")

    assert (result["products"], result["images_new"], result["rejected"]) == (6926, 6872, {})
    assert manifest.counts["import"].went_out == 6926
