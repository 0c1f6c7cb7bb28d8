"""workers/layers/landmarks/message_passing.py against scalar recurrences, and who hears of whom."""

import math

import pytest
import torch
from torch import nn

from schemas.errors import InputError
from workers.layers.landmarks.message_passing import Chain, Direction, MessagePassing

CHAINS = ((0, 1, 2), (0, 3), (3, 4))  # 5 is in none
LANDMARKS = 6


def test_one_way_along_a_chain_is_the_recurrence_in_scalars() -> None:
    way, (heard, bias, kept, said) = Direction(1, 1, 1), (0.7, -0.2, 0.4, 1.3)
    for convolution, weight in ((way.heard, heard), (way.kept, kept), (way.said, said)):
        nn.init.constant_(convolution.weight, weight)
    nn.init.constant_(way.heard.bias, bias)
    chain = torch.randn(2, 4, 1, 3, 3)

    told = way(chain)

    for n in range(2):
        for row in range(3):
            for column in range(3):
                state = 0.0
                for t in range(4):
                    state = math.tanh(heard * chain[n, t, 0, row, column].item() + kept * state + bias)
                    assert told[n, t, 0, row, column].item() == pytest.approx(said * state, abs=1e-6)


def test_a_chain_of_one_is_one_convolution_and_its_tanh() -> None:
    chain, maps = Chain(2, 4, 3), torch.randn(2, 1, 2, 5, 5)

    expected = sum(way.said(way.heard(maps[:, 0]).tanh()) for way in (chain.onward, chain.back))

    torch.testing.assert_close(chain(maps)[:, 0], expected)


def test_a_chain_turned_round_swaps_its_ways() -> None:
    chain, turned, maps = Chain(1, 4, 3), Chain(1, 4, 3), torch.randn(2, 3, 1, 5, 5)
    turned.onward, turned.back = chain.back, chain.onward

    torch.testing.assert_close(turned(maps.flip(1)).flip(1), chain(maps))


def test_where_no_state_is_kept_nothing_crosses_from_landmark_to_landmark() -> None:
    chain, maps = Chain(1, 4, 3), torch.randn(1, 3, 1, 5, 5)
    for way in (chain.onward, chain.back):
        nn.init.zeros_(way.kept.weight)
    other = maps.clone()
    other[:, 1] += 1

    changed = (chain(other) != chain(maps)).flatten(2).any(2)[0]

    assert changed.tolist() == [False, True, False]


def test_a_landmark_hears_of_those_it_shares_a_chain_with_and_of_nobody_else() -> None:
    told = MessagePassing(CHAINS, 1, 3, 3).double()
    maps = torch.randn(1, LANDMARKS, 1, 4, 4, dtype=torch.float64)

    jacobian = torch.autograd.functional.jacobian(lambda one: told(one).flatten(1), maps)
    hears = (jacobian.view(LANDMARKS, 16, LANDMARKS, 16) != 0).any(3).any(1)

    share = torch.zeros(LANDMARKS, LANDMARKS, dtype=torch.bool)
    for chain in CHAINS:
        for one in chain:
            share[one, list(chain)] = True
    assert torch.equal(hears, share)


def test_messages_of_several_chains_are_added() -> None:
    told, maps = MessagePassing(CHAINS, 1, 3, 3), torch.randn(2, LANDMARKS, 1, 4, 4)
    chains = [chain(maps[:, list(places)]) for chain, places in zip(told.chains, CHAINS, strict=True)]

    found = told(maps)

    torch.testing.assert_close(found[:, 0], chains[0][:, 0] + chains[1][:, 0])
    torch.testing.assert_close(found[:, 3], chains[1][:, 1] + chains[2][:, 0])
    assert not found[:, 5].any()


def test_an_even_kernel_is_refused() -> None:
    with pytest.raises(InputError, match="kernel 4: must be odd"):
        MessagePassing(CHAINS, 1, 3, 4)
