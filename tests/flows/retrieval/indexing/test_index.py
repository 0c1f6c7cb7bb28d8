"""flows/retrieval/indexing/index.py: what is loaded, what leaves, which vectors are taken; Lite and a server."""

from collections import Counter
from pathlib import Path

import pytest

from flows.parameters.retrieval import IndexParameters
from flows.retrieval.indexing import entities as joining
from flows.retrieval.indexing.index import load_collection, newest_model_vectors, read_digests
from infra.lake import Lake
from infra.milvus.store import VectorStore
from schemas.entity import entity_id
from schemas.errors import LakeError
from schemas.label import LABELS
from schemas.product import PRODUCTS
from tests.workers.report.small_lake import SmallLake

INDEX = load_collection.fn


@pytest.fixture
def small(tmp_path: Path) -> SmallLake:
    return SmallLake(tmp_path / "lake")


def test_every_photo_of_every_product_is_an_entity_and_each_run_has_a_collection_of_its_own(
    small: SmallLake, milvus_address: str
) -> None:
    wanted = IndexParameters(lake=small.lake.uri, milvus=milvus_address)

    first, again = INDEX(wanted), INDEX(wanted)

    photos = {entity_id(photo, p.product_id) for p, _, _, ids in small.products for photo in ids}
    with VectorStore(milvus_address) as store:
        assert first["collection"] != again["collection"]
        for result in (first, again):
            assert store.ids(result["collection"]) == photos
            held = read_digests(small.lake, small.lake.run(result["run_id"]))
            assert held.told(store.digests(result["collection"])).all() and len(held) == len(photos)
    assert (first["upserted"], first["entities"], first["products"]) == (len(photos), len(photos), 24)
    assert first["since"] is None
    assert again["since"] == {"index": first["run_id"], "added": 0, "removed": 0, "changed": 0}
    manifest = small.lake.run(first["run_id"])
    assert manifest.parents == [small.embeds["corbiere"].run_id]
    assert manifest.parameters == {
        "embed": small.embeds["corbiere"].run_id, "milvus": milvus_address, "collection": first["collection"],
        "kind": "FLAT", "half": False,
    }  # fmt: skip
    pairs = small.lake.table(manifest, "indexed").to_pylist()
    assert {entity_id(row["image_id"], row["product_id"]) for row in pairs} == photos
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


@pytest.mark.parametrize("piece_bytes", [1 << 28, 700], ids=["one piece", "many pieces"])
def test_the_join_on_disk_gives_each_photo_its_vector_and_facts(
    small: SmallLake, monkeypatch: pytest.MonkeyPatch, piece_bytes: int
) -> None:
    monkeypatch.setattr(joining, "PIECE_BYTES", piece_bytes)
    left_out: Counter[str] = Counter()

    tables = list(joining.entities(small.lake, small.labels, [small.embeds["corbiere"]], left_out))

    rows = [row for table in tables for row in table.to_pylist()]
    prices = {product.product_id: float(product.price or 0) for product, *_ in small.products}
    for row in rows:
        assert row["vector"] == small.vectors["corbiere", row["image_id"]].tolist()
        assert row["price"] == prices[row["product_id"]]
    expected = {entity_id(photo, p.product_id) for p, _, _, ids in small.products for photo in ids}
    assert {row["entity_id"] for row in rows} == expected and len(rows) == len(expected)
    assert not left_out


def test_a_new_price_is_told_as_a_changed_entity_and_a_removed_product_as_gone(
    small: SmallLake, milvus_address: str
) -> None:
    first = INDEX(IndexParameters(lake=small.lake.uri, milvus=milvus_address))
    shop = small.crawls[0]
    rows = small.lake.table(shop, "products").to_pylist()
    gone, cheaper = rows.pop(), rows[0]
    cheaper["price"] /= 2
    crawl = small.commit("crawl", {PRODUCTS: rows}, [], dict(shop.result), kind="crawl")
    labels = small.lake.table(small.labels, "labels").to_pylist()
    relabelled = small.commit("label", {LABELS: labels}, [crawl.run_id, small.crawls[1].run_id], {})
    embedded = small.commit(
        "embed", {}, [relabelled.run_id, small.trains["corbiere"].run_id],
        dict(small.embeds["corbiere"].result), {"method": "corbiere", "splits": None},
    )  # fmt: skip

    second = INDEX(IndexParameters(lake=small.lake.uri, milvus=milvus_address, embed=embedded.run_id))

    assert second["since"] == {
        "index": first["run_id"], "added": 0, "removed": len(gone["image_ids"]), "changed": len(cheaper["image_ids"]),
    }  # fmt: skip
    with VectorStore(milvus_address) as store:
        assert store.count(first["collection"]) == first["entities"]  # what may be live is left as it is
        half = f"product_id == '{cheaper['product_id']}' and price < {float(cheaper['price']) + 0.01}"
        assert store.count(second["collection"], half) == len(cheaper["image_ids"])


def test_a_lake_without_vectors_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LakeError, match="run embed first"):
        newest_model_vectors(Lake(str(tmp_path)))


def test_an_entity_that_no_index_holds_does_not_stop_the_others(
    small: SmallLake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(joining, "key_fault", lambda key: "too long" if key == "3" else "")
    embedded = small.embeds["corbiere"].run_id

    result = INDEX(IndexParameters(lake=small.lake.uri, milvus=str(tmp_path / "index.db"), embed=embedded))

    assert (result["left_out"], result["entities"]) == ({"id_too_long": 4}, 4 * 23)
    count = small.lake.run(result["run_id"]).counts["index"]
    assert (count.came_in, count.went_out) == (96, 92)
