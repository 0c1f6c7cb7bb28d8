"""workers/layers/pairs/pair_similarity.py: whose layers judge a pair, and that pairs can be learnt."""

import torch
import torch.nn.functional as F

from workers.layers.pairs.pair_similarity import GENERAL, PairSimilarity


def network(categories: int = 3) -> PairSimilarity:
    torch.manual_seed(0)
    return PairSimilarity(4, 8, categories)


def test_the_scores_are_those_of_three_layers_on_both_features_side_by_side() -> None:
    one, queries, gallery = network(), torch.randn(5, 4), torch.randn(5, 4)
    hidden = F.relu(one.second(F.relu(one.first(torch.cat([queries, gallery], 1)))))

    scores = one(queries, gallery, torch.full((5,), GENERAL))

    torch.testing.assert_close(scores, one.last(hidden))
    assert one(queries[:0], gallery[:0], torch.zeros(0, dtype=torch.int64)).shape == (0, 2)


def test_a_category_begins_as_the_general_one_and_only_its_own_pairs_teach_it() -> None:
    one, queries, gallery = network(), torch.randn(5, 4), torch.randn(5, 4)
    categories = torch.tensor([2, GENERAL, 0, 2, 2])
    general = one(queries, gallery, torch.full((5,), GENERAL))
    torch.testing.assert_close(one(queries, gallery, categories), general)

    one(queries, gallery, categories).square().sum().backward()

    for added in one.added:
        assert added.grad[[0, 2]].flatten(1).any(1).all() and not added.grad[1].any()


def test_fine_tuning_a_category_is_fine_tuning_a_copy_of_the_layers() -> None:
    one, copy = network(), network()
    queries, gallery = torch.randn(6, 4), torch.randn(6, 4)
    match, own, none = torch.arange(6) % 2, torch.ones(6, dtype=torch.int64), torch.full((6,), GENERAL)
    learnt = [
        torch.optim.SGD(one.added, 0.1),
        torch.optim.SGD([*copy.second.parameters(), *copy.last.parameters()], 0.1),
    ]

    for _ in range(5):
        for network_, optimiser, which in ((one, learnt[0], own), (copy, learnt[1], none)):
            optimiser.zero_grad()
            F.cross_entropy(network_(queries, gallery, which), match).backward()
            optimiser.step()

    torch.testing.assert_close(one(queries, gallery, own), copy(queries, gallery, none))
    assert not torch.allclose(one(queries, gallery, none), one(queries, gallery, own))


def test_two_hundred_pairs_are_learnt_and_others_of_their_kind_told() -> None:
    torch.manual_seed(0)
    one = PairSimilarity(64, 64, 1)
    none = torch.full((200,), GENERAL)

    def pairs() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Products of one of 8 looks; a customer's photo is the shop's, seen through other glasses."""
        looks = torch.randn(8, 64, generator=torch.Generator().manual_seed(1))
        look, match = torch.randint(8, (200,)), torch.arange(200) % 2
        other = (look + torch.randint(1, 8, (200,))) % 8
        shop = looks[torch.where(match == 1, look, other)]
        return looks[look].roll(1, 1) + 0.3 * torch.randn(200, 64), shop + 0.3 * torch.randn(200, 64), match

    queries, gallery, match = pairs()
    optimiser = torch.optim.Adam(one.general, 3e-3)
    for _ in range(150):
        optimiser.zero_grad()
        loss = F.cross_entropy(one(queries, gallery, none), match)
        loss.backward()
        optimiser.step()

    with torch.no_grad():
        told = one(queries, gallery, none).argmax(1)
        queries, gallery, match = pairs()
        odds = one(queries, gallery, none) @ torch.tensor([-1.0, 1.0])
    assert loss < 0.05 and torch.equal(told, torch.arange(200) % 2)
    auc = (odds[match == 1][:, None] > odds[match == 0]).float().mean()
    assert auc > 0.95
