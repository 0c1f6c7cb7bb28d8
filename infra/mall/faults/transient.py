"""Faults of a moment: the first answer at an address is bad, every later one is good."""

import socket
import struct
from collections.abc import Awaitable, Callable

from infra.mall.faults.exchange import Exchange


async def error_500(exchange: Exchange) -> None:
    """The server failed."""
    await exchange.reply(500, b"internal error", "text/plain")


async def error_503(exchange: Exchange) -> None:
    """The server is busy."""
    await exchange.reply(503, b"try later", "text/plain")


async def too_many_429(exchange: Exchange) -> None:
    """Asked too often; come back in a second."""
    await exchange.reply(429, b"slow down", "text/plain", retry_after="1")


async def body_cut(exchange: Exchange) -> None:
    """Half of what Content-Length promised, then the end of the connection."""
    answer = await exchange.whole()
    await exchange.cut_after(answer, len(answer.body) // 2)


async def connection_reset(exchange: Exchange) -> None:
    """RST in the place of an answer."""
    raw = exchange.transport.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    exchange.transport.abort()
    await exchange.gone()


TRANSIENT: dict[str, Callable[[Exchange], Awaitable[None]]] = {
    fault.__name__: fault for fault in (error_500, error_503, too_many_429, body_cut, connection_reset)
}
