"""flows/retrieval/embedding/embed.py on real Ray: each photo once per fingerprint, refusals, reuse across runs."""

import io
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image

from flows.parameters.retrieval import EmbedParameters
from flows.retrieval.embedding.embed import embed_photos, street_photos
from flows.retrieval.embedding.ledger import embedded_ids, vector_runs
from flows.retrieval.embedding.tool import newest_trained
from infra.lake import Lake
from infra.ray_runtime.cluster import Cluster
from schemas.errors import LakeError
from schemas.ids import image_id
from schemas.image import IMAGES
from schemas.image_ids import hex_of_ids
from schemas.label import LABELS
from tests.flows.crawled_lake import NOW
from tests.flows.learn.annotated_lake import PHOTOS, annotated_lake

EMBED = embed_photos.fn
SPLITS = ("train", "query", "gallery")


def photo(n: int) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (20, 24), (9 * n % 256, 40, 200 - 3 * n)).save(file, "PNG")
    return file.getvalue()


@pytest.fixture(scope="module")
def stocked(tmp_path_factory: pytest.TempPathFactory, ray_here: Cluster) -> tuple[Lake, list[str]]:
    """A lake with thirty photos, the last of which is none, labelled in three splits."""
    lake = Lake(str(tmp_path_factory.mktemp("embed") / "lake"))
    data = [photo(n) for n in range(29)] + [b"no photo"]
    ids = [image_id(each) for each in data]
    crawl = lake.begin("crawl", "crawl", "photos")
    writer = crawl.writer(IMAGES)
    for n, (name, each) in enumerate(zip(ids, data, strict=True)):
        writer.write(
            {
                "image_id": name, "bytes": each, "media_type": "image/png", "declared_type": "", "width": 20,
                "height": 24, "orientation": 1, "quality": 100, "phash": n, "thumbnail": bytes(192), "url": "",
                "product_id": f"s:{n}", "fetched_at": NOW,
                "robots": {"allowed": True, "noai": False, "noimageai": False},
            }
        )  # fmt: skip
    crawl.add(IMAGES, writer.close())
    crawl_id = lake.commit(crawl, {"shop": "s"}).run_id
    labels = lake.begin("run", "label", "photos", parents=[crawl_id])
    writer = labels.writer(LABELS)
    for n, name in enumerate(ids):
        row = {"product_id": f"s:{n}", "image_id": name, "words": [], "split": SPLITS[n % 3], "group": n}
        writer.write(row)
        writer.write(row | {"product_id": f"t:{n}"})  # another product that shows the same photo
    labels.add(LABELS, writer.close())
    lake.commit(labels, {})
    return lake, ids


def test_photos_are_embedded_once_refusals_are_counted_and_a_later_run_reuses(
    stocked: tuple[Lake, list[str]], caplog: pytest.LogCaptureFixture
) -> None:
    lake, ids = stocked
    wanted = EmbedParameters(lake=lake.uri, method="histogram", gpus="0", splits=("query",), part_rows=4)

    with caplog.at_level("INFO", "vitrine.progress"):
        queries = EMBED(wanted)
        every = EMBED(wanted.model_copy(update={"splits": None}))
        nothing = EMBED(wanted)

    [said] = [
        line for line in caplog.messages if line.startswith("forecast:")
    ]  # once there is a receipt, and work
    assert said.startswith("forecast: 20 photos, about ") and queries["run_id"] in said

    assert (queries["embedded"], queries["reused"], queries["rejected"]) == (10, 0, {})
    # The 30th photo is in the gallery and is none: refused, and asked again by whoever wants all.
    assert (every["embedded"], every["reused"], every["rejected"]) == (19, 10, {"decode": 1})
    assert (nothing["embedded"], nothing["reused"]) == (0, 10)
    assert set(hex_of_ids(embedded_ids(lake, queries["fingerprint"]))) == set(ids[:-1])
    runs = list(vector_runs(lake, queries["fingerprint"]))
    assert [run.run_id for run in runs] == [queries["run_id"], every["run_id"]]
    assert [part.rows for part in runs[0].files["vectors"]] == [4, 4, 2]
    table = pa.concat_tables([lake.table(run, "vectors") for run in runs])
    vectors = np.stack(table["vector"].to_numpy())
    assert sorted(table["image_id"].to_pylist()) == sorted(ids[:-1])
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-3)
    (reject,) = lake.table(runs[1], "rejects").to_pylist()
    assert (reject["stage"], reject["reason"], reject["url"]) == ("embed", "decode", ids[-1])
    assert runs[0].parameters == {
        "method": "histogram", "checkpoint": runs[0].parameters["checkpoint"], "splits": ["query"], "gpus": "0",
        "retry": None, "compute": runs[0].parameters["compute"],
    }  # fmt: skip


def test_first_weights_alone_are_no_model(stocked: tuple[Lake, list[str]]) -> None:
    lake, _ = stocked
    lake.commit(lake.begin("run", "train", "first weights"), {"images": 0})

    with pytest.raises(LakeError, match="no trained model yet"):
        newest_trained(lake)
    with pytest.raises(LakeError, match="run train first"):
        EMBED(EmbedParameters(lake=lake.uri))


def test_photos_that_customers_took_are_those_that_annotations_say(tmp_path: Path) -> None:
    lake, labels = annotated_lake(str(tmp_path / "known"))
    table = lake.table(lake.run(labels), "annotations").to_pylist()

    found = hex_of_ids(street_photos(lake, lake.run(labels)))

    assert found == sorted(row["image_id"] for row in table if row["domain"] == "street")
    assert len(found) == PHOTOS // 2
    lake, labels = annotated_lake(str(tmp_path / "unknown"), annotations=False)
    assert not len(street_photos(lake, lake.run(labels)))
