"""A page per photo of a benchmark run: what its method said, where it looked, what it found and by what.

A handful of the photos that were asked, chosen by a rule and never by hand. The method is loaded and asked here again,
on these photos alone; rankings are made of the vectors that the run was scored on. Nothing is written into the lake.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flows.learn.train import checkpoint_of
from flows.queries.search import word_layer
from flows.retrieval.protocols.asked_methods import AskedMethod, vectors_of
from flows.retrieval.protocols.benchmark_photos import BenchmarkRun, Truth
from flows.retrieval.protocols.photo_findings import PhotoFindings, squares, value_of
from infra.lake import Lake
from schemas.annotation import LANDMARKS
from schemas.errors import InputError, LakeError
from schemas.manifest import Manifest
from workers.data.geometry import in_square
from workers.report.photo_pages import chosen, pictures
from workers.report.photo_pages.render import render
from workers.report.photo_pages.shown import HeatMap, Landmark, PhotoPage, PhotoReport, Told
from workers.retrieval.look import Looked, look
from workers.training.weights.checkpoint import Checkpoint

RECOGNITION = "deepfashion-c"
SQUARE, SMALL = 380, 150  # px of a photo with a page, and of one that was found
WORDS = 8
HEADLINES = {
    ("all", "accuracy", 1),
    ("all", "accuracy", 3),
    ("all", "attribute-recall-micro", 3),
    ("average", "normalised-error", 0),
    ("all", "recall", 1),
    ("all", "recall", 20),
}
Pixels = NDArray[np.uint8]


def write_photo_report(lake: str, run_id: str, out: str | None = None) -> dict[str, Any]:
    """Write the pages of a benchmark run's photos; returns the file, the run, its bytes and how many photos.

    out  the file; `<lake>/reports/photos-<run_id>.html` by default, or in the working folder where the lake is no
         folder of this machine
    Raises LakeError for a run that is no benchmark's or whose method is gone, InputError where the file cannot be
    written.
    """
    place = Lake(lake)
    run = place.run(run_id)
    if run.flow != "benchmark":
        raise LakeError(run_id, f"is a run of {run.flow}; pages of photos are made of a benchmark run")
    name = f"photos-{run_id}.html"
    path = Path(out) if out else (Path(place.root) / "reports" if place.is_local else Path()) / name
    report = _Asked.of(place, run).report()
    page = render(report).encode()
    fresh = path.with_name(f".{path.name}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_bytes(page)
        fresh.replace(path)
    except OSError as error:
        raise InputError(str(path), f"cannot be written ({error.strerror})") from error
    return {"report": str(path), "run_id": run_id, "bytes": len(page), "photos": len(report.pages)}


@dataclass
class _Asked:
    """A benchmark run, its trained method, and the squares of photos that its pages need."""

    run: Manifest
    benchmark: BenchmarkRun
    method: AskedMethod
    ready: Checkpoint
    found: PhotoFindings | None

    @classmethod
    def of(cls, lake: Lake, run: Manifest) -> "_Asked":
        """Find the method that the run is about: the first that it scored."""
        name, fingerprint = next(iter(run.parameters["methods"].items()))
        for parent in run.parents:
            trained = lake.run(parent)
            if trained.flow == "train" and trained.result["method"] == name and trained.result["images"]:
                benchmark = BenchmarkRun.of(lake, lake.run(run.result["labels"]), run.result["benchmark"])
                method = AskedMethod(name, fingerprint, "", trained.run_id)
                ready = checkpoint_of(lake, trained)
                gallery = run.parameters.get("gallery", "test")
                asks = benchmark.kind != RECOGNITION
                found = PhotoFindings(benchmark, method, trained, ready, gallery) if asks else None
                return cls(run, benchmark, method, ready, found)
        raise LakeError(run.run_id, f"names no train run of {name} that is left in the lake")

    def report(self) -> PhotoReport:
        """All pages."""
        truth = Truth.of(self.benchmark, ["test", "query"])
        images, every = chosen.every_nth(self.found.asked if self.found else truth.images)
        lake = self.benchmark.lake
        shown, seen = squares(lake, images, SQUARE), squares(lake, images, self.ready.module.image_size)
        images = [image for image in images if image in shown]
        looked = look(self.ready.module, np.stack([seen[image] for image in images]))
        pages = [
            self._page(image, shown[image], seen[image], what, truth)
            for image, what in zip(images, looked, strict=True)
        ]
        hits = list(self.found.hits) if self.found else []
        which = f"every {every}th" if every > 1 else "the first"
        return PhotoReport(
            run_id=self.run.run_id,
            benchmark=self.benchmark.name,
            data=self.benchmark.data,
            method=self.method.name,
            evaluated=self.run.committed_at,
            rule=f"Not picked by hand: of the photos that are asked, sorted by a hash of their bytes, {which}.",
            scores=[
                (name, f"{value:.4f}" if error else f"{100 * value:.1f} %")
                for name, value, error in self._scores()
            ],
            pages=pages,
            hits={image: pictures.jpeg(pixels) for image, pixels in squares(lake, hits, SMALL).items()},
        )

    def _page(self, image: str, square: Pixels, seen: Pixels, what: Looked, truth: Truth) -> PhotoPage:
        row = truth.images.index(image)
        marks, error = self._landmarks(what, truth, row)
        maps = [
            HeatMap(name, pictures.heat(values), float(values.max())) for name, values in what.maps.items()
        ]
        rankings, comparisons = self.found.of(image, seen) if self.found else ([], [])
        return PhotoPage(
            image_id=image,
            title=_titled(truth.groups[row]),
            square=pictures.jpeg(square),
            told=list(self._told(what, truth, row, image)),
            landmarks=marks,
            error=error,
            maps=maps,
            rankings=rankings,
            comparisons=comparisons,
        )

    def _told(self, what: Looked, truth: Truth, row: int, image: str) -> Iterator[Told]:
        labels = self.ready.labels
        if "category" in what.said:
            true = {truth.categories[truth.category[row]]} if truth.category[row] >= 0 else set()
            yield chosen.told("Category", labels.categories, what.said["category"], true)
        if "attributes" in what.said:
            own = {truth.names[n] for n in np.flatnonzero(truth.attributes[row])}
            for kind, places in labels.attribute_groups.items():
                names = [labels.attributes[n] for n in places]
                scores = what.said["attributes"][list(places)]
                yield chosen.told(kind or "Attributes", names, scores, own & set(names), value_of)
        if (layer := self._words()) is not None:
            scores = (
                vectors_of(self.benchmark.lake, self.method, [image])[0] @ layer.vectors.T + layer.offsets
            )
            names = sorted(layer.ids, key=lambda word: layer.ids[word])
            yield chosen.told("Words", names, scores, (), most=WORDS)

    def _words(self) -> Any:
        lake, trained = self.benchmark.lake, self.method.train_run
        assert trained is not None
        run = lake.run(trained)
        return word_layer(lake, run) if run.files.get("word_vectors") else None

    def _landmarks(self, what: Looked, truth: Truth, row: int) -> tuple[list[Landmark], float | None]:
        if "landmarks" not in what.said:
            return [], None
        names = [name for name in self.ready.labels.landmarks if name in LANDMARKS]
        columns = [LANDMARKS.index(name) for name in names]
        said = what.said["landmarks"][[self.ready.labels.landmarks.index(name) for name in names]]
        true = truth.landmarks[row : row + 1, columns]
        shares = true[:, :, :2].astype(np.float32)
        places = in_square(shares, truth.sizes[row : row + 1], self.ready.module.image_size)[0]
        return chosen.landmarks(names, said, np.concatenate([places, true[0, :, 2:]], 1))

    def _scores(self) -> Iterator[tuple[str, float, bool]]:
        """A few figures of the whole: name, value, and whether it is an error and no share."""
        for row in self.run.result["scores"]:
            if row["method"] != self.method.name or row["value"] is None:
                continue
            reading = row["benchmark"].removeprefix(self.benchmark.name).strip("/")
            called = f"{row['metric']}@{row['k']}".removesuffix("@0") + (f", {reading}" if reading else "")
            if (row["slice"], row["metric"], row["k"]) in HEADLINES:
                yield called, row["value"], row["metric"] == "normalised-error"


def _titled(garment: str) -> str:
    """The last part of a garment's name as words: folders of photos, and numbers of items, as published."""
    return garment.rpartition(":")[2].rpartition("/")[2].replace("_", " ")
