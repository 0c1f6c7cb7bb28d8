"""From the mall's export through an import to the annotations of a label run, and runs that have none."""

from pathlib import Path

import pyarrow.parquet as pq

from flows.crawl.import_products import import_file
from flows.parameters.crawl import ImportParameters
from infra.lake import Lake
from infra.mall.catalogue import draw_catalogue
from infra.mall.export.catalogue_file import export
from schemas.columns import table_version
from schemas.ids import image_id
from schemas.label import ANNOTATIONS
from tests.flows.crawled_lake import catalogue, crawled, labelled


def test_what_the_mall_drew_is_what_the_label_run_knows(tmp_path: Path) -> None:
    lake, path = Lake(str(tmp_path / "lake")), tmp_path / "mall.parquet"
    export([draw_catalogue(30, 4, size=(96, 120))], str(path))
    import_file.fn(ImportParameters(path=str(path), lake=lake.uri, shop="mall"))
    crawled(lake, "wordy", catalogue(20), seed=5)  # a shop of which nothing but words is known

    run = lake.run(labelled(lake)["run_id"])

    drawn = {
        (f"mall:{row['product_id']}", image_id(row["image"])): row for row in pq.read_table(path).to_pylist()
    }
    labels = lake.table(run, "labels", ["product_id", "image_id"]).to_pylist()
    annotations = lake.table(run, "annotations").to_pylist()
    keys = [(row["product_id"], row["image_id"]) for row in annotations]
    assert len(set(keys)) == len(keys)
    assert set(keys) == {
        (row["product_id"], row["image_id"]) for row in labels if row["product_id"].startswith("mall:")
    }
    assert len(labels) == len(keys) + 40
    for key, row in zip(keys, annotations, strict=True):
        for name in ("category", "attributes", "landmarks", "box", "domain"):
            assert row[name] == drawn[key][name], name
    assert run.schemas["annotations"] == table_version(ANNOTATIONS)


def test_of_two_crawls_of_one_shop_the_first_named_speaks_for_a_product(tmp_path: Path) -> None:
    lake, crawls = Lake(str(tmp_path / "lake")), []
    drawn = draw_catalogue(20, 4, size=(96, 120))
    for name in ("one", "two"):
        path = tmp_path / f"{name}.parquet"
        export([drawn], str(path))
        table = pq.read_table(path)
        kinds = table.schema.get_field_index("category")
        pq.write_table(table.set_column(kinds, "category", [[name] * table.num_rows]), path)
        crawls.append(
            import_file.fn(ImportParameters(path=str(path), lake=lake.uri, shop="mall"))["crawl_id"]
        )

    for order, name in ((crawls, "one"), (crawls[::-1], "two")):
        run = lake.run(labelled(lake, order)["run_id"])
        assert run.rows("annotations") == run.rows("labels")
        assert set(lake.table(run, "annotations")["category"].to_pylist()) == {name}


def test_where_only_words_are_known_there_is_no_such_table(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    crawled(lake, "s", catalogue(20))

    run = lake.run(labelled(lake)["run_id"])

    assert "annotations" not in run.files
    assert run.rows("annotations") == 0
