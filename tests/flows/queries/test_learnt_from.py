"""flows/queries/learnt_from.py: which models are judged, and what they learnt from."""

from pathlib import Path
from typing import Any

from flows.queries.learnt_from import asked_though_learnt, judged_models, label_runs_behind, of_side
from infra.lake import Lake
from schemas.label import LABELS, VOCABULARY
from schemas.manifest import Manifest


def labels(lake: Lake, splits: dict[str, str]) -> Manifest:
    """A label run: "product photo" -> split."""
    run = lake.begin("run", "label", str(splits))
    writer = run.writer(LABELS)
    for name, split in splits.items():
        product, photo = name.split()
        writer.write({"product_id": product, "image_id": photo, "words": [], "split": split, "group": 0})
    run.add(LABELS, writer.close())
    return lake.commit(run, {})


def trained(lake: Lake, method: str, *parents: str, images: int = 9) -> Manifest:
    run = lake.begin("run", "train", f"{method} {parents} {images}", parents=parents)
    writer = run.writer(VOCABULARY)
    run.add(VOCABULARY, writer.close())
    return lake.commit(run, {"method": method, "images": images})


def ids(runs: Any) -> list[str]:
    return [run.run_id for run in runs]


def test_the_newest_model_of_each_method_that_learnt_anything_is_judged(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    assert judged_models(lake) == []
    trained(lake, "house")
    newest, other = trained(lake, "house", "x"), trained(lake, "corbiere")
    trained(lake, "house", images=0)  # first weights

    assert ids(judged_models(lake)) == ids([other, newest])


def test_behind_a_model_lie_the_label_runs_of_all_that_it_went_on_from(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    one, two = labels(lake, {"a x": "train"}), labels(lake, {"b y": "train"})
    first = trained(lake, "house", one.run_id)
    second = trained(lake, "house", two.run_id, first.run_id)
    third = trained(lake, "house", "20200101T000000Z-0000", second.run_id)  # its label run is gone

    assert ids(label_runs_behind(lake, first)) == ids([one])
    assert ids(label_runs_behind(lake, third)) == ids([two, one])


def test_sides_are_read_once_each(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    runs = [
        labels(lake, {"a x": "train", "a y": "train", "b x": "query"}),
        labels(lake, {"a x": "train", "c z": "gallery"}),
    ]

    assert of_side(lake, runs, "product_id", learnt=True).to_pylist() == ["a"]
    assert of_side(lake, runs, "image_id", learnt=True).to_pylist() == ["x", "y"]
    assert of_side(lake, runs, "product_id", learnt=False).to_pylist() == ["b", "c"]
    assert of_side(lake, [], "product_id", learnt=True).to_pylist() == []


def test_asked_though_learnt_is_a_held_out_product_or_one_that_shows_a_photo_learnt_from(
    tmp_path: Path,
) -> None:
    lake = Lake(str(tmp_path))
    behind = labels(lake, {"d x": "train", "a y": "train", "e w": "query"})
    now = labels(lake, {"d z": "query", "d u": "gallery", "b y": "gallery", "a v": "train", "e w": "query"})

    assert asked_though_learnt(lake, now, [behind]).to_pylist() == ["b", "d"]
