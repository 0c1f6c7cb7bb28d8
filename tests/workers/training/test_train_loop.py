"""workers/training: train_loop.py, train_step.py, schedule.py, ema.py, resume.py: a training that can stop anywhere."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch

from schemas.errors import CheckpointError, InputError
from tests.workers.training.tiny_training import Config, StoppedError, Tiny, Training
from workers.data.dataloader import Feed
from workers.training.ema import Average
from workers.training.resume import load, newest_whole, save
from workers.training.schedule import Schedule
from workers.training.train_step import Learner

# 37 photos in batches of 8 are 5 steps; 3 epochs make 15 checkpoints: 4 within each epoch and one at its end.
CHECKPOINTS = 15
SMALL = {"frozen_epochs": 1, "epochs": 2}


@pytest.mark.parametrize(
    "config",
    [
        Config(**SMALL, ema=0.9),
        Config(**SMALL, optimiser="sgd", momentum=0.9, schedule="cosine", sampling="photos"),
        Config(**SMALL, optimiser="muon", schedule="cosine"),
    ],
    ids=["adamw-ema-words", "sgd-cosine-photos", "muon-cosine-words"],
)
def test_stopped_after_any_checkpoint_and_resumed_it_ends_in_the_same_bits(
    config: Config, tmp_path: Path
) -> None:
    calm = Training(config)
    undisturbed = calm.run(tmp_path)
    assert len(undisturbed.history) == 3

    for stop_after in range(1, CHECKPOINTS):
        with pytest.raises(StoppedError):
            Training(config).run(tmp_path, stop_after)
        again = Training(config)
        resumed = again.run(tmp_path, resume=True)

        assert again.pack() == calm.pack(), stop_after
        assert resumed.best == undisturbed.best
        told = [{**row, "images_per_second": 0} for row in resumed.history]
        assert told == [{**row, "images_per_second": 0} for row in undisturbed.history]


def test_the_next_batch_after_a_resume_is_the_one_that_would_have_come(tmp_path: Path) -> None:
    config = Config(**SMALL)
    with pytest.raises(StoppedError):
        Training(config).run(tmp_path, 7)
    again = Training(config)
    progress = load(tmp_path, again.learner)

    step = next(iter(again.feeds[0].batches(progress.epoch, progress.step)))
    from_the_start = list(Training(config).feeds[0].batches(2))[progress.step]

    assert (progress.epoch, progress.step) == (2, 2)
    assert step.photos.tolist() == from_the_start.photos.tolist()
    assert all(torch.equal(a, b) for a, b in zip(step.batch, from_the_start.batch, strict=True))


def test_a_damaged_checkpoint_is_passed_over_for_an_older_one(tmp_path: Path) -> None:
    training = Training(Config(**SMALL))
    folders = [tmp_path / name for name in ("new", "old")]
    for folder in folders:
        folder.mkdir()
        with pytest.raises(StoppedError):
            Training(Config(**SMALL)).run(folder, 3)
    whole = (folders[0] / "state.pt").read_bytes()
    (folders[0] / "state.pt").write_bytes(whole[: len(whole) // 2])

    with pytest.raises(CheckpointError, match="no training can go on"):
        load(folders[0], training.learner)
    progress = newest_whole(folders, training.learner)

    assert progress is not None and (progress.epoch, progress.step) == (1, 3)
    assert newest_whole([tmp_path / "nowhere"], training.learner) is None


def test_a_state_of_another_network_is_refused(tmp_path: Path) -> None:
    training = Training(Config(**SMALL))
    training.learner.begin("all", 1)
    save(tmp_path, training.learner, training.run(tmp_path))
    other = Learner(Tiny(Config(), words=9), Config(), torch.device("cpu"))

    with pytest.raises(CheckpointError, match="no training can go on"):
        load(tmp_path, other)


def test_a_loss_that_is_no_number_stops_with_the_photos_of_its_batch(tmp_path: Path) -> None:
    training = Training(Config(frozen_epochs=0, learning_rate=1e38, optimiser="sgd"))

    with pytest.raises(CheckpointError) as caught:
        training.run(tmp_path, every=math.inf)

    where, why = str(caught.value).split(": ", 1)
    epoch, step = (int(word) for word in where.split()[1::2])
    photos = training.feeds[0].make(epoch, step).photos
    names = training.feeds[0].names(photos)
    assert why.startswith("the loss is no number (words")
    assert f"on 8 photos {', '.join(names[:5])} ..." in why
    assert names[5] not in why


def test_only_the_word_layer_moves_while_the_rest_is_frozen(tmp_path: Path) -> None:
    training = Training(Config(frozen_epochs=1, epochs=0))
    before = {name: tensor.clone() for name, tensor in training.module.state_dict().items()}

    training.run(tmp_path)

    moved = {n for n, tensor in training.module.state_dict().items() if not torch.equal(tensor, before[n])}
    assert moved == {"words.weight"}


def test_weight_decay_leaves_parameters_of_one_dimension_alone() -> None:
    learner = Learner(Tiny(), Config(weight_decay=0.3), torch.device("cpu"))
    learner.begin("all", 1)

    decays = {
        id(p): group["weight_decay"] for group in learner.optimiser.param_groups for p in group["params"]
    }

    named = {name: decays[id(p)] for name, p in learner.module.named_parameters()}
    assert named == {"conv.weight": 0.3, "conv.bias": 0.0, "words.weight": 0.3}


def test_an_epoch_s_history_holds_each_term_and_their_sum(tmp_path: Path) -> None:
    training = Training(Config(frozen_epochs=0, epochs=1))

    (row,) = training.run(tmp_path).history

    terms = {term["name"]: term["loss"] for term in row["terms"]}
    assert set(terms) == {"words", "small"}
    assert row["loss"] == pytest.approx(sum(terms.values()))
    assert row["validation_loss"] is not None and row["images"] == 37
    within = [event for event in training.told if "phase" not in event]
    assert within[-1]["images"] == within[-1]["of"] == 37


def test_plateau_cools_after_ten_epochs_and_gives_up_after_twenty() -> None:
    schedule = Schedule("plateau", 0.1)
    assert schedule.judge(2.0)

    rates = []
    for _ in range(20):
        assert not schedule.judge(2.0)
        rates.append(schedule.learning_rate)

    assert rates == pytest.approx([0.1] * 9 + [0.01] * 10 + [0.001])
    assert schedule.given_up


def test_without_improvement_a_training_stops_and_keeps_its_best(tmp_path: Path) -> None:
    training = Training(Config(frozen_epochs=0, epochs=60, learning_rate=0.0, dropout=0.0))

    progress = training.run(tmp_path, every=math.inf)

    assert len(progress.history) == 21  # one that improved on nothing, then twenty in vain
    assert progress.best == training.pack()


def test_cosine_keeps_the_last_weights_and_ends_at_nothing(tmp_path: Path) -> None:
    training = Training(Config(frozen_epochs=0, epochs=4, schedule="cosine", learning_rate=0.5))

    progress = training.run(tmp_path, every=math.inf)

    losses = [row["validation_loss"] for row in progress.history]
    assert progress.best == training.pack()
    assert progress.history[-1]["learning_rate"] < 0.5 / 50
    assert all(math.isfinite(loss) for loss in losses)


@pytest.mark.parametrize("change", [{"schedule": "step"}, {"optimiser": "adam"}, {"sampling": "pairs"}])
def test_unknown_choices_are_refused(change: dict[str, str], tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there are"):
        Training(Config(**change)).run(tmp_path)


def test_the_average_is_the_weighted_mean_of_what_it_saw() -> None:
    module = torch.nn.Linear(1, 1, bias=False)
    average, expected = Average(module, 0.99), float(module.weight.detach())

    for n, value in enumerate([1.0, 5.0, -2.0], 1):
        torch.nn.init.constant_(module.weight, value)
        average.update()
        decay = min(0.99, (1 + n) / (10 + n))
        expected = decay * expected + (1 - decay) * value

    with average.applied():
        assert float(module.weight.detach()) == pytest.approx(expected, rel=1e-6)
    assert float(module.weight.detach()) == -2.0


def test_batches_made_ahead_are_those_made_alone_and_an_error_of_theirs_comes_out() -> None:
    feed = Training(Config()).feeds[0]

    for step in feed.batches(4):
        alone = feed.make(4, step.number)
        assert all(torch.equal(a, b) for a, b in zip(step.batch, alone.batch, strict=True))

    broken = Feed(feed.pixels[:3], feed.examples, feed.order, feed.seed, feed.rank, feed.module)
    with pytest.raises(IndexError):
        list(broken.batches(1))


def test_multi_hot_marks_every_word_of_each_photo() -> None:
    feed = Training(Config()).feeds[0]
    step = feed.make(1, 0)

    hot = step.batch.multi_hot(5).numpy()

    for row, photo in enumerate(step.photos):
        first, last = feed.examples.starts[photo : photo + 2]
        assert np.flatnonzero(hot[row]).tolist() == feed.examples.words[first:last].tolist()
    assert hot[np.arange(len(hot)), step.batch.words.numpy()].all()
