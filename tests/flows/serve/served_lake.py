"""A small lake whose live model can be asked with photos: colour histograms, and words that mean what bears them."""

from pathlib import Path

import numpy as np

from infra.photo_locations import locate
from schemas.image_ids import hex_of_ids, ids_of_hex
from schemas.manifest import Manifest, Part
from schemas.score import HISTORY
from schemas.vector import vectors_schema, word_vectors_schema
from tests.workers.report.small_lake import WORDS, SmallLake
from workers.contract import NO_LABELS, registry
from workers.retrieval.embed import Embed
from workers.training.weights.checkpoint import pack, unpack

SETTINGS = {"image_size": 48, "grid": 2, "bins": 4}


class ServedLake(SmallLake):
    """As SmallLake, but what it calls corbiere has a checkpoint, and its vectors are those of its photos."""

    def train(self, epochs: int) -> Manifest:
        if not epochs:
            return super().train(0)
        settings = registry.settings_of("histogram", SETTINGS)
        data = pack(registry.build(settings, NO_LABELS), settings, NO_LABELS, "no weights")
        run = self.lake.begin("run", "train", "served", parents=[self.labels.run_id])
        name = f"checkpoints/{unpack(data, 'histogram').sha256}.safetensors"
        self.lake.filesystem.create_dir(f"{run.folder}/checkpoints")
        with self.lake.filesystem.open_output_stream(f"{run.folder}/{name}") as file:
            file.write(data)
        run.files["checkpoints"] = [Part(name, 0, len(data), Path(name).stem)]
        self.found = self._found(f"{run.folder}/{name}")
        dim = len(next(iter(self.found.values())))
        words, history = run.writer(word_vectors_schema(dim)), run.writer(HISTORY)
        for number, word in enumerate(WORDS):
            words.write({"word_id": number, "word": word, "vector": self._mean(word)})
        run.add(word_vectors_schema(dim), words.close())
        run.add(HISTORY, history.close())
        return self.lake.commit(
            run, {"method": "corbiere", "checkpoint": "ab" * 32, "images": 9, "origin": "random"}
        )

    def embed(self, method: str) -> Manifest:
        if method != "corbiere":
            return super().embed(method)
        self.vectors = {(method, name): vector for name, vector in self.found.items()}
        rows = [
            {"image_id": name, "fingerprint": "print-corbiere", "vector": vector}
            for name, vector in self.found.items()
        ]
        said = {
            "fingerprint": "print-corbiere",
            "method": method,
            "embedded": len(rows),
            "images_per_second": 9.0,
        }
        schema = vectors_schema(len(rows[0]["vector"]))
        parents = [self.labels.run_id, self.trains[method].run_id]
        return self.commit("embed", {schema: rows}, parents, said, {"method": method, "splits": None})

    def _found(self, checkpoint: str) -> dict[str, np.ndarray]:
        encoder = {"checkpoint": checkpoint, "method": "histogram"}
        tool = Embed(self.lake.filesystem, encoder, write=lambda number, ids, vectors: (ids, vectors))
        ids, vectors = tool.embed(0, locate(self.lake, ids_of_hex(list(self.photos)))).part
        return dict(zip(hex_of_ids(ids), vectors, strict=True))

    def _mean(self, word: str) -> np.ndarray:
        """What the photos of a word have that all photos have not."""
        bear = [ids for _, kind, colour, ids in self.products if word in (kind, colour)]
        everything = np.mean(list(self.found.values()), axis=0)
        if not bear:
            return np.random.default_rng(len(word)).normal(0, 1, len(everything)).astype(np.float32)
        own = np.mean([self.found[photo] for ids in bear for photo in ids], axis=0) - everything
        return (own / np.linalg.norm(own)).astype(np.float32)
