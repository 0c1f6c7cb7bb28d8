"""One size of tests/bench/embed_scale.py, stocked and embedded by processes that do nothing else.

python tests/bench/embedded/scale.py stock FOLDER PHOTOS
python tests/bench/embedded/scale.py embed FOLDER PHOTOS      one JSON object on stdout, behind FOUND
"""

import json
import os
import resource
import sys
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

TINY = {"backbone": "resnet18", "weights": "random", "image_size": 16, "projection": 16, "colour": 0}
SMALL_PX, PICTURES = (48, 64), 500
EVERY_S = 5.0  # memory is looked at: oftener, that takes more of a core than the embedding of so small photos
FOUND = "FOUND "


def stock(folder: str, photos: int) -> None:
    """Store so many photos, a label run that wants them all, and a model."""
    from tests.bench.embedded.lake import drawn, stocked, untrained_model

    untrained_model(stocked(folder, drawn(PICTURES, SMALL_PX), photos), "house", TINY)


def embed(folder: str, photos: int) -> dict[str, Any]:
    """Embed them through the flow's task; what it said, and what memory it took of this process and of all."""
    from flows.parameters.retrieval import EmbedParameters
    from flows.retrieval.embedding.embed import embed_photos
    from infra.ray_runtime.cluster import ray_cluster
    from tests.bench.label import Watched

    with ray_cluster(""), Watched(EVERY_S) as watched:
        result = embed_photos.fn(EmbedParameters(lake=folder, gpus="0"))
    assert result["embedded"] == photos, result["receipt"]
    driver = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    told = ("images_per_second", "cpu_s_per_1000", "worker_mib", "start_seconds", "workers", "verdict")
    return {name: result[name] for name in told} | {"driver": driver, "all": watched.all}


if __name__ == "__main__":
    what, place, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    if what == "stock":
        stock(place, count)
    else:
        print(FOUND + json.dumps(embed(place, count)), flush=True)
