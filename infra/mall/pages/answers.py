"""HTTP answers with validators: what every dialect says about pages and photos."""

import gzip
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from hashlib import blake2b

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from infra.mall.catalogue import Catalogue
from infra.mall.item import Item, Photo
from infra.mall.parquet import media_type

HTML, JSON, XML, TEXT, GZIP = (
    "text/html; charset=utf-8",
    "application/json; charset=utf-8",
    "application/xml; charset=utf-8",
    "text/plain; charset=utf-8",
    "application/gzip",
)
GZIP_FROM = 2048  # bytes; below, packing costs more than it saves


def answer(
    request: Request, body: str | bytes, media: str, updated: datetime | None = None, edition: str = ""
) -> Response:
    """200 with ETag and Last-Modified, or 304. Packed when the client takes gzip and it is worth it."""
    data = body.encode() if isinstance(body, str) else body
    headers = validators(edition or blake2b(data, digest_size=10).hexdigest(), updated)
    if fresh(request, headers):
        return Response(status_code=304, headers=headers)
    if len(data) > GZIP_FROM and media != GZIP and "gzip" in request.headers.get("accept-encoding", ""):
        data = gzip.compress(data, 1, mtime=0)
        headers |= {"content-encoding": "gzip", "vary": "Accept-Encoding"}
    return Response(data, headers=headers, media_type=media)


async def photo_answer(request: Request, catalogue: Catalogue, item: Item, photo: Photo) -> Response:
    """A photo's bytes. A client that has them is told so before anything is drawn."""
    headers = validators(catalogue.edition(item, photo), item.updated)
    headers["cache-control"] = "public, max-age=31536000"
    if fresh(request, headers):
        return Response(status_code=304, headers=headers)
    data = await run_in_threadpool(catalogue.photo, item, photo)
    return Response(data, headers=headers, media_type=media_type(data))


def validators(edition: str, updated: datetime | None) -> dict[str, str]:
    """ETag and Last-Modified."""
    headers = {"etag": f'"{edition}"'}
    if updated is not None:
        headers["last-modified"] = format_datetime(updated.astimezone(UTC), usegmt=True)
    return headers


def fresh(request: Request, headers: dict[str, str]) -> bool:
    """Whether the client's copy is this one. If-None-Match wins over If-Modified-Since, as RFC 9110 says."""
    known = request.headers.get("if-none-match")
    if known is not None:
        return known.strip() == "*" or headers["etag"] in [
            tag.strip().removeprefix("W/") for tag in known.split(",")
        ]
    since = request.headers.get("if-modified-since")
    if since is None or "last-modified" not in headers:
        return False
    try:
        return parsedate_to_datetime(headers["last-modified"]) <= parsedate_to_datetime(since)
    except (TypeError, ValueError):
        return False


def missing(request: Request) -> Response:
    """404."""
    return Response("not found", 404, media_type=TEXT)


def absent(request: Request, catalogue: Catalogue, handle: str) -> Response:
    """The page of an item that is not on sale: half of those that once were say 410, all others 404."""
    if catalogue.items.was(handle) and len(handle) % 2:
        return Response("gone", 410, media_type=TEXT)
    return missing(request)


def number(request: Request, name: str, usual: int, most: int) -> int:
    """A whole number from the query, 1 to `most`; `usual` when it is absent or no number."""
    try:
        return max(1, min(most, int(request.query_params.get(name, usual))))
    except ValueError:
        return usual


def kept(make: Callable[[Item], bytes], most: int = 2_000) -> Callable[[Item], bytes]:
    """Remember what `make` gave for an item; a page changes when its item does, and not before."""
    memory: dict[tuple[str, datetime], bytes] = {}

    def look_up(item: Item) -> bytes:
        key = (item.sku, item.updated)
        if key not in memory:
            if len(memory) >= most:
                memory.clear()
            memory[key] = make(item)
        return memory[key]

    return look_up
