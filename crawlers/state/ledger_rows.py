"""The ledger of a crawl at its end: what was asked now, and what of the previous ledger still stands. Streams."""

import json
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from crawlers.state.tables.crawl_state import CrawlState
from crawlers.state.tables.frontier import READ, Kind
from crawlers.state.tables.previous_crawl import Fate

_REQUESTS = (
    "select url, kind, key, etag, last_modified, lastmod, fresh_until, product_id, leads, fetched_at,"
    " case outcome when 'unasked' then coalesce((select outcome from page_before as p"
    " where p.kind = request.kind and p.key = request.key), 'read') else outcome end as outcome"
    " from request where outcome is not null order by n"
)
_PAGES_LEFT = (
    "select url, kind, key, outcome, etag, last_modified, lastmod, null as fresh_until, leads, fetched_at"
    " from page_before as p where not exists (select 1 from request where kind = p.kind and key = p.key)"
)
_PHOTOS_LEFT = (
    "select url, :photo as kind, outcome, etag, last_modified, '' as lastmod, fresh_until, product_id, '[]' as leads,"
    " fetched_at from photo_before as p where not exists (select 1 from request where kind = :photo and key = p.url)"
    " and (exists (select 1 from photo where photo.url = p.url)"
    "      or exists (select 1 from before where id = p.product_id and fate in (:unchanged, :kept)))"
)
_PRODUCTS_ON = (
    "select id from product where page = :key union select id from shown where page = :key union"
    " select id from shown_before join before using (id)"
    " where shown_before.page = :key and fate in (:unchanged, :kept) order by 1"
)
_NUMBERS = {"photo": Kind.PHOTO, "unchanged": Fate.UNCHANGED, "kept": Fate.KEPT}


def ledger_rows(state: CrawlState, *, whole: bool) -> Iterator[dict[str, Any]]:
    """Read rows of schemas.ledger.

    whole  every listing was read, so that a page without a product that none of them names is forgotten
    """
    for row in state.db.cursor().execute(_REQUESTS):
        if row["kind"] == Kind.PHOTO:
            yield _photo_row(row, state.collected.photo_of(row["url"]))
        else:
            yield _row(row, _products_on(state, row["key"]))
    for row in state.db.cursor().execute(_PAGES_LEFT):
        products = _products_on(state, row["key"])
        if products or not whole:
            yield _row(row, products)
    for row in state.db.cursor().execute(_PHOTOS_LEFT, _NUMBERS):
        image_id = state.collected.photo_of(row["url"])
        if not image_id and (previous := state.previous.photo(row["url"])):
            image_id = previous.image_id
        yield _photo_row(row, image_id)


def _products_on(state: CrawlState, key: str) -> list[str]:
    return [row["id"] for row in state.db.execute(_PRODUCTS_ON, _NUMBERS | {"key": key}).fetchall()]


def _photo_row(row: sqlite3.Row, image_id: str) -> dict[str, Any]:
    return _row(row, [row["product_id"]] if row["product_id"] else [], image_id)


def _row(row: sqlite3.Row, product_ids: list[str], image_id: str = "") -> dict[str, Any]:
    return {
        "url": row["url"],
        "kind": Kind(row["kind"]).word,
        "outcome": row["outcome"] or READ,
        "etag": row["etag"],
        "last_modified": row["last_modified"],
        "lastmod": row["lastmod"],
        "fresh_until": _moment(row["fresh_until"]),
        "image_id": image_id,
        "product_ids": product_ids,
        "leads_to": json.loads(row["leads"] or "[]"),
        "fetched_at": _moment(row["fetched_at"]) or datetime.now(UTC),
    }


def _moment(ms: int | None) -> datetime | None:
    return None if ms is None else datetime.fromtimestamp(ms / 1000, UTC)
