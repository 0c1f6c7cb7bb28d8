"""Benchmarks of one seed in a lake of its own: drawn, imported, learnt from, scored, each once however often asked.

All of it by the flows that `vitrine mall`, `import`, `label`, `train` and `evaluate --benchmark` start, in one process,
so that Prefect and Ray start once. What a lake holds is not done again: a run is known by its parents and settings.
"""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flows.crawl.import_products import import_products
from flows.learn.label import label
from flows.learn.train import train
from flows.parameters.crawl import ImportParameters
from flows.parameters.label import LabelParameters
from flows.parameters.retrieval import EvaluateParameters
from flows.parameters.train import TrainParameters
from flows.retrieval.protocols.evaluation import evaluate_benchmark
from infra.lake import Lake
from infra.mall.__main__ import main as mall
from schemas.manifest import Manifest
from tests.bench.surveyed.recipes import PRODUCTS, SIZE, Recipe
from workers.contract import registry

READ_TWICE = ("corbiere", "house")  # they tell nothing themselves; of the others no probe is asked


@dataclass(frozen=True)
class SeededLake:
    """The lake of a seed, which is that of the drawing and of every training."""

    folder: Path
    seed: int

    @property
    def lake(self) -> Lake:
        """Where everything of the seed lies."""
        return Lake(str(self.folder / f"lake-{self.seed}"))

    def labels(self, benchmark: str) -> str:
        """The label run of a benchmark, drawn and imported if it is not there."""
        if found := self._labels_of(benchmark):
            return found
        lake = self.lake
        tree = self.folder / f"drawn-{self.seed}" / benchmark
        if not tree.exists():
            tree.parent.mkdir(parents=True, exist_ok=True)
            drawn = ["--products", str(PRODUCTS[benchmark]), "--seed", str(self.seed), "--size", SIZE]
            if mall([*drawn, "--export", benchmark, str(tree)]):
                raise SystemExit(f"survey: {benchmark} was not drawn")
        wanted = {"path": str(tree), "lake": lake.uri, "shop": f"mall-{benchmark}", "benchmark": benchmark}
        crawl = import_products(**ImportParameters.model_validate(wanted).flat())["crawl_id"]
        told = LabelParameters(crawls=(crawl,), fields=("title", "categories", "tags"), lake=lake.uri)
        return str(label(**told.flat())["run_id"])

    def trained(self, recipe: Recipe) -> Manifest:
        """The train run of a recipe."""
        labels, settings = self.labels(recipe.benchmark), recipe.settings | {"seed": self.seed}
        if found := self._trained_of(recipe, labels):
            return found
        asked = TrainParameters(
            lake=self.lake.uri, labels=labels, method=recipe.method, settings=settings, workers=1, gpus="0"
        )
        begun = time.monotonic()
        result = train(**asked.flat())
        print(
            f"seed {self.seed}, {recipe.benchmark}, {recipe.method}: {result['images']:,} images in "
            f"{time.monotonic() - begun:.0f} s",
            flush=True,
        )
        return self.lake.run(result["run_id"])

    def scores(self, recipe: Recipe) -> list[dict[str, Any]]:
        """Rows of schemas/score.py of the method and of its baselines."""
        trained = self.trained(recipe)
        if found := self._scored_of(trained):
            return list(found.result["scores"])
        asked = EvaluateParameters.model_validate(
            {
                "lake": self.lake.uri,
                "train": trained.run_id,
                "benchmark": f"mall-{recipe.benchmark}",
                "probe": recipe.method in READ_TWICE,
                "gpus": "0",
            }
        )
        begun = time.monotonic()
        rows = evaluate_benchmark(**asked.flat())["scores"]
        print(
            f"seed {self.seed}, {recipe.benchmark}, {recipe.method}: scored in {time.monotonic() - begun:.0f} s",
            flush=True,
        )
        return list(rows)

    def is_scored(self, recipe: Recipe) -> bool:
        """Whether nothing is left to do for a recipe."""
        labels = self._labels_of(recipe.benchmark)
        trained = self._trained_of(recipe, labels) if labels else None
        return trained is not None and self._scored_of(trained) is not None

    def _labels_of(self, benchmark: str) -> str:
        crawled = {run.run_id: self.lake.run(run.parents[0]) for run in self._runs("label")}
        wanted = f"mall-{benchmark}"
        return next((run for run, crawl in crawled.items() if crawl.result.get("benchmark") == wanted), "")

    def _trained_of(self, recipe: Recipe, labels: str) -> Manifest | None:
        config = registry.settings_of(recipe.method, recipe.settings | {"seed": self.seed}).flat()
        for run in self._runs("train"):
            same = run.parents[0] == labels and run.parameters["method"] == recipe.method
            if same and run.parameters["config"] == config:
                return run
        return None

    def _scored_of(self, trained: Manifest) -> Manifest | None:
        return next((run for run in self._runs("benchmark") if trained.run_id in run.parents), None)

    def _runs(self, flow: str) -> list[Manifest]:
        return [run for run in self.lake.runs("run", newest_first=True) if run.flow == flow]
