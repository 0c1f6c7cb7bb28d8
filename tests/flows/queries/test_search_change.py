"""`vitrine search PHOTO --change`: hits of the moved vector, and changes that cannot be made, in one line each."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from flows.parameters.retrieval import IndexParameters, SearchParameters
from flows.queries.search import search
from flows.retrieval.indexing.index import load_collection
from schemas.errors import InputError, UsageError
from tests.flows.command_line import vitrine
from tests.flows.retrieval.compared_lake import ComparedLake
from workers.contract import Edits, LabelSpace
from workers.training.weights.checkpoint import load

NAMES = LabelSpace(attributes=("colour: blue", "colour: red", "pattern: plain", "pattern: striped"))
SETTINGS = {"backbone": "resnet18", "weights": "random", "image_size": 32, "embedding": 16, "edit_units": 32}


def stocked(folder: Path, **method: Any) -> tuple[ComparedLake, str]:
    small = ComparedLake(folder / "lake", products=12, **method)
    return small, load_collection.fn(IndexParameters(lake=small.lake.uri, embed=small.embedded.run_id))[
        "run_id"
    ]


@pytest.fixture(scope="module")
def edits(tmp_path_factory: pytest.TempPathFactory) -> tuple[ComparedLake, str]:
    return stocked(tmp_path_factory.mktemp("edits"), method="flam", settings=SETTINGS, names=NAMES)


@pytest.fixture
def photo(edits: tuple[ComparedLake, str], tmp_path: Path) -> str:
    path = tmp_path / "asked.png"
    path.write_bytes(edits[0].photos[edits[0].products[3][3][1]])
    return str(path)


def vector_of(small: ComparedLake, photo: str) -> torch.Tensor:
    ids = {data: name for name, data in small.photos.items()}
    rows = small.lake.table(small.embedded, "vectors").to_pylist()
    vectors = {row["image_id"]: row["vector"] for row in rows}
    return torch.tensor([vectors[ids[Path(photo).read_bytes()]]])


def test_hits_are_those_of_the_vector_after_each_change(edits: tuple[ComparedLake, str], photo: str) -> None:
    small, index = edits
    asked = {"lake": small.lake.uri, "index": index, "image": photo, "k": 12}
    method = load(small.lake.filesystem, small.checkpoint).module
    assert isinstance(method, Edits)
    change = {"colour": "red", "pattern": "striped"}

    plain, changed = (search(SearchParameters.read(asked | {"change": given})) for given in (None, change))

    with torch.no_grad():
        moved = method.edit(method.edit(vector_of(small, photo), "colour", "red"), "pattern", "striped")[0]
    stored = small.lake.table(small.embedded, "vectors").to_pylist()
    scores = {row["image_id"]: float(moved @ torch.tensor(row["vector"])) for row in stored}
    best = {product.product_id: max(scores[name] for name in ids) for product, _, _, ids in small.products}
    assert changed["change"] == change and plain["change"] == {}
    found = {hit["product_id"]: hit["score"] for hit in changed["hits"]}
    np.testing.assert_allclose([found[name] for name in best], list(best.values()), atol=2e-3)
    assert plain["hits"][0]["score"] > 0.999 > changed["hits"][0]["score"]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"sleeve": "long"}, "attribute sleeve: was not learnt; there are colour, pattern"),
        ({"colour": "mauve"}, "colour mauve: was not learnt; there are blue, red"),
    ],
)
def test_a_change_that_was_not_learnt_is_refused_with_those_that_were(
    edits: tuple[ComparedLake, str], photo: str, change: dict[str, str], why: str
) -> None:
    with pytest.raises(InputError) as caught:
        search(SearchParameters(lake=edits[0].lake.uri, index=edits[1], image=photo, change=change))

    assert str(caught.value) == why


def test_a_method_that_edits_nothing_says_which_do(photo: str, tmp_path: Path) -> None:
    small, index = stocked(tmp_path)

    with pytest.raises(
        InputError, match=r"grnet: changes no attribute of a photo; of the methods .*\bflam\b.* can"
    ):
        search(SearchParameters(lake=small.lake.uri, index=index, image=photo, change={"colour": "red"}))


def test_words_are_not_changed() -> None:
    with pytest.raises(UsageError, match="--change: changes what a photo shows; give a photo"):
        search(SearchParameters(words="red dress", change={"colour": "red"}))


@pytest.mark.slow
def test_people_read_what_is_otherwise(edits: tuple[ComparedLake, str], photo: str) -> None:
    said = ("--lake", edits[0].lake.uri, "--index", edits[1])

    shown = vitrine("search", photo, "--change", "colour=red", *said)
    wrong = vitrine("search", photo, "--change", "colour=mauve", *said)

    assert shown.returncode == 0 and "asked.png, colour red" in shown.stdout
    assert wrong.returncode == 1 and "colour mauve: was not learnt; there are blue, red" in wrong.stderr
