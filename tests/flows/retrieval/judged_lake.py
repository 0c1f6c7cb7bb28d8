"""A lake whose index is live and a second model of it, worse or better as planted, with an evaluation of both."""

from typing import Any

import numpy as np

from flows.parameters.publish import PublishParameters
from flows.parameters.retrieval import EvaluateParameters, IndexParameters
from flows.retrieval.indexing.index import load_collection
from flows.retrieval.judging.evaluate import ScoredMethod, score_photos
from flows.retrieval.publishing.publish import publish_index
from schemas.manifest import Manifest
from schemas.score import HISTORY
from schemas.vector import vectors_schema, word_vectors_schema
from tests.workers.report.small_lake import DIM, WORDS, SmallLake


class JudgedLake:
    """A small lake, whose own model is live after `first()`; the others are made of its vectors."""

    def __init__(self, small: SmallLake) -> None:
        self.small, self.lake = small, small.lake

    def first(self) -> dict[str, Any]:
        """Index, score and publish the model that the lake has."""
        run = self.small.embeds["corbiere"]
        self.indexed(run)
        self.scored([self.method("corbiere", run)])
        return self.published()

    def model(self, name: str, noise: float, blind: str = "") -> Manifest:
        """Commit another model: the first one's vectors with more noise; of kind `blind` nothing else."""
        tables = {
            HISTORY: [],
            word_vectors_schema(DIM): [
                {"word_id": n, "word": word, "vector": self.small.meaning(word)}
                for n, word in enumerate(WORDS)
            ],
        }
        said = {"method": "corbiere", "checkpoint": "cd" * 32, "images": 9, "origin": "random"}
        trained = self.small.commit("train", tables, [self.small.labels.run_id], said, {"method": "corbiere"})
        random = np.random.default_rng(5)
        rows = []
        for _, kind, _, ids in self.small.products:
            for photo in ids:
                own = 0 if kind == blind else self.small.vectors["corbiere", photo]
                vector = (own + random.normal(0, 1 if kind == blind else noise, DIM)).astype(np.float32)
                unit = vector / np.linalg.norm(vector)
                rows.append({"image_id": photo, "fingerprint": f"print-{name}", "vector": unit})
        result = {"fingerprint": f"print-{name}", "method": "corbiere", "embedded": len(rows), "reused": 0}
        parents = [self.small.labels.run_id, trained.run_id]
        parameters = {"method": "corbiere", "splits": None}
        return self.small.commit("embed", {vectors_schema(DIM): rows}, parents, result, parameters)

    def method(self, name: str, embedded: Manifest) -> ScoredMethod:
        return ScoredMethod(name, embedded.result["fingerprint"], embedded.run_id, embedded.parents[1])

    def indexed(self, embedded: Manifest) -> dict[str, Any]:
        result: dict[str, Any] = load_collection.fn(
            IndexParameters(lake=self.lake.uri, embed=embedded.run_id)
        )
        return result

    def scored(self, methods: list[ScoredMethod]) -> dict[str, Any]:
        parameters = EvaluateParameters(lake=self.lake.uri)
        result: dict[str, Any] = score_photos.fn(parameters, self.small.labels.run_id, methods)
        return result

    def candidate(self, embedded: Manifest, live: Manifest) -> dict[str, Any]:
        """Index a model and score it beside the live one; returns the result of its index run."""
        indexed = self.indexed(embedded)
        self.scored([self.method("corbiere", embedded), self.method("live", live)])
        return indexed

    def published(self, **choices: Any) -> dict[str, Any]:
        result: dict[str, Any] = publish_index.fn(PublishParameters.read({"lake": self.lake.uri} | choices))
        return result
