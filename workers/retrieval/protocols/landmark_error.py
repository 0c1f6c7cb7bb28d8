"""Normalised error of landmarks: distances in a garment's box, whose width and height are both 1.

Source: Liu et al., "Fashion landmark detection in the wild", ECCV 2016, as the code of later papers computes it: the
crop by the box becomes a square whatever its aspect, and the average is the unweighted mean of the landmarks' errors.
A method that decodes the cell i of a heat map W cells wide is taken to mean its middle, (i + 0.5) / W.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from workers.data.geometry import fitted
from workers.retrieval.protocols.ratios import Ratios, mean, only

Places = NDArray[np.float64]


def distances(told: Places, true: Places, boxes: Places) -> Places:
    """(N, L) distance of landmarks in shares of the box.

    told, true  (N, L, 2) in shares of the photo
    boxes       (N, 4) left, top, right, bottom in the same; nan: the photo is the garment's crop itself
    """
    whole = np.isnan(boxes).any(1, keepdims=True)
    boxes = np.where(whole, np.array([0.0, 0.0, 1.0, 1.0]), boxes)
    sides = boxes[:, None, 2:] - boxes[:, None, :2]
    apart: Places = np.linalg.norm((told - true) / sides, axis=2)
    return apart


def normalised_error(apart: Places, counted: NDArray[np.bool_]) -> Ratios:
    """Mean over landmarks of each one's mean distance over the photos where it is counted.

    counted  (N, L): visible; whoever wants those that are covered, too, counts them
    """
    return Ratios(csr_array(np.where(counted, apart, 0)), csr_array(counted.astype(np.float64)), mean)


def one_error(apart: Places, counted: NDArray[np.bool_], landmark: int) -> Ratios:
    """The same of one landmark."""
    column = slice(landmark, landmark + 1)
    above = csr_array(np.where(counted, apart, 0)[:, column])
    return Ratios(above, csr_array(counted.astype(np.float64)[:, column]), only)


def shares_of_square(places: Places, sizes: Sequence[tuple[int, int]], side: int) -> Places:
    """Places (N, L, 2) in half sides of the square that photos are decoded to -> in shares of the photos' sides.

    sizes  (N) width and height of each photo;  side  px of the square. workers.data.geometry.in_square the other way.
    """
    frames = np.array([fitted(width, height, side) for width, height in sizes], np.float64).reshape(-1, 1, 4)
    pixels = (places + 1) * (side / 2)
    shares: Places = (pixels - frames[:, :, :2]) / frames[:, :, 2:]
    return shares
