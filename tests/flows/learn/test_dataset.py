"""flows/learn/dataset.py: which photos a method learns from, and what is known of them."""

from pathlib import Path

import numpy as np
import pytest

from flows.learn.dataset import MOST_VALIDATION, label_space, parts, supervision
from flows.learn.train import train_words
from flows.learn.tuning import tune_settings
from flows.parameters.train import TrainParameters
from infra.lake import Lake
from schemas.errors import InputError
from schemas.ids import image_id
from schemas.label import LABELS, VOCABULARY
from tests.flows.learn.annotated_lake import CATEGORIES, HEIGHT, PHOTOS, WIDTH, annotated_lake
from tests.workers.contract.labelled_photos import METHODS
from workers.data.annotations import PHOTO_SIZE
from workers.data.dataset import Dataset
from workers.data.split import share_of


@pytest.fixture(scope="module")
def stocked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Lake, str]:
    return annotated_lake(str(tmp_path_factory.mktemp("annotated") / "lake"))


def test_a_method_gets_the_columns_that_it_reads_and_the_names_that_stand_there(
    stocked: tuple[Lake, str],
) -> None:
    lake, labels = stocked
    assert METHODS.is_dir()

    learnt = supervision(lake, lake.run(labels), "tiny_landmarks")

    assert set(learnt.read().columns) == {"category", "landmarks", "box", PHOTO_SIZE}
    assert len(learnt.dataset) == PHOTOS and learnt.refused == {"no_annotation": 0}
    assert learnt.labels.categories == CATEGORIES and len(learnt.labels.landmarks) == 4
    assert learnt.labels.attributes == ()  # which it does not read
    assert learnt.dataset.dense(PHOTO_SIZE).tolist() == [[WIDTH, HEIGHT]] * PHOTOS
    assert label_space(lake, lake.run(labels), "tiny_landmarks") == learnt.labels


def test_photos_of_which_nothing_is_known_that_a_method_reads_are_not_learnt_from(
    stocked: tuple[Lake, str],
) -> None:
    lake, labels = stocked

    with pytest.raises(InputError, match="has no photo with a known word to learn from"):
        supervision(lake, lake.run(labels), "corbiere")
    assert len(supervision(lake, lake.run(labels), "tiny_pca").dataset) == PHOTOS  # it reads nothing


def test_a_label_run_without_annotations_is_refused_to_a_method_that_reads_them(tmp_path: Path) -> None:
    lake, labels = annotated_lake(str(tmp_path / "lake"), annotations=False)

    with pytest.raises(InputError, match="has no annotations, and the method learns from them"):
        supervision(lake, lake.run(labels), "tiny_adversarial")


def test_held_out_photos_share_no_group_with_those_learnt_from() -> None:
    groups = np.arange(3000) % 700
    ids = np.sort(np.array([image_id(str(n).encode())[:32].encode() for n in range(3000)], "S32"))
    photos = Dataset(ids, {"product": groups})

    learnt, held_out = parts(photos)

    assert sorted([*learnt.tolist(), *held_out.tolist()]) == list(range(3000))
    assert not set(groups[learnt]) & set(groups[held_out])
    assert set(groups[held_out]) == {n for n in range(700) if share_of(f"validation {n}") < 0.05}


def test_of_a_hundred_thousand_photos_whole_groups_are_held_out_and_no_more_than_asked_for() -> None:
    """Each photo of a group lies elsewhere among the ids, as hashes do."""
    random = np.random.default_rng(0)
    groups = random.integers(0, 25_000, 100_000)
    groups[groups == 7] = 8
    groups[: 2 * MOST_VALIDATION] = 7  # larger than all that is asked for
    order = random.permutation(len(groups))
    photos = Dataset(np.arange(100_000).astype("S32"), {"product": groups[order]})

    learnt, held_out = parts(photos)

    found = groups[order]
    assert not set(found[learnt]) & set(found[held_out])
    assert len(learnt) + len(held_out) == 100_000
    assert MOST_VALIDATION - 10 < len(held_out) <= MOST_VALIDATION
    assert 7 not in found[held_out]


def one_photo(lake: Lake, photos: list[str]) -> str:
    """A label run of 30 products that show these photos in turn."""
    run = lake.begin("run", "label", "one", parents=[])
    writer = run.writer(LABELS)
    for n in range(30):
        name = photos[n % len(photos)]
        row = {"product_id": f"s:{n}", "image_id": name, "words": [0], "split": "train", "group": 0}
        writer.write(row)
    run.add(LABELS, writer.close())
    writer = run.writer(VOCABULARY)
    row = {"word_id": 0, "word": "hat", "document_frequency": 30, "kept": True}
    writer.write(row | {"why": "", "language": "en"})
    run.add(VOCABULARY, writer.close())
    return lake.commit(run, {}).run_id


def test_products_that_show_one_photo_teach_nothing_and_leave_no_run(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path / "lake"))
    labels = one_photo(lake, [image_id(b"x")])
    wanted = TrainParameters(lake=lake.uri, method="corbiere", labels=labels, settings={"weights": "random"})

    for task in (train_words, tune_settings):
        with pytest.raises(
            InputError, match="30 products show 1 distinct photo with a known word: nothing to learn"
        ):
            task.fn(wanted.model_copy(update={"search": 2}))

    assert lake.unfinished() == 0 and [run.flow for run in lake.runs()] == ["label"]
