"""workers/training/steps/schedule.py: rates of several groups, and when a training gives up."""

import pytest

from workers.training.steps.schedule import Schedule


def begun(kind: str, *full: float) -> Schedule:
    schedule = Schedule(kind)
    schedule.begin(full)
    return schedule


def test_plateau_cools_after_ten_epochs_and_gives_up_after_twenty() -> None:
    schedule = begun("plateau", 0.1)
    assert schedule.judge(2.0)

    rates = []
    for _ in range(20):
        assert not schedule.judge(2.0)
        rates.append(schedule.learning_rate)

    assert rates == pytest.approx([0.1] * 9 + [0.01] * 10 + [0.001])
    assert schedule.given_up


def test_every_group_cools_from_its_own_rate() -> None:
    cosine, plateau = begun("cosine", 0.1, 0.4), begun("plateau", 0.1, 0.4)
    for _ in range(12):
        plateau.judge(1.0)

    assert cosine.after(10, 40)[1] == pytest.approx(4 * cosine.after(10, 40)[0])
    assert plateau.after(0, 1) == pytest.approx((0.01, 0.04))


def test_a_stage_of_another_loss_forgets_the_best_and_one_that_continues_keeps_it() -> None:
    schedule = begun("plateau", 0.1)
    schedule.judge(1.0)

    schedule.begin([0.1], continues=True)
    assert not schedule.judge(5.0)
    schedule.begin([0.1])
    assert schedule.judge(5.0)
