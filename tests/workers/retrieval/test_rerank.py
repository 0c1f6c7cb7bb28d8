"""workers/retrieval/rerank.py: who is looked at again, in which order the top comes out, and ranks by hand."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.fs as pafs
import pyarrow.parquet as pq
import pytest
import torch
from PIL import Image

from schemas.ids import image_id
from schemas.image_ids import ids_of_hex
from schemas.row_slice import RowSlice
from workers.contract import NO_LABELS, Batch, registry
from workers.data.decode import decode
from workers.retrieval import rerank
from workers.retrieval.rerank import LocalVectors, Rerank, ranks_after, reranks
from workers.training.weights.checkpoint import pack, unpack

SETTINGS = {"backbone": "resnet18", "weights": "random", "image_size": 64, "scales": 2, "node": 16}


def photo(n: int) -> bytes:
    file = io.BytesIO()
    pixels = np.random.default_rng(n).integers(0, 256, (20, 24, 3), np.uint8)
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


PHOTOS = {image_id(data): data for data in [*map(photo, range(6)), b"no photo"]}


@pytest.fixture(scope="module")
def method() -> Any:
    return registry.build(registry.settings_of("grnet", SETTINGS), NO_LABELS).eval()


@pytest.fixture(scope="module")
def tool(method: Any, tmp_path_factory: pytest.TempPathFactory) -> Rerank:
    folder = tmp_path_factory.mktemp("checkpoint")
    data = pack(method, registry.settings_of("grnet", SETTINGS), NO_LABELS, "random")
    path = folder / f"{unpack(data, 'grnet').sha256}.safetensors"
    path.write_bytes(data)
    return Rerank(pafs.LocalFileSystem(), str(path), threads=1)


def slices(folder: Path) -> list[RowSlice]:
    """All photos in a file of two row groups."""
    names, data = zip(*PHOTOS.items(), strict=True)
    path = str(folder / "images.parquet")
    pq.write_table(pa.table({"bytes": data}), path, row_group_size=4)
    ids = ids_of_hex(list(names))
    return [RowSlice(path, group, np.arange(len(ids[rows]), dtype=np.int32), ids[rows])
            for group, rows in enumerate((slice(0, 4), slice(4, 7)))]  # fmt: skip


def test_a_method_says_by_its_protocol_whether_it_compares() -> None:
    assert reranks("grnet") and not reranks("house") and not reranks("histogram")


@pytest.mark.parametrize("memory", [1 << 30, 0])
def test_photos_are_looked_at_once_wherever_the_numbers_lie_and_what_is_none_is_left_out(
    tool: Rerank, method: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, memory: int
) -> None:
    monkeypatch.setattr(rerank, "IN_MEMORY", memory)

    seen = tool.local(slices(tmp_path))

    names = list(PHOTOS)
    assert seen.values.shape == (6, 5, 512) and seen.values.dtype == np.float16
    assert seen.rows(ids_of_hex([names[4], names[6], names[0]])).tolist() == [4, -1, 0]
    pixels = torch.from_numpy(np.stack([decode(name, PHOTOS[name], 64) for name in names[:6]]))
    with torch.no_grad():
        expected = method.local(Batch(pixels))
    np.testing.assert_allclose(seen.values, expected, atol=1e-2)
    assert LocalVectors(seen.ids[:0], seen.values[:0]).rows(seen.ids).tolist() == [-1] * 6


def test_the_top_is_scored_as_the_method_does_and_what_is_not_there_comes_last(
    tool: Rerank, method: Any, tmp_path: Path
) -> None:
    seen = tool.local(slices(tmp_path))

    scores = tool.top_scores(seen, np.array([2, -1]), np.array([[0, -1, 5], [1, 2, 3]]))

    exact = torch.from_numpy(seen.values).float()
    with torch.no_grad():
        expected = method.rerank(exact[2], exact[[0, 5]])
    np.testing.assert_allclose(scores[0, [0, 2]], expected, rtol=1e-5)
    assert scores[0, 1] == -np.inf and (scores[1] == -np.inf).all()


def after(similar: list[float], right: list[int], top: list[int], scores: list[float]) -> list[int]:
    return ranks_after(
        np.array(similar, np.float32), np.array(right, np.int64), np.array(top), np.array(scores, np.float32)
    ).tolist()


def test_the_top_is_in_its_new_order_and_what_is_below_stays() -> None:
    similar = [0.9, 0.8, 0.7, 0.6, 0.5]  # photos 0 to 4, the first three at the top

    assert after(similar, [1, 4], [0, 1, 2], [0.0, 5.0, 1.0]) == [1, 5]
    assert after(similar, [1, 4], [0, 1, 2], [6.0, 5.0, 7.0]) == [3, 5]
    assert after(similar, [0, 2], [0, 1, 2], [1.0, 2.0, 3.0]) == [1, 3]
    assert after(similar, [3], [0, 1, 2], [1.0, 2.0, 3.0]) == [4]
    assert after(similar, [], [0, 1, 2], [1.0, 2.0, 3.0]) == []


def test_ties_count_against_us_in_both_orders() -> None:
    assert after([0.9, 0.8, 0.7], [1], [0, 1], [2.0, 2.0]) == [2]
    assert after([0.5, 0.5, 0.5], [0], [0, 1], [9.0, 1.0]) == [3]  # which two are at the top is chance
    assert after([0.9, 0.8, 0.7], [0, 1], [0, 1], [2.0, 2.0]) == [1, 2]
    assert after([0.9, 0.8, 0.7], [1], [0, 1], [-np.inf, -np.inf]) == [2]


def test_the_same_order_leaves_all_ranks_as_they_were() -> None:
    random = np.random.default_rng(0)
    for _ in range(20):
        similar = random.permutation(40).astype(np.float32)
        right = random.permutation(40)[:6]
        top = np.argsort(-similar)[:15]
        assert ranks_after(similar, right, top, similar[top]).tolist() == sorted(
            40 - similar[right].astype(int)
        )
