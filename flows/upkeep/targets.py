"""What is to be forgotten, by the ids and addresses under which a lake holds it.

A photo's bytes go where no product shows them that stays; what is asked for by a photo's own address goes from every
product.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from crawlers.extract.canonical_url import canonical
from infra.lake import Lake
from schemas.image_ids import Ids, hex_of_ids, ids_of_hex, joined
from schemas.manifest import Manifest

_ROWS = 10_000
Mask = NDArray[np.bool_]


def _no_ids() -> Ids:
    return joined([])


@dataclass(frozen=True)
class Targets:
    """Either a shop, with all it sells, or a page or photo at an address.

    shop       its name; "" for an address
    products   ids of products, where no shop is named
    photos     (N,) ascending, of which nothing stays
    own        those of them whose own address was named: they are taken out of every product
    addresses  as they are written in the lake, each a spelling of the one that was named
    """

    shop: str = ""
    products: frozenset[str] = frozenset()
    photos: Ids = field(default_factory=_no_ids)
    own: Ids = field(default_factory=_no_ids)
    addresses: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        """Whether there is anything; a shop that is named is looked for in every table all the same."""
        return bool(self.shop or self.products or len(self.photos) or self.addresses)

    def __or__(self, other: "Targets") -> "Targets":
        """Both together, of one wish."""
        return Targets(
            self.shop,
            self.products | other.products,
            np.union1d(self.photos, other.photos),
            np.union1d(self.own, other.own),
            self.addresses | other.addresses,
        )

    def of_products(self, ids: pa.Array) -> Mask:
        """(N,) which products are meant."""
        if self.shop:
            meant = pc.starts_with(ids, f"{self.shop}:")
        else:
            meant = pc.is_in(ids, pa.array(sorted(self.products), pa.string()))
        return np.asarray(meant.to_numpy(zero_copy_only=False), bool)

    def of_photos(self, names: pa.Array) -> Mask:
        """(N,) which photos are meant, of ids in hex; "" is none."""
        return _among(self.photos, names)

    def of_own(self, names: pa.Array) -> Mask:
        """(N,) which photos are meant by their own address."""
        return _among(self.own, names)

    def of_addresses(self, urls: pa.Array) -> Mask:
        """(N,) which addresses are meant."""
        meant = pc.is_in(urls, pa.array(sorted(self.addresses), pa.string()))
        return np.asarray(meant.to_numpy(zero_copy_only=False), bool)

    def rows(self) -> Iterator[dict[str, str]]:
        """Rows of schemas.forgotten.TARGETS."""
        for kind, ids in (
            ("product", sorted(self.products)),
            ("photo", hex_of_ids(self.photos)),
            ("own photo", hex_of_ids(self.own)),
            ("address", sorted(self.addresses)),
        ):
            yield from ({"kind": kind, "id": name} for name in ids)

    @classmethod
    def of_rows(cls, shop: str, rows: Iterable[dict[str, str]]) -> "Targets":
        """The targets of such rows."""
        by_kind: dict[str, list[str]] = {kind: [] for kind in ("product", "photo", "own photo", "address")}
        for row in rows:
            by_kind[row["kind"]].append(row["id"])
        photos, own = (np.unique(ids_of_hex(by_kind[kind])) for kind in ("photo", "own photo"))
        return cls(shop, frozenset(by_kind["product"]), photos, own, frozenset(by_kind["address"]))


def of_shop(lake: Lake, shop: str) -> Targets:
    """All that a shop sells, and its photos as far as no other shop shows them."""
    return _with_photos(lake, Targets(shop=shop))


def of_address(lake: Lake, url: str) -> Targets:
    """The products whose page is at an address, and the photo that is."""
    wanted = canonical(url) or url
    products: set[str] = set()
    addresses, photos = {url}, [joined([])]

    def spelt(urls: pa.Array) -> pa.Array:
        distinct = urls.unique().to_pylist()
        addresses.update(name for name in distinct if name and (name == url or canonical(name) == wanted))
        return pc.is_in(urls, pa.array(sorted(addresses), pa.string()))

    for crawl in lake.runs("crawl"):
        for batch in _batches(lake, crawl, "products", ["product_id", "url", "image_ids", "image_urls"]):
            products.update(batch["product_id"].filter(spelt(batch["url"])).to_pylist())
            photos.append(_ids(batch["image_ids"].flatten().filter(spelt(batch["image_urls"].flatten()))))
        for batch in _batches(lake, crawl, "images", ["image_id", "url"]):
            photos.append(_ids(batch["image_id"].filter(spelt(batch["url"]))))
        for batch in _batches(lake, crawl, "ledger", ["url", "image_id", "kind", "product_ids"]):
            here = batch.filter(spelt(batch["url"]))
            photos.append(_ids(here["image_id"]))
            pages = here.filter(pc.equal(here["kind"], "product"))
            products.update(pages["product_ids"].flatten().to_pylist())
    own = np.unique(joined(photos))
    found = Targets(products=frozenset(products), photos=own, own=own, addresses=frozenset(addresses))
    return _with_photos(lake, found) if products or len(own) else Targets()


def _with_photos(lake: Lake, targets: Targets) -> Targets:
    """Those targets with the photos that nothing else shows."""
    shown, elsewhere = [joined([])], [joined([])]
    for crawl in lake.runs("crawl"):
        for batch in _batches(lake, crawl, "products", ["product_id", "image_ids"]):
            meant = targets.of_products(batch["product_id"])
            shown.append(_ids(batch.filter(pa.array(meant))["image_ids"].flatten()))
            elsewhere.append(_ids(batch.filter(pa.array(~meant))["image_ids"].flatten()))
        for batch in _batches(lake, crawl, "images", ["product_id", "image_id"]):
            meant = targets.of_products(batch["product_id"])
            shown.append(_ids(batch["image_id"].filter(pa.array(meant))))
        elsewhere = [np.unique(joined(elsewhere))]
        shown = [np.unique(joined(shown))]
    alone = np.setdiff1d(joined(shown), joined(elsewhere))
    return replace(targets, photos=np.union1d(alone, targets.own))


def _batches(lake: Lake, run: Manifest, table: str, columns: list[str]) -> Iterator[pa.RecordBatch]:
    if run.files.get(table):
        yield from lake.batches(run, table, columns, rows=_ROWS)


def _ids(names: pa.Array) -> Ids:
    return ids_of_hex([name for name in names.unique().to_pylist() if name])


def _among(photos: Ids, names: pa.Array) -> Mask:
    there = np.zeros(len(names), bool)
    if len(photos) and len(names):
        written = names.to_pylist()
        rows = np.flatnonzero([bool(name) for name in written])
        ids = ids_of_hex([written[row] for row in rows])
        places = np.minimum(np.searchsorted(photos, ids), len(photos) - 1)
        there[rows] = photos[places] == ids
    return there
