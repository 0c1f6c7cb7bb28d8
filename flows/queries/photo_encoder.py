"""What turns a photo that somebody asks with into a vector of the index: its checkpoint, in its precision."""

from typing import TYPE_CHECKING

from infra.lake import Lake
from schemas.manifest import Manifest

if TYPE_CHECKING:
    from workers.retrieval.encoder import Encoder


def photo_encoder(lake: Lake, indexed: Manifest, device: str = "cpu") -> "Encoder":
    """Load the encoder that made the vectors of an index run.

    It computes as that did, whatever this machine is fast with: vectors of a GPU's bfloat16 and of a CPU's float32 are
    two models', some thousandths apart.
    """
    from workers.retrieval.encoder import Encoder

    embedded = lake.run(indexed.parents[0])
    compute = embedded.parameters.get("compute", "")  # a run of an earlier version does not say
    if not indexed.result["train"]:
        return Encoder(lake.filesystem, "", indexed.result["method"], compute=compute, device=device)
    trained = lake.run(indexed.result["train"])
    part = trained.files["checkpoints"][0]
    checkpoint = f"{lake.folder(trained)}/{part.path}"
    return Encoder(lake.filesystem, checkpoint, trained.result["method"], compute=compute, device=device)
