"""What changed between two states of a shop's catalogue: a merge join of two product tables.

Both come as streams in the order of product_id; a batch of each is all that is in memory. Only rows
whose content_hash or photos differ become Python objects, so that unchanged products cost next to nothing.
"""

import json
from collections import Counter
from collections.abc import Collection, Iterator
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from schemas.change import KINDS
from schemas.ids import photo_key
from workers.changes.ordered_rows import Cursor

Row = dict[str, Any]
Address = tuple[str, int]  # a photo's key, and which of several editions of it on one page
Found = tuple[str, str, str] | tuple[str, str, str, float | None]  # field, before, after, relative change
TEXTS = ("title", "description", "brand", "categories", "tags", "colour", "gender", "attributes")
_NEEDED = {
    "price": ("price", "list_price", "currency"),
    "stock": ("in_stock",),
    "text": TEXTS,
    "photos": ("image_ids", "image_urls"),
}
KEY = "product_id"


class Comparison:
    """Compares one state of a shop's catalogue after the other.

    kinds    of schemas.change.KINDS; the others are not looked for
    columns  of `products`: what it reads
    """

    def __init__(self, kinds: Collection[str] = tuple(KINDS)) -> None:
        looks = {"price": _prices, "stock": _stock, "text": _texts, "photos": _Photos().changes}
        self._kinds = frozenset(kinds)
        needed = [KEY, "title", "url", "content_hash"]
        needed += [name for kind in kinds for name in _NEEDED.get(kind, ())]
        self.columns = list(dict.fromkeys(needed))
        self._looks = [(kind, look) for kind, look in looks.items() if kind in kinds]

    def between(self, before: pa.RecordBatchReader, after: pa.RecordBatchReader) -> Iterator[Row]:
        """Every change from one state to the next, in the order of product_id.

        before, after  rows of `products` with these `columns`, product_id rising strictly. A
                       column that one of them lacks, as a table of an older version may, is not compared.
        Yields rows of schemas.change.CHANGES without shop, crawl_id and seen_at.
        """
        shared = [name for name in before.schema.names if name in after.schema.names]
        one, other = Cursor(before, KEY), Cursor(after, KEY)
        while ends := [end for end in (one.last, other.last) if end is not None]:
            bound = min(ends)
            rows = self._block(one.up_to(bound), other.up_to(bound), shared)
            yield from sorted(rows, key=lambda row: str(row[KEY]))

    def _block(self, old: pa.RecordBatch, new: pa.RecordBatch, shared: list[str]) -> Iterator[Row]:
        """Changes between two batches that hold the same stretch of ids."""
        place = pc.index_in(new.column(KEY), value_set=old.column(KEY))
        if "added" in self._kinds:
            yield from (_came("added", row) for row in new.filter(pc.is_null(place)).to_pylist())
        if "removed" in self._kinds:
            gone = pc.is_null(pc.index_in(old.column(KEY), value_set=new.column(KEY)))
            yield from (_came("removed", row) for row in old.filter(gone).to_pylist())
        if self._looks:
            old, new = _differing(old.take(pc.drop_null(place)), new.filter(pc.is_valid(place)))
            olds, news = old.select(shared).to_pylist(), new.to_pylist()
            for was, now in zip(olds, news, strict=True):
                for kind, look in self._looks:
                    yield from (_row(kind, now, *found) for found in look(was, now))


def money(amount: Decimal | None, currency: str) -> str:
    """A price as `12.50 EUR`: two decimals, or as many as it needs; empty for none."""
    if amount is None:
        return ""
    decimals = -min(-2, int(amount.normalize().as_tuple().exponent))
    return f"{amount:.{decimals}f} {currency}".rstrip()


def _differing(old: pa.RecordBatch, new: pa.RecordBatch) -> tuple[pa.RecordBatch, pa.RecordBatch]:
    """Of two aligned batches the rows that may hold a change.

    The hash stands for all that the shop says; the photos behind its addresses are not in it.
    """
    names = set(old.schema.names) & set(new.schema.names)
    if "content_hash" not in names:
        return old, new
    differ = pc.not_equal(old.column("content_hash"), new.column("content_hash"))
    if "image_ids" in names:
        photos = (pc.binary_join(side.column("image_ids"), " ") for side in (old, new))
        differ = pc.or_(differ, pc.not_equal(*photos))
    return old.filter(differ), new.filter(differ)


