"""flows/queries/photo_encoder.py: a photo is asked with as the index was made, whatever this machine is fast with."""

import numpy as np
import pytest

from flows.queries.photo_encoder import photo_encoder
from tests.flows.serve.served_lake import ServedLake
from workers.device import compute_type


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> ServedLake:
    return ServedLake(tmp_path_factory.mktemp("served") / "lake")


@pytest.mark.parametrize("compute", ["bfloat16", "float32", ""])
def test_it_computes_in_the_precision_of_the_index(small: ServedLake, compute: str) -> None:
    parameters = {"method": "corbiere", "splits": None} | ({"compute": compute} if compute else {})
    made = small.embeds["corbiere"]
    embedded = small.commit("embed", {}, made.parents, dict(made.result), parameters)
    said = {"train": small.trains["corbiere"].run_id, "collection": "c", "method": "corbiere"}
    indexed = small.commit("index", {}, [embedded.run_id], said)

    encoder = photo_encoder(small.lake, indexed)

    assert encoder.compute == (compute or compute_type("cpu"))
    photo, data = next(iter(small.photos.items()))
    assert encoder.one("photo.png", data) @ small.vectors["corbiere", photo] > 0.999
    assert np.linalg.norm(encoder.one("photo.png", data)) == pytest.approx(1, abs=1e-3)
