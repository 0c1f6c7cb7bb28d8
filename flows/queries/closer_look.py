"""The hits of a search by photo in the order in which a method puts them that compares photo with photo."""

from typing import Any

import numpy as np

from infra.lake import Lake
from infra.photo_locations import locate
from schemas.image_ids import ids_of_hex
from schemas.manifest import Manifest

Hits = list[dict[str, Any]]


def wanted(trained: Manifest, k: int) -> int:
    """How many products to ask the index for, so that k are left to choose from; k where nothing is compared again."""
    from workers.retrieval.rerank import TOP, reranks

    return max(k, TOP) if reranks(trained.result["method"]) else k


def looked_at(
    lake: Lake, trained: Manifest, name: str, data: bytes, hits: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Order hits by how the method compares each one's photo with the photo asked with; unchanged where it does not.

    A hit gets `closer`, what it is ordered by; one whose photo cannot be read comes last, as the vectors had it.
    """
    from workers.retrieval.rerank import Rerank, reranks

    if not hits or not reranks(trained.result["method"]):
        return hits
    tool = Rerank(lake.filesystem, f"{lake.folder(trained)}/{trained.files['checkpoints'][0].path}")
    ids = ids_of_hex([hit["image_id"] for hit in hits])
    seen = tool.local(locate(lake, ids))
    rows = seen.rows(ids)
    scores = np.full(len(hits), -np.inf, np.float32)
    if (rows >= 0).any():
        scores[rows >= 0] = tool.scores(tool.one(name, data), seen.values[rows[rows >= 0]])
    order = np.argsort(-scores, kind="stable")
    return [hits[n] | ({"closer": round(float(scores[n]), 4)} if rows[n] >= 0 else {}) for n in order]
