"""What one step learns from: photos, and what is known of each, as named columns.

Which columns there are is what the method `reads`; none of them is made for a method that does not.

words       Sparse           ids of the vocabulary words in the texts of the photo's products; and with them
word        (N,) int64       the one of them that was drawn with the photo; -1 for a photo without words
category    (N,) int64       place in LabelSpace.categories; -1: not known
attributes  Sparse           places in LabelSpace.attributes
landmarks   (N, L, 3) float  x, y and whether it is seen: 1 visible, 0 covered or outside the picture, -1 not known
                             (its x and y mean nothing); in the order of LabelSpace.landmarks
box         (N, 4) float     left, top, right, bottom of the garment; NaN: not known, or outside the picture
domain      (N,) int64       place in LabelSpace.domains; -1: not known
product     (N,) int64       the product (its near-duplicate group) that the photo shows; equal numbers are one product

x and y are in half sides of the square that workers.data.decode makes, from its middle: (-1, -1) is the outer corner
of the pixel at the top left, (1, 1) of the one at the bottom right, as in torch's grid_sample with
align_corners=False. Each is within -1..1 as decoded; an augmentation may move a landmark out.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import torch
from torch import Tensor

from schemas.errors import InputError
from workers.device import sent

READABLE = ("words", "category", "attributes", "landmarks", "box", "domain", "product")


class Sparse(NamedTuple):
    """Any number of ids per photo: photo rows[m] has ids[m]; (M,) int64 both, photo by photo."""

    rows: Tensor
    ids: Tensor


@dataclass(frozen=True)
class Batch:
    """N photos and their columns.

    images   (N, 3, S, S) uint8, or float32 in 0..1 once a method's `augment` has seen them
    columns  as in this file's head
    """

    images: Tensor
    columns: Mapping[str, Tensor | Sparse] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.images)

    def dense(self, name: str) -> Tensor:
        """A column with a row per photo. Raises InputError for one that the method does not read."""
        column = self._column(name)
        if not isinstance(column, Tensor):
            raise InputError(f"column {name}", "holds any number of ids per photo; ask for it by `sparse`")
        return column

    def sparse(self, name: str) -> Sparse:
        """A column with any number of ids per photo. Raises InputError as `dense` does."""
        column = self._column(name)
        if not isinstance(column, Sparse):
            raise InputError(f"column {name}", "has one row per photo; ask for it by `dense`")
        return column

    def multi_hot(self, name: str, width: int) -> Tensor:
        """(N, width) bool, true where the photo has the id; built where the batch is."""
        rows, ids = self.sparse(name)
        hot = torch.zeros(len(self), width, dtype=torch.bool, device=ids.device)
        hot[rows, ids] = True
        return hot

    def with_columns(self, images: Tensor | None = None, **columns: Tensor | Sparse) -> "Batch":
        """The same batch with some columns, and the images if given, replaced."""
        return replace(
            self,
            images=self.images if images is None else images,
            columns={**self.columns, **columns},
        )

    def to(self, device: torch.device) -> "Batch":
        """The same batch on another device."""
        return self._each(lambda tensor: sent(tensor, device))

    def tensors(self) -> dict[str, Tensor]:
        """Every tensor by name; those of a sparse column as `name.rows` and `name.ids`."""
        named = {"images": self.images}
        for name, column in self.columns.items():
            if isinstance(column, Sparse):
                named |= {f"{name}.rows": column.rows, f"{name}.ids": column.ids}
            else:
                named[name] = column
        return named

    def _column(self, name: str) -> Tensor | Sparse:
        if name not in self.columns:
            there = ", ".join(self.columns) or "none"
            raise InputError(f"column {name}", f"is not in the batch, which has {there}; see Method.reads")
        return self.columns[name]

    def _each(self, change: Callable[[Tensor], Tensor]) -> "Batch":
        columns: dict[str, Tensor | Sparse] = {}
        for name, column in self.columns.items():
            columns[name] = Sparse(*map(change, column)) if isinstance(column, Sparse) else change(column)
        return Batch(change(self.images), columns)
