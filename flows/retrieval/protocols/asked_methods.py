"""The methods that a benchmark asks: the trained one, the same untrained, and colour alone; embedded once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from flows.learn.train import checkpoint_of
from flows.parameters.retrieval import EmbedParameters, EvaluateParameters
from flows.queries.search import WordLayer, word_layer
from flows.retrieval.embedding.embed import embed_photos
from flows.retrieval.embedding.ledger import vector_runs
from flows.retrieval.judging.evaluate import COLOUR, UNTRAINED
from flows.retrieval.judging.first_weights import first_weights
from infra.lake import Lake
from schemas.errors import LakeError
from schemas.manifest import Manifest
from workers.contract import LabelSpace, Predicts, Reranks


@dataclass(frozen=True)
class AskedMethod:
    """One method, ready to be scored.

    embed_run   the run that embedded its photos last
    train_run   None for a method without weights
    """

    name: str
    fingerprint: str
    embed_run: str
    train_run: str | None


@dataclass(frozen=True)
class Speaker:
    """What a trained method can say beside its vectors.

    checkpoint  its path in the lake;  side  px of the square that it sees
    predicts    whether it says categories, attributes or landmarks itself
    reranks     whether it compares photo with photo
    words       its word layer, None where it learnt none
    """

    checkpoint: str
    labels: LabelSpace
    side: int
    predicts: bool
    reranks: bool
    words: WordLayer | None


def asked_methods(
    parameters: EvaluateParameters, lake: Lake, trained: Manifest, labels: str, splits: Sequence[str]
) -> list[AskedMethod]:
    """Embed the photos of some splits with each method; the trained one stands first."""
    wanted = EmbedParameters(lake=lake.uri, labels=labels, gpus=parameters.gpus, splits=tuple(splits))
    by_name = {str(trained.result["method"]): wanted.model_copy(update={"train": trained.run_id})}
    if parameters.baselines:
        by_name[UNTRAINED] = wanted.model_copy(update={"train": first_weights(lake, trained)})
        by_name[COLOUR] = wanted.model_copy(update={"method": COLOUR})
    found = []
    for name, embedding in by_name.items():
        result = embed_photos(embedding)
        train = None if embedding.method else embedding.train
        found.append(AskedMethod(name, result["fingerprint"], result["run_id"], train))
    return found


def speaker(lake: Lake, method: AskedMethod) -> Speaker | None:
    """What a method can say; None for one without weights."""
    if method.train_run is None:
        return None
    trained = lake.run(method.train_run)
    ready = checkpoint_of(lake, trained)
    words = word_layer(lake, trained) if trained.files.get("word_vectors") else None
    path = f"{lake.folder(trained)}/{trained.files['checkpoints'][0].path}"
    predicts, reranks = isinstance(ready.module, Predicts), isinstance(ready.module, Reranks)
    return Speaker(path, ready.labels, ready.module.image_size, predicts, reranks, words)


def vectors_of(lake: Lake, method: AskedMethod, images: Sequence[str]) -> NDArray[np.float32]:
    """(N, D); a photo without a vector, which no decoder reads, gets zeros: it finds nothing."""
    wanted = pa.array(sorted(set(images)), pa.string())
    place = {image: n for n, image in enumerate(wanted.to_pylist())}
    matrix: NDArray[np.float32] | None = None
    for batch in _batches(lake, method):
        chosen = batch.filter(pc.is_in(batch["image_id"], wanted))
        column = chosen["vector"]
        if matrix is None:
            matrix = np.zeros((len(wanted), column.type.list_size), np.float32)
        if len(chosen):
            rows = [place[image] for image in chosen["image_id"].to_pylist()]
            matrix[rows] = column.flatten().to_numpy(zero_copy_only=False).reshape(-1, column.type.list_size)
    if matrix is None:
        raise LakeError(lake.uri, f"holds no vectors of {method.name}")
    return matrix[[place[image] for image in images]]


def _batches(lake: Lake, method: AskedMethod) -> Iterator[pa.RecordBatch]:
    for run in vector_runs(lake, method.fingerprint):
        yield from lake.batches(run, "vectors", ["image_id", "vector"], rows=20_000)
