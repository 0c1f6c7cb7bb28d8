"""What a label run holds out: who asks, who answers, and that nothing of it was learnt from."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from flows.queries.newest_crawls import labelled_crawls, products
from flows.retrieval.judging.slices import slices_of
from infra.lake import Lake
from schemas.errors import LakeError
from schemas.manifest import Manifest

PROBE_PHOTOS = 50_000  # 200 MB of vectors at 1,000 dimensions; more moves a straight line little


@dataclass
class Benchmark:
    """Held-out photos of a label run, and those a probe may learn from.

    queries   (image_id, product_id) of every query photo
    gallery   image_ids searched, each once
    answers   product_id -> rows of its photos in the gallery
    learnt    image_id -> (product_id, near-duplicate group) of photos of the train split, where asked for
    keys      product_id -> what a file of truths may call it: the shop's own key, then its SKUs
    group     product_id -> near-duplicate group: two photos of one group are no two witnesses
    slices    slice -> numbers of its queries, see flows/retrieval/judging/slices.py
    """

    queries: list[tuple[str, str]] = field(default_factory=list)
    gallery: list[str] = field(default_factory=list)
    answers: dict[str, list[int]] = field(default_factory=dict)
    learnt: dict[str, tuple[str, int]] = field(default_factory=dict)
    keys: dict[str, list[str]] = field(default_factory=dict)
    group: dict[str, int] = field(default_factory=dict)
    slices: dict[str, list[int]] = field(default_factory=dict)

    def first_photos(self) -> list[tuple[str, str]]:
        """Return the first gallery photo of every product: (image_id, product_id)."""
        return [(self.gallery[places[0]], product) for product, places in self.answers.items()]

    def clusters(self, products: Iterable[str]) -> list[int]:
        """What the queries of these products are resampled by."""
        return [self.group[product] for product in products]


def read_benchmark(
    lake: Lake, labels: Manifest, probe: bool = False, learnt: Collection[str] = frozenset()
) -> Benchmark:
    """Read queries and gallery of a label run, both without duplicates: files of pairs repeat photos.

    probe   also the photos of the train split, or PROBE_PHOTOS of them: the smallest of their SHA-256,
            which is a sample that is the same every time
    learnt  products that a model learnt from: nobody asks for them, and their photos only distract
    Raises LakeError where a held-out photo, or its near-duplicate group, is learnt from, too.
    """
    benchmark = Benchmark()
    places: dict[str, int] = {}  # of each gallery photo
    queries: set[tuple[str, str]] = set()
    trained: tuple[set[str], set[int]] = set(), set()  # photos and groups of the train side
    for batch in lake.batches(labels, "labels", ["product_id", "image_id", "split", "group"], rows=20_000):
        for row in batch.to_pylist():
            pair = (row["image_id"], row["product_id"])
            if row["split"] == "train":
                trained[0].add(row["image_id"])
                trained[1].add(row["group"])
            else:
                benchmark.group[row["product_id"]] = row["group"]
            if row["split"] == "gallery":
                place = places.setdefault(row["image_id"], len(places))
                if row["product_id"] in learnt:
                    continue
                if place not in (answers := benchmark.answers.setdefault(row["product_id"], [])):
                    answers.append(place)
            elif row["split"] == "query" and pair not in queries and row["product_id"] not in learnt:
                queries.add(pair)
                benchmark.queries.append(pair)
            elif row["split"] == "train" and probe:
                benchmark.learnt.setdefault(row["image_id"], (row["product_id"], row["group"]))
        benchmark.learnt = _smallest(benchmark.learnt, PROBE_PHOTOS)
    benchmark.gallery = list(places)
    _refuse_leakage(labels, benchmark, *trained)
    crawls = labelled_crawls(lake, labels)
    matched = benchmark.answers.keys() | {product for product, _ in benchmark.learnt.values()}
    for product in products(lake, crawls, ["attributes"]):
        name = product["product_id"]
        if name in matched:
            skus = dict(product["attributes"] or ()).get("sku", "")
            benchmark.keys[name] = [name.partition(":")[2], *(sku for sku in skus.split(", ") if sku)]
    benchmark.slices = slices_of(lake, crawls, benchmark.queries)
    return benchmark


def _refuse_leakage(labels: Manifest, benchmark: Benchmark, photos: set[str], groups: set[int]) -> None:
    asked = {image for image, _ in benchmark.queries} | {
        benchmark.gallery[place] for places in benchmark.answers.values() for place in places
    }
    products = {product for _, product in benchmark.queries} | benchmark.answers.keys()
    leaked = len(asked & photos) + sum(benchmark.group[product] in groups for product in products)
    if leaked:
        why = f"{leaked:,} held-out photos or products are learnt from, too; label again, scores would say nothing"
        raise LakeError(labels.run_id, why)


def _smallest(photos: dict[str, tuple[str, int]], most: int) -> dict[str, tuple[str, int]]:
    return photos if len(photos) <= most else {name: photos[name] for name in sorted(photos)[:most]}
