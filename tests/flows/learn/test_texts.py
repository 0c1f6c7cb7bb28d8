"""flows/learn/texts.py: one pass reads every text once, and Ray's actors leave what this process would."""

from pathlib import Path

import numpy as np
import pytest

from flows.learn import texts
from flows.learn.bag_spool import BagSpool
from flows.learn.shown_photos import ShownPhotos
from flows.progress import stage
from infra.lake import Lake
from tests.flows.crawled_lake import catalogue, crawled, labelled


def test_units_cover_every_row_in_order(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    crawls = [
        lake.run(crawled(lake, shop, catalogue(20) | {"bare": ("x", [])}, seed))
        for seed, shop in enumerate("st")
    ]
    shown = ShownPhotos.of(lake, crawls)

    units = texts.units_of(lake, crawls, shown)

    assert np.concatenate([unit.place for unit in units]).tolist() == shown.place.tolist()
    assert sum(len(unit.labelled) for unit in units) == 40


def test_words_are_counted_on_the_train_side_and_kept_of_all(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    crawls = [
        lake.run(
            crawled(lake, "s", {f"p{n}": (f"linen dress w{'x' * (n + 2)}", [f"a{n}"]) for n in range(8)})
        )
    ]
    shown = ShownPhotos.of(lake, crawls)
    units = texts.units_of(lake, crawls, shown)
    out = np.arange(8) >= 5

    with BagSpool() as spool, stage("label", 8, "products") as step:
        said = texts.read_texts(lake, units, ["title"], out, spool, step)
        bags = [spool.read(number) for number in range(len(units))]

    counts = said.tally.counts(said.languages.of_shop).frequencies
    assert (counts["linen"], counts["wxx"]) == (5, 1) and "wxxxxxxxxx" not in counts
    assert "wxxxxxxxxx" in said.numbers
    assert sum(len(each.shops) for each in bags) == step.done == 8


@pytest.mark.usefixtures("ray_here")
@pytest.mark.slow
def test_ray_leaves_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lake = Lake(str(tmp_path))
    for seed, shop in enumerate(("s", "t", "u")):
        crawled(lake, shop, catalogue(30) | {"bare": ("x", [""])}, seed)
    here = labelled(lake)
    monkeypatch.setattr(texts, "FEW", 0)

    there = labelled(lake)

    for table in ("labels", "vocabulary", "rejects"):
        one, other = (lake.table(lake.run(result["run_id"]), table) for result in (here, there))
        assert one.drop_columns(["at"] if table == "rejects" else []).equals(
            other.drop_columns(["at"] if table == "rejects" else [])
        )
