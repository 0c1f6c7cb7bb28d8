"""A small lake with a method in it, by default one that compares photo with photo: its checkpoint and its vectors."""

from collections.abc import Mapping
from pathlib import Path

from infra.photo_locations import locate
from schemas.image_ids import hex_of_ids, ids_of_hex
from schemas.manifest import Manifest, Part
from schemas.vector import vectors_schema
from tests.workers.report.small_lake import SmallLake
from workers.contract import NO_LABELS, LabelSpace, registry
from workers.retrieval.embed import Embed
from workers.training.weights.checkpoint import pack, unpack

SETTINGS = {"backbone": "resnet18", "weights": "random", "image_size": 32, "scales": 2, "sampling": "pk"}


class ComparedLake(SmallLake):
    """A method as its seed makes it, which has committed a train run as if it had learnt."""

    def __init__(
        self,
        folder: Path,
        products: int = 24,
        method: str = "grnet",
        settings: Mapping[str, object] = SETTINGS,
        names: LabelSpace = NO_LABELS,
    ) -> None:
        super().__init__(folder, products)
        self.method, self.settings, self.names = method, settings, names
        self.compared = self._trained()
        self.embedded = self._embedded()

    @property
    def checkpoint(self) -> str:
        return f"{self.lake.folder(self.compared)}/{self.compared.files['checkpoints'][0].path}"

    def _trained(self) -> Manifest:
        settings = registry.settings_of(self.method, self.settings)
        method = registry.build(settings, self.names)
        data = pack(method, settings, self.names, method.origin)
        run = self.lake.begin("run", "train", "compared", parents=[self.labels.run_id])
        name = f"checkpoints/{unpack(data, self.method).sha256}.safetensors"
        self.lake.filesystem.create_dir(f"{run.folder}/checkpoints")
        with self.lake.filesystem.open_output_stream(f"{run.folder}/{name}") as file:
            file.write(data)
        run.files["checkpoints"] = [Part(name, 0, len(data), Path(name).stem)]
        return self.lake.commit(run, {"method": self.method, "images": 9})

    def _embedded(self) -> Manifest:
        encoder = {"checkpoint": self.checkpoint, "method": self.method}
        tool = Embed(self.lake.filesystem, encoder, write=lambda number, ids, vectors: (ids, vectors))
        ids, vectors = tool.embed(0, locate(self.lake, ids_of_hex(list(self.photos)))).part
        rows = [
            {"image_id": name, "fingerprint": f"print-{self.method}", "vector": vector}
            for name, vector in zip(hex_of_ids(ids), vectors.tolist(), strict=True)
        ]
        said = {
            "fingerprint": f"print-{self.method}",
            "method": self.method,
            "embedded": len(rows),
            "images_per_second": 9.0,
        }
        parents = [self.labels.run_id, self.compared.run_id]
        return self.commit(
            "embed",
            {vectors_schema(tool.encoder.dim): rows},
            parents,
            said,
            {"method": self.method, "splits": None},
        )
