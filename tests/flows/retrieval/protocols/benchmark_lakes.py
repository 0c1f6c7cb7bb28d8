"""Lakes with a benchmark that the mall drew: imported, labelled, and a network that has learnt nothing."""

from pathlib import Path
from typing import Any

from flows.crawl.import_products import import_file
from flows.learn.dataset import label_space
from flows.parameters.crawl import ImportParameters
from infra.lake import Lake
from infra.mall.catalogue import draw_catalogue
from infra.mall.export import consumer2shop, deepfashion_c, in_shop
from schemas.manifest import Manifest, Part
from tests.flows.crawled_lake import labelled
from workers.contract import registry
from workers.training.weights.checkpoint import pack, untrained

WRITERS = {"deepfashion-c": deepfashion_c, "in-shop": in_shop, "consumer2shop": consumer2shop}
TINY = {"weights": "random", "image_size": 32, "photo_size": 36, "width": 0.05}


def imported(benchmark: str, root: Path, products: int = 40) -> tuple[Lake, dict[str, Any]]:
    """The lake, and the result of the import."""
    lake = Lake(str(root / "lake"))
    WRITERS[benchmark].export([draw_catalogue(products, 3, size=(96, 120))], str(root / "tree"))
    wanted = ImportParameters(path=str(root / "tree"), lake=lake.uri, shop="b", benchmark=benchmark)  # type: ignore[arg-type]
    return lake, import_file.fn(wanted)


def label_run(lake: Lake) -> Manifest:
    """The labels of what was imported."""
    return lake.run(labelled(lake, fields=["title", "categories"])["run_id"])


def untrained_run(lake: Lake, labels: Manifest, method: str, **changes: object) -> Manifest:
    """A committed train run of a method's first weights; `TINY` without changes."""
    settings = registry.settings_of(method, changes or TINY)
    ready = untrained(method, settings.flat(), label_space(lake, labels, method))
    data = pack(ready.module, ready.settings, ready.labels, ready.origin)
    run = lake.begin("run", "train", method, parents=[labels.run_id], parameters={"method": method})
    name = f"checkpoints/{ready.sha256}.safetensors"
    path = f"{run.folder}/{name}"
    lake.filesystem.create_dir(path.rpartition("/")[0])
    with lake.filesystem.open_output_stream(path) as stream:
        stream.write(data)
    run.files["checkpoints"] = [Part(name, 0, len(data), ready.sha256)]
    return lake.commit(run, {"method": method, "images": 1})
