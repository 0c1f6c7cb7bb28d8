"""What query photos of a benchmark found, for their pages: by vectors, compared again, with an attribute changed."""

from collections.abc import Collection, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from flows.retrieval.protocols.asked_methods import AskedMethod, vectors_of
from flows.retrieval.protocols.benchmark_photos import BenchmarkRun
from infra.lake import Lake
from infra.photo_locations import locate, photo_bytes
from schemas.errors import ImageError
from schemas.image_ids import ids_of_hex
from schemas.manifest import Manifest
from workers.contract import Edits, Reranks
from workers.data.decode import decode
from workers.report.photo_pages.shown import Comparison, Hit, Ranking, Window
from workers.retrieval import edit
from workers.retrieval.look import decisive, look
from workers.retrieval.nearest import best, similarities
from workers.retrieval.protocols import instance_retrieval
from workers.retrieval.protocols.instance_retrieval import Gallery
from workers.retrieval.rerank import TOP, Rerank
from workers.training.weights.checkpoint import Checkpoint

HITS, WINDOWS, CHANGES = 8, 5, 2
IN_SHOP = "in-shop"
Pixels = NDArray[np.uint8]
Vectors = NDArray[np.float32]


class PhotoFindings:
    """Rankings of one method on one retrieval benchmark.

    asked  the query photos
    hits   gallery photos that were shown so far
    """

    def __init__(
        self,
        benchmark: BenchmarkRun,
        method: AskedMethod,
        trained: Manifest,
        ready: Checkpoint,
        searched: Gallery,
    ) -> None:
        self.benchmark, self.method, self.trained, self.ready = benchmark, method, trained, ready
        if benchmark.kind == IN_SHOP:
            self.question = instance_retrieval.in_shop(benchmark.shown(["query", "gallery"]))
        else:
            self.question = instance_retrieval.consumer_to_shop(benchmark.shown(["val", "test"]), searched)
        self.asked = [image for image, _ in self.question.queries]
        self.gallery = vectors_of(benchmark.lake, method, self.question.gallery)
        self.hits: dict[str, None] = {}

    def of(self, image: str, seen: Pixels) -> tuple[list[Ranking], list[Comparison]]:
        """What a query photo finds in every way that the method has, and what decided; seen (3, S, S)."""
        lake, place = self.benchmark.lake, self.asked.index(image)
        right = {self.question.gallery[n] for n in self.question.relevant()[place]}
        query = vectors_of(lake, self.method, [image])
        rankings = [self._ranking("by its vector", query, right)]
        comparisons: list[Comparison] = []
        if isinstance(self.ready.module, Reranks):
            again = self._reranked(image, query, right)
            rankings.append(again)
            first = list(dict.fromkeys([again.hits[0].image_id, rankings[0].hits[0].image_id]))
            pixels = squares(lake, first, self.ready.module.image_size)
            for found in first:
                if votes := decisive(self.ready.module, seen, pixels[found], WINDOWS):
                    largest = abs(votes[0].adds)
                    windows = [Window(_placed(v.query), _placed(v.gallery), v.adds / largest) for v in votes]
                    comparisons.append(Comparison(found, found in right, windows))
        if isinstance(self.ready.module, Edits):
            for kind, value in self._changes(seen):
                moved = edit.edited(self.method.name, self.ready.module, query, {kind: value})
                rankings.append(self._ranking(f"with {kind} {value}", moved, right, judged=False))
        return rankings, comparisons

    @cached_property
    def _tool(self) -> Rerank:
        lake = self.benchmark.lake
        path = f"{lake.folder(self.trained)}/{self.trained.files['checkpoints'][0].path}"
        return Rerank(lake.filesystem, path, threads=1)

    def _ranking(
        self,
        title: str,
        query: Vectors,
        right: Collection[str],
        judged: bool = True,
    ) -> Ranking:
        [(_, block)] = similarities(query, self.gallery)
        places, values = best(block, len(self.question.gallery))
        order = [self.question.gallery[n] for n in places[0]]
        return self._shown(title, order, values[0].tolist(), right, judged)

    def _reranked(self, image: str, query: Vectors, right: Collection[str]) -> Ranking:
        lake = self.benchmark.lake
        [(_, block)] = similarities(query, self.gallery)
        places, _ = best(block, TOP)
        top = [self.question.gallery[n] for n in places[0]]
        tool = self._tool
        seen = tool.local(locate(lake, np.unique(ids_of_hex([image, *top]))))
        scores = tool.top_scores(seen, seen.rows(ids_of_hex([image])), seen.rows(ids_of_hex(top))[None])[0]
        order = np.argsort(-scores, kind="stable")
        return self._shown(
            f"its first {len(top)} compared again", [top[n] for n in order], scores[order].tolist(), right
        )

    def _shown(
        self,
        title: str,
        order: Sequence[str],
        scores: Sequence[float],
        right: Collection[str],
        judged: bool = True,
    ) -> Ranking:
        hits = [
            Hit(image, score, judged and image in right) for image, score in zip(order, scores, strict=True)
        ][:HITS]
        self.hits |= dict.fromkeys(hit.image_id for hit in hits)
        rank = next((place for place, image in enumerate(order, 1) if image in right), 0)
        return Ranking(title, hits, rank if judged else 0)

    def _changes(self, seen: Pixels) -> list[tuple[str, str]]:
        """The first kinds of attributes, each with the value that the photo is least like."""
        labels, [looked] = self.ready.labels, look(self.ready.module, seen[None])
        if (scores := looked.said.get("attributes")) is None:
            return []
        kinds = [
            (kind, places) for kind, places in labels.attribute_groups.items() if kind and len(places) > 1
        ]
        least = ((kind, min(places, key=lambda n: float(scores[n]))) for kind, places in kinds[:CHANGES])
        return [(kind, value_of(labels.attributes[place])) for kind, place in least]


def squares(lake: Lake, images: Collection[str], side: int) -> dict[str, Pixels]:
    """Photos as squares, as a method sees them; one that does not decode has none."""
    found: dict[str, Pixels] = {}
    if not images:
        return {}
    for image, data in photo_bytes(lake, locate(lake, np.unique(ids_of_hex(list(images))))):
        try:
            found[image] = decode(image, data, side)
        except ImageError:
            continue
    return {image: found[image] for image in images if image in found}


def value_of(name: str) -> str:
    """`red` of `colour: red`; a name without a kind as it is."""
    return name.partition(": ")[2] or name


def _placed(box: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    left, top, right, bottom = box
    return left, top, right - left, bottom - top
