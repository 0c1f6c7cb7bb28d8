"""workers/contract/batch.py: columns by name, dense or sparse."""

import pytest
import torch

from schemas.errors import InputError
from workers.contract import Batch, Sparse

CPU = torch.device("cpu")


@pytest.fixture
def batch() -> Batch:
    words = Sparse(torch.tensor([0, 0, 2]), torch.tensor([1, 3, 0]))
    return Batch(torch.zeros(3, 3, 2, 2), {"words": words, "category": torch.tensor([1, -1, 0])})


def test_a_column_is_asked_for_in_its_own_form(batch: Batch) -> None:
    assert batch.dense("category").tolist() == [1, -1, 0]
    assert batch.sparse("words").ids.tolist() == [1, 3, 0]
    with pytest.raises(InputError, match="ask for it by `dense`"):
        batch.sparse("category")
    with pytest.raises(InputError, match="ask for it by `sparse`"):
        batch.dense("words")
    with pytest.raises(InputError, match="column box: is not in the batch, which has words, category"):
        batch.dense("box")


def test_multi_hot_marks_every_id_of_each_photo(batch: Batch) -> None:
    assert batch.multi_hot("words", 4).int().tolist() == [[0, 1, 0, 1], [0, 0, 0, 0], [1, 0, 0, 0]]


def test_replaced_and_moved_it_holds_the_rest_as_it_was(batch: Batch) -> None:
    changed = batch.with_columns(torch.ones(3, 3, 1, 1), category=torch.zeros(3)).to(CPU)

    assert changed.images.shape == (3, 3, 1, 1) and changed.dense("category").tolist() == [0, 0, 0]
    assert set(changed.tensors()) == {"images", "words.rows", "words.ids", "category"}
    assert len(batch) == 3 and batch.dense("category").tolist() == [1, -1, 0]
