"""flows/retrieval/index.py on a small lake and Milvus Lite: what is loaded, what leaves, which vectors are taken."""

from pathlib import Path

import pytest

from flows.parameters.retrieval import IndexParameters
from flows.retrieval import index as indexing
from flows.retrieval.index import load_collection, newest_model_vectors, read_vectors
from infra.lake import Lake
from infra.vectors import VectorStore
from schemas.entity import entity_id
from schemas.errors import LakeError
from tests.workers.report.small_lake import SmallLake

INDEX = load_collection.fn


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> SmallLake:
    return SmallLake(tmp_path_factory.mktemp("lake"))


def test_every_photo_of_every_product_is_an_entity_and_the_second_load_sends_nothing(
    small: SmallLake, tmp_path: Path
) -> None:
    milvus = str(tmp_path / "index.db")
    wanted = IndexParameters(lake=small.lake.uri, milvus=milvus)

    first, again = INDEX(wanted), INDEX(wanted)

    photos = {entity_id(photo, p.product_id) for p, _, _, ids in small.products for photo in ids}
    with VectorStore(milvus) as store:
        assert set(store.ids(first["collection"])) == photos
    assert (first["upserted"], first["entities"], first["products"]) == (len(photos), len(photos), 24)
    assert (again["upserted"], again["deleted"], again["entities"]) == (0, 0, len(photos))
    manifest = small.lake.run(first["run_id"])
    assert manifest.parents == [small.embeds["corbiere"].run_id]
    assert manifest.parameters == {
        "embed": small.embeds["corbiere"].run_id, "milvus": milvus, "collection": first["collection"],
    }  # fmt: skip
    assert first["train"] == small.trains["corbiere"].run_id


def test_a_token_comes_from_the_settings_and_is_no_part_of_what_the_lake_keeps(
    small: SmallLake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VITRINE_MILVUS_TOKEN", "root:hunter2")
    wanted = IndexParameters(lake=small.lake.uri, milvus=str(tmp_path / "index.db"))
    assert "hunter2" not in str(wanted.flat())

    manifest = small.lake.run(INDEX(wanted)["run_id"])

    assert "hunter2" not in manifest.to_json()


def test_the_live_index_is_for_vectors_of_a_trained_model_over_a_whole_label_run(small: SmallLake) -> None:
    # The newest embed run is the histogram's, the one before it is of first weights.
    assert newest_model_vectors(small.lake).run_id == small.embeds["corbiere"].run_id


def test_vectors_stand_at_the_row_of_their_photo(small: SmallLake) -> None:
    rows, matrix = read_vectors(small.lake, "print-corbiere")

    assert set(rows) == set(small.photos)
    for photo, row in rows.items():
        assert matrix[row].tolist() == small.vectors["corbiere", photo].tolist()


def test_a_lake_without_vectors_is_refused(tmp_path: Path, small: SmallLake) -> None:
    with pytest.raises(LakeError, match="run embed first"):
        newest_model_vectors(Lake(str(tmp_path)))
    with pytest.raises(LakeError, match="no vectors of fingerprint"):
        read_vectors(small.lake, "another")


def test_an_entity_that_no_index_holds_does_not_stop_the_others(
    small: SmallLake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexing, "key_fault", lambda key: "too long" if key == "3" else "")

    result = INDEX(IndexParameters(lake=small.lake.uri, milvus=str(tmp_path / "index.db")))

    assert (result["left_out"], result["entities"]) == ({"id_too_long": 4}, 4 * 23)
    count = small.lake.run(result["run_id"]).counts["index"]
    assert (count.came_in, count.went_out) == (96, 92)