def _came(kind: str, row: Row) -> Row:
    return _row(kind, row, "product", "", "")


def _row(kind: str, product: Row, field: str, before: str, after: str, change: float | None = None) -> Row:
    return {
        "product_id": product[KEY],
        "kind": kind,
        "field": field,
        "before": before,
        "after": after,
        "change": change,
        "title": product.get("title") or "",
        "url": product.get("url") or "",
    }


def _prices(was: Row, now: Row) -> Iterator[Found]:
    """A currency that one side does not say is no change: pages leave it out now and then."""
    old_currency, new_currency = was.get("currency") or "", now.get("currency") or ""
    comparable = old_currency == new_currency or not (old_currency and new_currency)
    for field in ("price", "list_price"):
        if field not in was or field not in now:
            continue
        old, new = was[field], now[field]
        if old == new and (comparable or old is None):
            continue
        share = None
        if old and new is not None and comparable:
            share = round(float((new - old) / old), 6)
        yield field, money(old, old_currency), money(new, new_currency), share


def _stock(was: Row, now: Row) -> Iterator[Found]:
    if "in_stock" in was and "in_stock" in now and was["in_stock"] != now["in_stock"]:
        old, new = ("" if side is None else json.dumps(side) for side in (was["in_stock"], now["in_stock"]))
        yield "in_stock", old, new


def _texts(was: Row, now: Row) -> Iterator[Found]:
    for field in TEXTS:
        if field not in was or field not in now:
            continue
        old, new = was[field], now[field]
        if field == "attributes":
            old, new = _apart(dict(old or ()), dict(new or ()))
        elif field == "tags":  # a set: shops list them in any order
            old, new = sorted(set(old or ())), sorted(set(new or ()))
        if (old or "") != (new or ""):
            yield field, _text(old), _text(new)


def _apart(old: dict[str, str], new: dict[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Only what differs of two sets of attributes."""
    return (
        {name: value for name, value in old.items() if new.get(name) != value},
        {name: value for name, value in new.items() if old.get(name) != value},
    )


def _text(value: Any) -> str:
    if not value:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


class _Photos:
    """Compares photos by their bytes.

    An address whose photo a crawl was refused says nothing about the shop: the photo last seen there is
    taken to be there still, until a crawl sees another one or the address leaves the page. Holds a line
    in memory for each such address, and for nothing else.
    """

    def __init__(self) -> None:
        self._missed: dict[tuple[str, Address], str] = {}  # the photo last seen; "" for an address new since

    def changes(self, was: Row, now: Row) -> Iterator[Found]:
        """Photos that came, that went, and another order of those that stayed."""
        if not all(name in side for side in (was, now) for name in _NEEDED["photos"]):
            return
        product = was[KEY]
        old, new = _by_address(was), _by_address(now)
        old = {at: photo or self._missed.get((product, at), "") for at, photo in old.items()}
        # Refused since before the comparison began: what is seen there now may have been there always.
        unsure = {new.get(at) for at, photo in old.items() if not photo and (product, at) not in self._missed}
        for at in old.keys() - new.keys():
            self._missed.pop((product, at), None)
        for at, photo in new.items():
            if photo:
                self._missed.pop((product, at), None)
            elif at not in old:
                self._missed[product, at] = ""
            elif old[at]:
                new[at] = self._missed[product, at] = old[at]
        ids, ids_now = _ids(old), _ids(new)
        yield from (("image", photo, "") for photo in ids if photo not in ids_now)
        yield from (("image", "", photo) for photo in ids_now if photo not in ids and photo not in unsure)
        stayed, stay = [one for one in ids if one in ids_now], [one for one in ids_now if one in ids]
        if stayed != stay:
            yield "image_order", _text(stayed), _text(stay)


def _by_address(product: Row) -> dict[Address, str]:
    """Photo ids by address in the shop's order, "" where refused."""
    photos: dict[Address, str] = {}
    times: Counter[str] = Counter()
    for url, image_id in zip(product["image_urls"] or (), product["image_ids"] or (), strict=False):
        key = photo_key(url)
        photos[key, times[key]] = image_id
        times[key] += 1
    return photos


def _ids(photos: dict[Address, str]) -> list[str]:
    return list(dict.fromkeys(filter(None, photos.values())))
