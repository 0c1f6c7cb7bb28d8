"""What a method can do beside embedding, over every one that declares it: name, predict, edit, rank anew, show why."""

import pytest
import torch

from schemas.errors import InputError
from tests.workers.contract.every_method import built, methods_that, state
from tests.workers.contract.labelled_photos import LABELS, pixels
from workers.contract import (
    Accounts,
    Attends,
    Batch,
    Edits,
    LabelSpace,
    Method,
    NamesWords,
    Predicts,
    Reranks,
)


@methods_that(NamesWords)
def test_words_have_vectors_in_the_space_of_the_photos(name: str) -> None:
    method = built(name)
    assert isinstance(method, NamesWords)
    larger = built(name, LabelSpace((*LABELS.words, "another"), *list(vars(LABELS).values())[1:]))

    grown = {key for key, tensor in larger.state_dict().items() if tensor.shape != state(method)[key].shape}

    assert method.word_vectors().shape == (len(LABELS.words), method.dim)
    assert "words" in method.reads and method.per_word == grown


def batch_of(method: Method) -> Batch:
    return Batch(torch.from_numpy(pixels(3, method.image_size)))


@methods_that(Predicts)
def test_predictions_have_a_number_per_name(name: str) -> None:
    method = built(name).eval()
    assert isinstance(method, Predicts)
    shapes = {"category": (3, 2), "attributes": (3, 3), "landmarks": (3, 3, 3)}

    predicted = method.predict(batch_of(method))

    assert predicted and all(tensor.shape == shapes[key] for key, tensor in predicted.items())


@methods_that(Edits)
def test_edited_vectors_are_vectors(name: str) -> None:
    method = built(name).eval()
    assert isinstance(method, Edits)
    vectors = method.embed(batch_of(method))

    edited = method.edit(vectors, "pattern", "striped")

    assert edited.shape == vectors.shape and not torch.equal(edited, vectors)
    torch.testing.assert_close(edited.norm(dim=1), torch.ones(3))
    with pytest.raises(InputError, match="attribute colour: was not learnt; there are pattern"):
        method.edit(vectors, "colour", "red")
    with pytest.raises(InputError, match="pattern checked: was not learnt; there are dotted, plain, striped"):
        method.edit(vectors, "pattern", "checked")


@methods_that(Reranks)
def test_a_query_is_compared_with_each_photo_of_the_gallery(name: str) -> None:
    method = built(name).eval()
    assert isinstance(method, Reranks)

    local = method.local(batch_of(method))

    assert local.ndim == 3 and method.rerank(local[0], local).shape == (3,)


@methods_that(Attends)
def test_maps_of_attention_cover_each_photo(name: str) -> None:
    method = built(name).eval()
    assert isinstance(method, Attends)

    with torch.inference_mode():
        maps = method.attention_maps(batch_of(method))

    assert maps and all(each.ndim == 3 and len(each) == 3 for each in maps.values())
    assert all(0 <= float(each.min()) <= float(each.max()) <= 1 for each in maps.values())


@methods_that(Accounts)
def test_what_decided_is_told_by_pairs_of_places(name: str) -> None:
    method = built(name).eval()
    assert isinstance(method, Accounts) and isinstance(method, Reranks)
    local, places = method.local(batch_of(method)).detach(), method.places()

    votes = method.votes(local[0], local[1])

    assert places.shape == (local.shape[1], 4) and votes.shape == 2 * (len(places),)
    assert float(places.min()) >= -1 and float(places.max()) <= 1 and (places[:, 2:] > places[:, :2]).all()
    assert votes.isfinite().all() and votes.any() and not votes.requires_grad
