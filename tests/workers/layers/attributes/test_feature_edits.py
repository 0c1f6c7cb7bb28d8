"""workers/layers/attributes/feature_edits.py: equation 10 in closed form, and what a generator leaves as it is."""

import math

import torch
import torch.nn.functional as F

from workers.layers.attributes.feature_edits import (
    Discriminator,
    Generator,
    in_slots,
    taken_for_real,
    told_apart,
)


def test_a_judge_who_knows_nothing_pays_twice_the_log_of_two() -> None:
    half = torch.zeros(7)

    assert told_apart(half, half).item() == torch.tensor(2 * math.log(2)).item()
    torch.testing.assert_close(taken_for_real(half), torch.tensor(math.log(2)))


def test_both_sides_of_equation_10_are_its_logarithms() -> None:
    real, made = torch.randn(50, dtype=torch.float64), torch.randn(50, dtype=torch.float64)

    value = torch.log(real.sigmoid()).mean() + torch.log(1 - made.sigmoid()).mean()

    torch.testing.assert_close(told_apart(real, made), -value)
    torch.testing.assert_close(taken_for_real(made), -torch.log(made.sigmoid()).mean())
    assert told_apart(torch.full((3,), 1e4), torch.full((3,), -1e4)) == 0


def test_a_residual_generator_whose_layers_say_nothing_is_the_identity() -> None:
    vectors, condition = F.normalize(torch.randn(5, 8), dim=1), torch.randn(5, 6)
    kept, literal = (Generator(8, 6, 16, residual) for residual in (True, False))
    for part in kept.layers[-1].parameters():
        torch.nn.init.zeros_(part)

    torch.testing.assert_close(kept(vectors, condition), vectors)
    made = literal(vectors, condition)
    torch.testing.assert_close(made.norm(dim=1), torch.ones(5))
    assert not torch.allclose(made, vectors)
    assert Discriminator(8, 16)(vectors).shape == (5,)


def test_a_condition_stands_in_the_place_of_its_kind() -> None:
    values = torch.arange(1.0, 7).view(3, 2)

    slots = in_slots(values, torch.tensor([2, 0, 1]), 3)

    assert slots.tolist() == [[0, 0, 0, 0, 1, 2], [3, 4, 0, 0, 0, 0], [0, 0, 5, 6, 0, 0]]
