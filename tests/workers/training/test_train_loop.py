"""workers/training/train_loop.py: epochs and stages; stopped anywhere, a training goes on in the same bits."""

import math
from dataclasses import replace
from pathlib import Path

import pytest

from schemas.errors import CheckpointError, InputError
from tests.workers.training.tiny_training import SHORT, Config, Run, StoppedError
from workers.contract import Training

# 37 photos in batches of 8 are 5 steps; 3 epochs make 15 checkpoints: 4 within each epoch and one at its end.
CHECKPOINTS = 15
UNFROZEN = replace(SHORT, frozen_epochs=0)


@pytest.mark.parametrize(
    ("training", "config"),
    [
        (replace(SHORT, ema=0.9), Config()),
        (replace(SHORT, optimiser="sgd", momentum=0.9, schedule="cosine"), Config(sampling="photos")),
        (replace(SHORT, optimiser="muon", schedule="cosine"), Config()),
    ],
    ids=["adamw-ema-words", "sgd-cosine-photos", "muon-cosine-words"],
)
def test_stopped_after_any_checkpoint_and_resumed_it_ends_in_the_same_bits(
    training: Training, config: Config, tmp_path: Path
) -> None:
    calm = Run(training, config)
    undisturbed = calm.run(tmp_path)
    assert len(undisturbed.history) == 3

    for stop_after in range(1, CHECKPOINTS):
        with pytest.raises(StoppedError):
            Run(training, config).run(tmp_path, stop_after)
        again = Run(training, config)
        resumed = again.run(tmp_path, resume=True)

        assert again.pack() == calm.pack(), stop_after
        assert resumed.best == undisturbed.best
        rows = [{**row, "images_per_second": 0} for row in resumed.history]
        assert rows == [{**row, "images_per_second": 0} for row in undisturbed.history]


def test_stages_come_one_after_the_other_and_epochs_count_over_all(tmp_path: Path) -> None:
    progress = Run(SHORT).run(tmp_path)

    assert [(row["phase"], row["epoch"]) for row in progress.history] == [
        ("words", 1),
        ("all", 2),
        ("all", 3),
    ]
    assert (progress.stage, progress.epoch, progress.step) == (2, 4, 0)


def test_the_time_left_is_that_of_a_stage_and_what_comes_after_it_is_named(tmp_path: Path) -> None:
    run = Run(SHORT)

    run.run(tmp_path)

    frozen, first_of_all, last = (
        [event for event in run.events if "phase" not in event and event["epoch"] == epoch]
        for epoch in (1, 2, 3)
    )
    assert frozen[0]["seconds_left"] > 0 == frozen[-1]["seconds_left"]
    assert [event["later"] for event in (frozen[-1], last[-1])] == [{"all": 2}, {}]
    an_epoch = 37 / first_of_all[-1]["images_per_second"]
    assert first_of_all[-1]["seconds_left"] == pytest.approx(an_epoch)
    assert last[-1]["seconds_left"] == 0


def test_a_loss_that_is_no_number_stops_with_the_photos_of_its_batch(tmp_path: Path) -> None:
    run = Run(replace(UNFROZEN, learning_rate=1e38, optimiser="sgd"))

    with pytest.raises(CheckpointError) as caught:
        run.run(tmp_path, every=math.inf)

    where, why = str(caught.value).split(": ", 1)
    epoch, step = (int(word) for word in where.split()[1::2])
    photos = run.train.make(epoch, step).photos
    names = run.train.names(photos)
    assert why.startswith("the loss is no number (words")
    assert f"on 8 photos {', '.join(names[:5])} ..." in why
    assert names[5] not in why


def test_an_epoch_s_history_holds_each_term_and_their_sum(tmp_path: Path) -> None:
    run = Run(replace(UNFROZEN, epochs=1))

    (row,) = run.run(tmp_path).history

    terms = {term["name"]: term["loss"] for term in row["terms"]}
    assert set(terms) == {"words", "small"}
    assert row["loss"] == pytest.approx(sum(terms.values()))
    assert row["validation_loss"] is not None and row["images"] == 37
    within = [event for event in run.events if "phase" not in event]
    assert within[-1]["images"] == within[-1]["of"] == 37


def test_without_improvement_a_training_stops_and_keeps_its_best(tmp_path: Path) -> None:
    run = Run(replace(UNFROZEN, epochs=60, learning_rate=0.0), Config(dropout=0.0))

    progress = run.run(tmp_path, every=math.inf)

    assert len(progress.history) == 21  # one that improved on nothing, then twenty in vain
    assert progress.best == run.pack()


def test_cosine_keeps_the_last_weights_and_ends_at_nothing(tmp_path: Path) -> None:
    run = Run(replace(UNFROZEN, epochs=4, schedule="cosine", learning_rate=0.5))

    progress = run.run(tmp_path, every=math.inf)

    losses = [row["validation_loss"] for row in progress.history]
    assert progress.best == run.pack()
    assert progress.history[-1]["learning_rate"] < 0.5 / 50
    assert all(math.isfinite(loss) for loss in losses)


@pytest.mark.parametrize(
    ("training", "config"),
    [
        (replace(SHORT, schedule="step"), Config()),
        (replace(SHORT, optimiser="adam"), Config()),
        (SHORT, Config(sampling="triples")),
    ],
)
def test_unknown_choices_are_refused(training: Training, config: Config, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there are"):
        Run(training, config).run(tmp_path)


def test_a_sampler_without_anything_to_draw_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no product has the photos for it"):
        Run(SHORT, Config(sampling="pk"), photos=1).run(tmp_path)
