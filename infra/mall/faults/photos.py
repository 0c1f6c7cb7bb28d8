"""Photos that stay bad, and some that are odd but perfectly good: each with what a crawler must make of it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import QueryParams

from infra.mall.faults import pictures
from infra.mall.faults.exchange import Exchange

STORED = "stored"


@dataclass(frozen=True)
class PhotoFault:
    """One way to serve a photo. `outcome` is "stored" or one of schemas.reject.REASONS."""

    name: str
    outcome: str
    respond: Callable[[Exchange], Awaitable[None]]


async def html_page(exchange: Exchange) -> None:
    """200 with a page in the place of the photo."""
    page = b"<!doctype html><title>Oops</title><p>The photo is not here."
    await exchange.reply(200, page, "text/html; charset=utf-8")


async def empty_body(exchange: Exchange) -> None:
    """200 and nothing."""
    await exchange.reply(200, b"", "image/jpeg")


async def truncated(exchange: Exchange) -> None:
    """The first three fifths of the file, with a Content-Length to match."""
    data = (await exchange.whole()).body
    await exchange.reply(200, data[: len(data) * 3 // 5], "image/jpeg")


async def declared_png(exchange: Exchange) -> None:
    """A good JPEG that the server calls a PNG."""
    answer = await exchange.original((b"accept-encoding",))
    answer.put(b"content-type", b"image/png")
    await exchange.pass_on(answer)


async def pixel_bomb(exchange: Exchange) -> None:
    """A tiny file that claims 900 million pixels."""
    await exchange.reply(200, pictures.pixel_bomb(), "image/png")


async def gzip_bomb(exchange: Exchange) -> None:
    """100 KB on the wire, 100 MB unpacked."""
    body = await run_in_threadpool(pictures.gzip_bomb)
    await exchange.reply(200, body, "image/jpeg", content_encoding="gzip")


async def not_found(exchange: Exchange) -> None:
    """404."""
    await exchange.reply(404, b"not found", "text/plain")


async def gone(exchange: Exchange) -> None:
    """410."""
    await exchange.reply(410, b"gone", "text/plain")


async def animated_gif(exchange: Exchange) -> None:
    """Three frames."""
    await _made(exchange, pictures.animated, "image/gif")


async def single_colour(exchange: Exchange) -> None:
    """One colour all over."""
    await _made(exchange, pictures.single_colour, "image/jpeg")


async def thumbnail(exchange: Exchange) -> None:
    """20 x 20 pixels."""
    await _made(exchange, lambda data: pictures.resized(data, 20, 20), "image/jpeg")


async def banner(exchange: Exchange) -> None:
    """1500 x 70 pixels: too flat for a photo, too high to be refused as too small."""
    await _made(exchange, lambda data: pictures.resized(data, 1500, 70), "image/jpeg")


async def webp(exchange: Exchange) -> None:
    """The photo as WebP."""
    await _encoded(exchange, "WEBP", "image/webp")


async def avif(exchange: Exchange) -> None:
    """The photo as AVIF."""
    await _encoded(exchange, "AVIF", "image/avif")


async def to_canary(exchange: Exchange) -> None:
    """A redirect to an address that is nobody's business."""
    await exchange.reply(302, location=f"{exchange.canary}/photo.jpg")


async def redirect_loop(exchange: Exchange) -> None:
    """A redirect to itself, for ever."""
    hop = QueryParams(exchange.scope["query_string"]).get("hop", "0")
    after = int(hop) + 1 if hop.isdigit() else 1
    await exchange.reply(302, location=f"{exchange.scope['path']}?hop={after}")


async def opted_out(exchange: Exchange) -> None:
    """A good photo whose header keeps it from AI."""
    answer = await exchange.original()
    answer.put(b"x-robots-tag", b"noai")
    await exchange.pass_on(answer)


async def slow_loris(exchange: Exchange) -> None:
    """A byte a second, for as long as anybody listens."""
    await exchange.drip([(b"content-type", b"image/jpeg"), (b"content-length", b"200000")], _drops())


async def _drops() -> AsyncIterator[bytes]:
    yield b"\xff\xd8\xff"
    while True:
        await asyncio.sleep(1)
        yield b"\x00"


async def _made(exchange: Exchange, make: Callable[[bytes], bytes], media: str) -> None:
    data = (await exchange.whole()).body
    await exchange.reply(200, await run_in_threadpool(make, data), media)


async def _encoded(exchange: Exchange, kind: str, media: str) -> None:
    """Another format, with validators like any good photo's."""
    answer = await exchange.original((b"accept-encoding",))
    if answer.status == 200:
        answer.body = await run_in_threadpool(pictures.reencoded, answer.body, kind)
        answer.put(b"content-type", media.encode())
    await exchange.pass_on(answer)


PHOTO_FAULTS = tuple(
    PhotoFault(respond.__name__, outcome, respond)
    for respond, outcome in (
        (html_page, "not_an_image"),
        (avif, STORED),
        (empty_body, "empty"),
        (truncated, "truncated"),
        (declared_png, STORED),
        (pixel_bomb, "too_many_pixels"),
        (gzip_bomb, "too_large"),
        (to_canary, "address"),
        (not_found, "http_4xx"),
        (webp, STORED),
        (gone, "http_4xx"),
        (animated_gif, "animated"),
        (opted_out, "opted_out"),
        (single_colour, "single_colour"),
        (thumbnail, "too_small"),
        (banner, "extreme_aspect"),
        (redirect_loop, "out_of_bounds"),
        (slow_loris, "timeout"),
    )
)
