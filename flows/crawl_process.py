"""The process of one crawl or import: `python -m flows.crawl_process`, one JSON request on stdin.

A Twisted reactor runs once per process, and a crawl must be killable without taking the flow with
it. On stdout: `{"progress": ...}` lines, and at the end one `{"done": ...}` or `{"error": ...}`.
Nothing else of this project prints here; whatever a library prints goes to stderr.
"""

import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO

from crawlers.datasets.catalogue import Catalogue
from crawlers.datasets.importing import import_rows
from crawlers.run import Traffic, crawl_shop, fetch_photos
from crawlers.sink import Intake
from crawlers.spool import Spool
from infra.lake import Lake
from infra.parts import PartWriter
from schemas.errors import InputError, PipelineError
from schemas.image import IMAGES
from schemas.product import PRODUCTS, Product
from schemas.reject import REJECTS

IMAGE_PART_ROWS = 20_000


class Store:
    """crawlers.sink.Sink over a lake: products wait in the spool, images and rejects go to parts at once.

    One thread writes; `has_image` may be asked from others.
    """

    def __init__(self, lake: Lake, folder: str, spool: Spool, out: TextIO) -> None:
        self.spool = spool
        self.totals: dict[str, int] = {}
        self.images = PartWriter(lake.filesystem, folder, IMAGES, part_rows=IMAGE_PART_ROWS)
        self.rejects = PartWriter(lake.filesystem, folder, REJECTS)
        self.products = PartWriter(lake.filesystem, folder, PRODUCTS)
        self.known = stored_images(lake)
        self.met: set[bytes] = set()
        self._new: set[bytes] = set()
        self._out = out

    def product(self, product: Product) -> bool:
        """See Sink."""
        return self.spool.add(product)

    def has_image(self, image_id: str) -> bool:
        """See Sink."""
        key = bytes.fromhex(image_id)
        return key in self.known or key in self._new

    def image(self, row: Mapping[str, Any]) -> None:
        """See Sink."""
        self._new.add(bytes.fromhex(row["image_id"]))
        self.images.write(row)

    def answer(self, url: str, image_id: str) -> None:
        """See Sink."""
        self.spool.answer(url, image_id)
        if (key := bytes.fromhex(image_id)) in self.known:
            self.met.add(key)

    def reject(self, row: Mapping[str, Any]) -> None:
        """See Sink."""
        self.rejects.write(row)

    def progress(self, stage: str, done: int, note: str) -> None:
        """See Sink."""
        say(
            self._out,
            {"progress": {"stage": stage, "done": done, "total": self.totals.get(stage), "note": note}},
        )

    def photos(self) -> Iterator[tuple[str, str]]:
        """Addresses that still need fetching, with their total told first."""
        self.totals["image"] = self.spool.photo_count()
        self.progress("image", 0, "")
        yield from self.spool.photos()

    def finish(self, started_at: datetime) -> dict[str, Any]:
        """Write the product rows and close every table; returns files by table and what changed."""
        added = changed = 0
        for product, image_ids, before, first_seen in self.spool.products():
            row = product.row(image_ids, first_seen or started_at)
            added += first_seen is None
            changed += first_seen is not None and row["content_hash"] != before
            self.products.write(row)
        writers = {"products": self.products, "images": self.images, "rejects": self.rejects}
        return {
            "files": {table: [asdict(part) for part in writer.close()] for table, writer in writers.items()},
            "result": {
                "products": self.products.rows,
                "images_new": self.images.rows,
                "images_known": len(self.met),
                "not_modified": 0,
                "changed": changed,
                "added": added,
                "removed": self.spool.gone(),
            },
        }


def run(request: Mapping[str, Any], out: TextIO) -> dict[str, Any]:
    """Do what flows.crawl or flows.import_catalogue asked for; the answer they enter into the run."""
    lake = Lake(request["lake"])
    with tempfile.TemporaryDirectory(prefix="vitrine-") as folder:
        spool = Spool(Path(folder) / "products.db")
        spool.remember(previous_products(lake, request["previous"]))
        store = Store(lake, request["folder"], spool, out)
        intake = Intake(store)
        try:
            traffic = (
                _crawl(request, store, intake)
                if request["do"] == "crawl"
                else _import(request, store, intake)
            )
            answer = store.finish(datetime.fromisoformat(request["started_at"]))
        finally:
            spool.close()
    answer["result"]["requests"] = traffic.requests
    answer["bytes"] = traffic.bytes
    answer["seconds"] = traffic.seconds
    answer["counts"] = {stage: asdict(count) for stage, count in intake.counts().items()}
    return answer


def stored_images(lake: Lake) -> set[bytes]:
    """Ids of all images of committed crawls, as 32 bytes each; only that column is read."""
    found: set[bytes] = set()
    for manifest in lake.runs("crawl"):
        if manifest.rows("images"):
            for batch in lake.batches(manifest, "images", ["image_id"], rows=10_000):
                found.update(bytes.fromhex(name) for name in batch.column(0).to_pylist())
    return found


def previous_products(lake: Lake, crawl_id: str | None) -> Iterator[tuple[str, str, datetime]]:
    """Id, content hash and first sight of each product of an earlier crawl; nothing for None."""
    if crawl_id is None:
        return
    manifest = lake.run(crawl_id)
    columns = ["product_id", "content_hash", "first_seen"]
    for batch in lake.batches(manifest, "products", columns, rows=10_000):
        yield from zip(*(batch.column(name).to_pylist() for name in columns), strict=True)


def say(out: TextIO, message: Mapping[str, Any]) -> None:
    """One line of JSON, at once."""
    out.write(json.dumps(message, ensure_ascii=False, default=str) + "\n")
    out.flush()


def main() -> int:
    """Exit code 0 with a `done` line, 1 with an `error` line; a bug ends in a traceback on stderr and code 1."""
    out = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    request = json.loads(sys.stdin.readline())
    try:
        say(out, {"done": run(request, out)})
    except PipelineError as error:
        say(out, {"error": {"type": type(error).__name__, "args": list(error.args)}})
        return 1
    return 0


def _crawl(request: Mapping[str, Any], store: Store, intake: Intake) -> Traffic:
    shop, url, contact = request["shop"], request["url"], request["contact"]
    return crawl_shop(shop, url, contact, intake, store.photos, limit=request["limit"])


def _import(request: Mapping[str, Any], store: Store, intake: Intake) -> Traffic:
    begun = time.monotonic()
    catalogue = Catalogue(request["path"], request["shop"], request["mapping"])
    store.totals["import"] = catalogue.rows or 0
    import_rows(catalogue, intake, store.spool)
    if not intake.tally("import").out:
        raise InputError(request["path"], "holds no row that can be used")
    seconds = {"import": time.monotonic() - begun}
    traffic = Traffic()
    if store.spool.photo_count():
        traffic = fetch_photos(store.photos(), request["photos_at"], request["contact"], intake)
    traffic.seconds = seconds | traffic.seconds
    return traffic


if __name__ == "__main__":
    sys.exit(main())
