"""product_proxies.py: Proxy-Anchor against a loop and against the library, and who gets a proxy."""

import pytest
import torch
import torch.nn.functional as F
from pytorch_metric_learning.losses import ProxyAnchorLoss
from torch import Tensor
from torch.autograd import gradcheck

from schemas.errors import InputError
from workers.layers.pairs.product_proxies import ProductProxies, anchored

BIG = 2**62  # products are numbers of 63 bits


def vectors(count: int = 6, dim: int = 4, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return F.normalize(torch.randn(count, dim, generator=generator), dim=1)


def proxies(most: int = 5, scale: float = 32.0) -> ProductProxies:
    torch.manual_seed(0)
    return ProductProxies(most, 4, scale, 0.1)


def test_the_loss_equals_a_loop_and_a_proxy_without_photos_only_pushes() -> None:
    similar = torch.tensor([[0.9, 0.2, -0.3], [0.4, 0.1, 0.8], [0.7, -0.5, 0.0]], dtype=torch.float64)
    own = torch.tensor([[1, 0, 0], [0, 0, 1], [1, 0, 0]], dtype=torch.bool)
    positive, negative = [], []
    for p in range(3):
        near = [torch.exp(-3.0 * (similar[n, p] - 0.1)) for n in range(3) if own[n, p]]
        far = [torch.exp(3.0 * (similar[n, p] + 0.1)) for n in range(3) if not own[n, p]]
        positive += [torch.log(1 + torch.stack(near).sum())] if near else []
        negative.append(torch.log(1 + torch.stack(far).sum()))

    assert len(positive) == 2
    expected = torch.stack(positive).mean() + torch.stack(negative).mean()
    torch.testing.assert_close(anchored(similar, own, 3.0, 0.1), expected)
    assert gradcheck(lambda s: anchored(s, own, 3.0, 0.1), (similar.requires_grad_(),))


def test_with_an_owner_for_each_proxy_it_is_the_library_s() -> None:
    ours, photos = proxies(5), vectors(10)
    theirs = ProxyAnchorLoss(5, 4, margin=0.1, alpha=32)
    theirs.proxies.data.copy_(ours.vectors.data)
    numbers = torch.tensor([0, 1, 2, 3, 4, 0, 1, 2, 3, 0])

    one, other = ours.learnt(photos, BIG + numbers), theirs(photos, numbers)

    torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(
        torch.autograd.grad(one, ours.vectors)[0],
        torch.autograd.grad(other, theirs.proxies)[0],
        rtol=1e-4,
        atol=1e-4,
    )


def test_products_get_proxies_as_they_come_and_keep_them() -> None:
    ours = proxies(4)

    ours.learnt(vectors(3), BIG + torch.tensor([7, 3, 7]))
    ours.learnt(vectors(2), BIG + torch.tensor([5, 3]))

    assert (ours.owners[:3] - BIG).tolist() == [3, 7, 5] and ours.owners[3] == -1


def test_a_proxy_without_an_owner_takes_no_part() -> None:
    ours = proxies(4)
    gradient = torch.autograd.grad(ours.learnt(vectors(2), torch.tensor([1, 2])), ours.vectors)[0]

    assert gradient[:2].any(1).all() and not gradient[2:].any()


def test_more_products_than_proxies_are_refused_in_one_line() -> None:
    with pytest.raises(InputError, match=r"^2 proxies: are fewer than the products .* set more `proxies`$"):
        proxies(2).learnt(vectors(3), torch.arange(3))


def test_products_that_have_no_proxy_are_judged_by_their_mean() -> None:
    ours, photos, products = proxies(2), vectors(4), BIG + torch.tensor([9, 4, 9, 4])
    means = F.normalize(torch.stack([photos[[1, 3]].mean(0), photos[[0, 2]].mean(0)]), dim=1)
    own = torch.tensor([[0, 1], [1, 0], [0, 1], [1, 0]], dtype=torch.bool)

    loss = ours.judged(photos, products)

    torch.testing.assert_close(loss, anchored(photos @ means.T, own, 32.0, 0.1))
    assert (ours.owners == -1).all()
