"""What embeds: a checkpoint or a method without weights, in a precision; and the fingerprint of its vectors."""

from dataclasses import dataclass
from typing import Any

from flows.parameters.retrieval import EmbedParameters
from flows.running.started_ray import started_ray
from infra.lake import Lake
from infra.machine import gpus
from infra.ray_runtime.placement import wanted_gpus
from infra.settings import load_settings
from schemas.errors import LakeError
from schemas.ids import fingerprint
from schemas.manifest import Manifest
from workers.contract.recipe import recipe_of
from workers.data.decode import preprocessing
from workers.device import compute_type
from workers.training.weights.checkpoint import load, untrained


@dataclass(frozen=True)
class EmbedTool:
    """What makes vectors.

    method       its name
    checkpoint   SHA-256 of its weights
    path         of the checkpoint in the lake; empty for a method without weights
    dim          D of its vectors
    reads_domain whether it wants to know who took a photo
    parents      the train run
    compute      "bfloat16" or "float32"
    fingerprint  of its vectors: their cosine is below 0.9999 in another precision, whose fingerprint is another
    """

    method: str
    checkpoint: str
    path: str
    dim: int
    reads_domain: bool
    parents: tuple[str, ...]
    compute: str
    fingerprint: str

    @property
    def encoder(self) -> dict[str, Any]:
        """What workers.retrieval.encoder.Encoder is told of it."""
        return {"checkpoint": self.path, "method": self.method, "compute": self.compute}


def embed_tool(lake: Lake, parameters: EmbedParameters) -> EmbedTool:
    """Find what the parameters name, the newest trained model by default."""
    if parameters.method:
        ready, path, parents = untrained(parameters.method), "", tuple[str, ...]()
    else:
        trained = lake.run(parameters.train, "train") if parameters.train else newest_trained(lake)
        path = f"{lake.folder(trained)}/{trained.files['checkpoints'][0].path}"
        ready, parents = load(lake.filesystem, path), (trained.run_id,)
    seen = preprocessing(ready.module.image_size, ready.module.normalisation)
    compute = _compute(lake, parameters.gpus)
    recipe = recipe_of(ready.module, ready.settings.config) | {"compute": {"type": compute}}
    return EmbedTool(
        method=ready.name,
        checkpoint=ready.sha256,
        path=path,
        dim=ready.module.dim,
        reads_domain="domain" in ready.module.reads,
        parents=parents,
        compute=compute,
        fingerprint=fingerprint(ready.name, ready.sha256, seen, recipe),
    )


def newest_trained(lake: Lake) -> Manifest:
    """The newest train run that learnt something; first weights alone are no model."""
    for manifest in lake.runs("run", "train", newest_first=True):
        if manifest.result["images"]:
            return manifest
    raise LakeError(lake.uri, "holds no trained model yet; run train first")


def _compute(lake: Lake, wanted: str) -> str:
    """Ask a device of those that will embed what it is fast with: the driver may have none of them."""
    elsewhere = bool(load_settings().ray_address)
    if not elsewhere and (wanted == "0" or not gpus()):
        return compute_type("cpu")
    import ray

    with started_ray(lake) as cluster:
        on_gpu = wanted_gpus(wanted, cluster) > 0
        asked = ray.remote(compute_type).options(num_cpus=1, num_gpus=int(on_gpu))
        found: str = ray.get(asked.remote("cuda" if on_gpu else "cpu"))
        return found
