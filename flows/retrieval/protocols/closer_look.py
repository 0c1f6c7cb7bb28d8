"""A retrieval benchmark once a method that compares photo with photo has ordered the top of every ranking anew."""

import numpy as np

from infra.lake import Lake
from infra.photo_locations import locate
from schemas.image_ids import ids_of_hex
from workers.retrieval.nearest import best, similarities
from workers.retrieval.protocols.instance_retrieval import Question
from workers.retrieval.rerank import TOP, Rerank, ranks_after
from workers.retrieval.score import Ranks

Vectors = np.ndarray[tuple[int, ...], np.dtype[np.float32]]


def ranks_reranked(
    lake: Lake, checkpoint: str, question: Question, queries: Vectors, gallery: Vectors, gpus: str
) -> list[Ranks]:
    """Ranks of each query's right photos after the first TOP were compared again; the rest stay where they are.

    checkpoint  path in the lake of a method that `Reranks`
    """
    tops = np.concatenate([best(block, TOP)[0] for _, block in similarities(queries, gallery)])
    asked, answers = ids_of_hex([image for image, _ in question.queries]), ids_of_hex(question.gallery)
    tool = Rerank(lake.filesystem, checkpoint, gpus)
    seen = tool.local(locate(lake, np.unique(np.concatenate([asked, answers[np.unique(tops)]]))))
    scores = tool.top_scores(seen, seen.rows(asked), seen.rows(answers)[tops])
    right = question.relevant()
    return [
        ranks_after(row, right[piece.start + n], tops[piece.start + n], scores[piece.start + n])
        for piece, block in similarities(queries, gallery)
        for n, row in enumerate(block)
    ]
