"""A small lake whose live model can be asked with photos: colour histograms, and words that mean what bears them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from flows.parameters.retrieval import IndexParameters
from flows.retrieval.indexing.index import load_collection
from infra.photo_locations import locate
from schemas.image_ids import hex_of_ids, ids_of_hex
from schemas.manifest import Manifest, Part
from schemas.score import HISTORY
from schemas.vector import vectors_schema, word_vectors_schema
from tests.workers.report.small_lake import WORDS, SmallLake
from workers.contract import NO_LABELS, registry
from workers.retrieval.embed import Embed
from workers.training.weights.checkpoint import pack, unpack


class ServedLake(SmallLake):
    """As SmallLake, but what it calls corbiere has a checkpoint, and its vectors are those of its photos."""

    METHOD = "histogram"
    SETTINGS: ClassVar[Mapping[str, Any]] = {"image_size": 48, "grid": 2, "bins": 4}
    COARSE: ClassVar[Mapping[str, Any]] = {"image_size": 48, "grid": 1, "bins": 4}
    NAMES = NO_LABELS

    def train(self, epochs: int) -> Manifest:
        if not epochs:
            return super().train(0)
        trained, self.found = self.learnt(self.SETTINGS)
        return trained

    def learnt(self, settings: Mapping[str, Any]) -> tuple[Manifest, dict[str, np.ndarray]]:
        """A train run of METHOD as it begins, with these settings, and its vectors of all photos."""
        ready = registry.settings_of(self.METHOD, settings)
        data = pack(registry.build(ready, self.NAMES), ready, self.NAMES, "no weights")
        run = self.lake.begin("run", "train", f"served {settings}", parents=[self.labels.run_id])
        name = f"checkpoints/{unpack(data, self.METHOD).sha256}.safetensors"
        self.lake.filesystem.create_dir(f"{run.folder}/checkpoints")
        with self.lake.filesystem.open_output_stream(f"{run.folder}/{name}") as file:
            file.write(data)
        run.files["checkpoints"] = [Part(name, 0, len(data), Path(name).stem)]
        found = self._found(f"{run.folder}/{name}")
        dim = len(next(iter(found.values())))
        words, history = run.writer(word_vectors_schema(dim)), run.writer(HISTORY)
        for number, word in enumerate(WORDS):
            words.write({"word_id": number, "word": word, "vector": self._mean(word, found)})
        run.add(word_vectors_schema(dim), words.close())
        run.add(HISTORY, history.close())
        said = {"method": "corbiere", "checkpoint": "ab" * 32, "images": 9, "origin": "random"}
        return self.lake.commit(run, said), found

    def second_embed(self) -> Manifest:
        """The embed run of a coarser model: it knows the colours of a whole photo, and not where they are."""
        trained, found = self.learnt(self.COARSE)
        return self._embedded(found, "print-coarse", trained, "coarse")

    def second_index(self) -> Manifest:
        """The index run of the coarser model."""
        load_collection.fn(IndexParameters(lake=self.lake.uri, embed=self.second_embed().run_id))
        return self.lake.newest("index")

    def weightless_index(self) -> Manifest:
        """The index run of a method that learns nothing, and so has no train run and no words."""
        embedded = self._embedded(self._found(""), "print-weightless", None, "histogram")
        load_collection.fn(IndexParameters(lake=self.lake.uri, embed=embedded.run_id))
        return self.lake.newest("index")

    def embed(self, method: str) -> Manifest:
        if method != "corbiere":
            return super().embed(method)
        self.vectors = {(method, name): vector for name, vector in self.found.items()}
        return self._embedded(self.found, "print-corbiere", self.trains[method], method)

    def _embedded(
        self, found: dict[str, np.ndarray], fingerprint: str, trained: Manifest | None, method: str
    ) -> Manifest:
        rows = [
            {"image_id": name, "fingerprint": fingerprint, "vector": vector} for name, vector in found.items()
        ]
        said = {"fingerprint": fingerprint, "method": method, "embedded": len(rows), "images_per_second": 9.0}
        schema = vectors_schema(len(rows[0]["vector"]))
        parents = [self.labels.run_id, *([trained.run_id] if trained else [])]
        return self.commit("embed", {schema: rows}, parents, said, {"method": method, "splits": None})

    def _found(self, checkpoint: str) -> dict[str, np.ndarray]:
        encoder = {"checkpoint": checkpoint, "method": self.METHOD}
        tool = Embed(self.lake.filesystem, encoder, write=lambda number, ids, vectors: (ids, vectors))
        ids, vectors = tool.embed(0, locate(self.lake, ids_of_hex(list(self.photos)))).part
        return dict(zip(hex_of_ids(ids), vectors, strict=True))

    def _mean(self, word: str, found: dict[str, np.ndarray]) -> np.ndarray:
        """What the photos of a word have that all photos have not."""
        bear = [ids for _, kind, colour, ids in self.products if word in (kind, colour)]
        everything = np.mean(list(found.values()), axis=0)
        if not bear:
            return np.random.default_rng(len(word)).normal(0, 1, len(everything)).astype(np.float32)
        own: np.ndarray = np.mean([found[photo] for ids in bear for photo in ids], axis=0) - everything
        unit: np.ndarray = (own / np.linalg.norm(own)).astype(np.float32)
        return unit
