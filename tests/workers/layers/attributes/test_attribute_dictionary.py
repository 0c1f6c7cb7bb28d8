"""workers/layers/attributes/attribute_dictionary.py: equation 8 in closed form, and of whom nothing is known."""

import torch

from workers.layers.attributes.attribute_dictionary import AttributeDictionary, DictionaryTriplets

GROUPS = ((0, 2, 3), (1, 4))


def dictionary() -> AttributeDictionary:
    torch.manual_seed(0)
    return AttributeDictionary(6, 8, 4, GROUPS)


def test_phi_and_entries_have_length_one_and_likeness_is_their_cosine_by_kind() -> None:
    one, vectors = dictionary(), torch.randn(5, 6)

    phi = one(vectors)
    likeness = one.likeness(phi)

    assert phi.shape == (5, 2, 4)
    torch.testing.assert_close(phi.norm(dim=2), torch.ones(5, 2))
    for kind, places in enumerate(GROUPS):
        for place in places:
            torch.testing.assert_close(likeness[:, place], phi[:, kind] @ one.entry(place))
            torch.testing.assert_close(one.entry(place).norm(), torch.tensor(1.0))


def test_triplets_equal_a_loop_over_them() -> None:
    hot = torch.tensor([[1, 0, 0, 0, 1], [0, 0, 1, 1, 0], [0, 0, 0, 0, 0]]).bool()
    likeness = torch.rand(3, 5) * 2 - 1
    total = 0.0
    for places in GROUPS:
        costs = []
        for n in range(3):
            for own in (place for place in places if hot[n, place]):
                for other in (place for place in places if not hot[n, place]):
                    near, far = 2 - 2 * likeness[n, own], 2 - 2 * likeness[n, other]
                    costs.append(max(0.0, float(0.7 + near - far)))
        total += sum(costs) / len(costs)

    loss = DictionaryTriplets(0.7)(likeness, hot, GROUPS)

    torch.testing.assert_close(loss, torch.tensor(total))


def test_triplets_are_zero_where_the_margin_is_kept_and_active_where_it_is_not() -> None:
    hot, triplets = torch.tensor([[True, False]]), DictionaryTriplets(1.5)

    apart, touching, same = (
        triplets(torch.tensor([likeness]), hot, ((0, 1),))
        for likeness in ((1.0, 0.0), (1.0, 0.25), (0.4, 0.4))
    )

    assert apart == 0 and touching == 0
    torch.testing.assert_close(same, torch.tensor(1.5))


def test_a_kind_of_which_nothing_is_known_moves_neither_its_embedder_nor_its_entries() -> None:
    one, hot = dictionary(), torch.zeros(3, 5, dtype=torch.bool)
    hot[0, 2] = True

    DictionaryTriplets(3.0)(one.likeness(one(torch.randn(3, 6))), hot, GROUPS).backward()

    assert one.known(hot).tolist() == [[True, False], [False, False], [False, False]]
    assert all(part.grad.any() for part in one.embedders[0].parameters())
    assert not any(part.grad is not None and part.grad.any() for part in one.embedders[1].parameters())
    assert one.entries.grad[[0, 2, 3]].any(1).all() and not one.entries.grad[[1, 4]].any()
