"""The split of a published benchmark in a label run, beside shops that have none."""

from pathlib import Path

from infra.lake import Lake
from tests.flows.crawled_lake import catalogue, crawled, figures, labelled
from tests.flows.retrieval.protocols.benchmark_lakes import imported


def sides(lake: Lake, run_id: str) -> dict[tuple[str, str], str]:
    rows = lake.table(lake.run(run_id), "labels", ["product_id", "image_id", "split"]).to_pylist()
    return {(row["product_id"], row["image_id"]): row["split"] for row in rows}


def test_photos_are_where_the_benchmark_puts_them_and_other_shops_where_we_do(tmp_path: Path) -> None:
    lake, _ = imported("consumer2shop", tmp_path)
    crawled(lake, "wordy", catalogue(40), seed=5)
    alone = sides(lake, labelled(lake, [run.run_id for run in lake.runs("crawl")][1:])["run_id"])

    result = labelled(lake)

    split = sides(lake, result["run_id"])
    known = lake.table(lake.run(result["run_id"]), "annotations").to_pylist()
    for row in known:
        side = split[row["product_id"], row["image_id"]]
        if row["split"] == "test":
            assert side == ("query" if row["domain"] == "street" else "gallery")
        else:
            assert side == row["split"]
    assert {key: side for key, side in split.items() if key[0].startswith("wordy:")} == alone
    told = figures(result, "official split")
    assert told["products"] == len({row["product_id"] for row in known})
    assert told["photos on both sides"] == 0
    assert set(result["splits"].values()) == {
        sum(side == name for side in split.values()) for name in ("train", "query", "gallery", "val")
    }


def test_nobody_learns_from_a_test_photo_of_deepfashion_c(tmp_path: Path) -> None:
    lake, _ = imported("deepfashion-c", tmp_path, products=20)

    result = labelled(lake)

    split = sides(lake, result["run_id"])
    for row in lake.table(lake.run(result["run_id"]), "annotations").to_pylist():
        wanted = {"train": "train", "val": "val", "test": "gallery"}[row["split"]]
        assert split[row["product_id"], row["image_id"]] == wanted


def test_a_lake_without_benchmarks_has_no_such_section(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    crawled(lake, "s", catalogue(20))

    assert figures(labelled(lake), "official split") == {}
