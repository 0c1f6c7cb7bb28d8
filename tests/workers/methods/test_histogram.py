"""workers/methods/histogram.py: shares of colours, cell by cell."""

import torch

from workers.contract import NO_LABELS, Batch
from workers.methods.histogram import Config, Method


def test_the_inner_product_is_the_mean_bhattacharyya_coefficient_of_the_cells() -> None:
    method = Method(Config(grid=2, bins=2), NO_LABELS)
    photos = torch.randint(
        0, 256, (2, 3, 8, 8), dtype=torch.uint8, generator=torch.Generator().manual_seed(0)
    )

    vectors = method.embed(Batch(photos))

    expected = 0.0
    for top in (0, 4):
        for left in (0, 4):
            shares = []
            for photo in photos:
                cell = photo[:, top : top + 4, left : left + 4].long() // 128
                bins = (cell[0] * 2 + cell[1]) * 2 + cell[2]
                shares.append(torch.bincount(bins.flatten(), minlength=8) / 16)
            expected += float((shares[0] * shares[1]).sqrt().sum()) / 4
    torch.testing.assert_close(float(vectors[0] @ vectors[1]), expected, atol=1e-5, rtol=0)
    assert vectors.shape == (2, method.dim) and method.origin == "no weights"
