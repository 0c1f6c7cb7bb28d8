"""flows/crawl/crawl_store.py on a real lake: photos as they come, the other tables at the end, no photo twice."""

from collections.abc import Iterator
from typing import Any

import pytest

from crawlers.photos.photo import image_row, inspect
from flows.crawl import crawl_store as module
from flows.crawl.crawl_store import CrawlStore, without_images_of
from infra.lake import Lake
from infra.open_run import OpenRun
from schemas.annotation import Annotation
from schemas.ids import image_id
from schemas.image import IMAGES
from schemas.label import ANNOTATIONS
from schemas.ledger import LEDGER
from schemas.manifest import Manifest, Part
from schemas.product import PRODUCTS
from schemas.reject import REJECTS, Reject
from tests.crawlers.liststore import SHOP, THEN, ledger_row, page, product
from tests.crawlers.shopserver import photo

ROBOTS = {"allowed": True, "noai": False, "noimageai": False}


def row(seed: int) -> dict[str, Any]:
    """A photo that no other seed gives, as the recorder hands it over."""
    data = photo(seed)
    return image_row(image_id(data), data, inspect(data), f"{SHOP}/{seed}.jpg", "acme:1", ROBOTS)


def begun(lake: Lake, shop: str = "acme") -> OpenRun:
    return lake.begin("crawl", "crawl", shop, parameters={"shop": shop})


def stored(lake: Lake, run: OpenRun, *seeds: int) -> list[Part]:
    """Parts of a crawl that stored these photos."""
    store = CrawlStore(lake, run.folder)
    for seed in seeds:
        store.add(row(seed))
    return [Part(**part) for part in store.write((), (), (), iter(()))["images"]]


def committed(lake: Lake, shop: str, *seeds: int) -> Manifest:
    run = begun(lake, shop)
    run.add(IMAGES, stored(lake, run, *seeds))
    return lake.commit(run, {"shop": shop, "crawl_id": run.run_id})


def ids_in(lake: Lake, run: OpenRun, parts: list[Part]) -> list[str]:
    tables = [lake.part(f"{run.folder}/{part.path}").read(["image_id"]) for part in parts]
    return [name for table in tables for name in table["image_id"].to_pylist()]


def test_a_photo_is_known_once_it_came_and_when_an_earlier_crawl_stored_it(lake: Lake) -> None:
    committed(lake, "other", 1)
    store = CrawlStore(lake, begun(lake).folder)
    assert store.has_photo(row(1)["image_id"])
    assert not store.has_photo(row(2)["image_id"])

    store.add(row(2))

    assert store.has_photo(row(2)["image_id"])
    assert store.photo_rows == 1


def test_a_store_says_when_a_part_is_complete_and_all_before_would_survive_a_kill(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "IMAGE_PART_ROWS", 2)
    store = CrawlStore(lake, begun(lake).folder)

    large = {"bytes": bytes(2 << 20)}  # smaller rows wait for others before they are counted

    assert [store.add(row(seed) | large) for seed in range(5)] == [False, True, False, True, False]


def test_parts_that_an_interrupted_crawl_left_are_its_own_and_are_added_to(lake: Lake) -> None:
    run = begun(lake)
    killed = CrawlStore(lake, run.folder)
    killed.add(row(1))
    killed.flush()
    killed.add(row(2))  # in no part yet

    store = CrawlStore(lake, run.folder)
    assert (store.photo_rows, store.has_photo(row(1)["image_id"]), store.has_photo(row(2)["image_id"])) == (
        1,
        True,
        False,
    )
    store.add(row(2))
    parts = [Part(**part) for part in store.write((), (), (), iter(()))["images"]]

    assert sorted(ids_in(lake, run, parts)) == sorted(row(seed)["image_id"] for seed in (1, 2))
    assert len({part.path for part in parts}) == 2


def test_every_table_is_written_at_the_end(lake: Lake) -> None:
    run = begun(lake)
    store = CrawlStore(lake, run.folder)
    store.add(row(1))
    annotation = {"product_id": "acme:1", "image_id": row(1)["image_id"]} | Annotation("coat").facts()
    asked = {name: value for name, value in ledger_row(page(1)).items() if name != "key"}

    files = store.write(
        [dict(product(n).row(("",), THEN)) for n in (1, 2)],
        [Reject("page", "gone", page(3)).row()],
        [asked],
        iter([annotation]),
    )

    assert {table: sum(part["rows"] for part in parts) for table, parts in files.items()} == {
        "products": 2,
        "rejects": 1,
        "ledger": 1,
        "annotations": 1,
        "images": 1,
    }
    for table, schema in {
        "products": PRODUCTS,
        "rejects": REJECTS,
        "ledger": LEDGER,
        "annotations": ANNOTATIONS,
    }.items():
        (part,) = files[table]
        assert lake.part(f"{run.folder}/{part['path']}").schema_arrow.names == schema.names


def test_where_nothing_is_annotated_there_is_no_such_table_and_it_is_asked_for_last(lake: Lake) -> None:
    order = []

    def rows(table: str) -> Iterator[dict[str, Any]]:
        order.append(table)
        yield from ()

    files = CrawlStore(lake, begun(lake).folder).write(
        rows("products"), rows("rejects"), rows("ledger"), rows("annotations")
    )

    assert "annotations" not in files
    assert order == ["products", "rejects", "ledger", "annotations"]


def test_photos_that_another_crawl_committed_meanwhile_are_taken_out_and_counted(lake: Lake) -> None:
    run = begun(lake)
    parts = stored(lake, run, 1, 2)
    other = committed(lake, "other", 3)
    assert without_images_of(lake, run.folder, parts, [other]) == (parts, 0)

    both = committed(lake, "both", 2)
    left, taken_out = without_images_of(lake, run.folder, parts, [other, both])

    assert taken_out == 1
    assert ids_in(lake, run, left) == [row(1)["image_id"]]
    assert sum(part.rows for part in left) == 1


def test_of_parts_that_hold_no_photo_of_theirs_only_the_ids_are_read(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = begun(lake)
    parts = stored(lake, run, 1, 2)
    other = committed(lake, "other", 3)
    columns: list[object] = []
    opened = Lake.part

    class Opened:
        def __init__(self, file: Any) -> None:
            self._file = file

        def iter_batches(self, **how: Any) -> Any:
            columns.append(how.get("columns"))
            return self._file.iter_batches(**how)

    monkeypatch.setattr(Lake, "part", lambda self, path: Opened(opened(self, path)))

    assert without_images_of(lake, run.folder, parts, [other]) == (parts, 0)
    assert columns == [["image_id"], ["image_id"]]
