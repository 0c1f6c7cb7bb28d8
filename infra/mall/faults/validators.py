"""ETags that lie about a product page: one is new each time, one never moves."""

from itertools import count

from infra.mall.faults.exchange import Answer, Exchange
from infra.mall.seeds import digest

_turn = count(1)


async def restless(exchange: Exchange) -> Answer:
    """A new ETag each time, and never 304, though nothing changed."""
    answer = await exchange.whole()
    if answer.status == 200:
        answer.put(b"etag", f'"{digest(next(_turn))[:20]}"'.encode())
        answer.headers = [(name, value) for name, value in answer.headers if name != b"last-modified"]
    return answer


async def stale(exchange: Exchange) -> Answer:
    """The same ETag for ever, and 304 to whoever sends it; Last-Modified and the sitemap tell the truth."""
    tag = f'"{digest(exchange.scope["path"])[:20]}"'.encode()
    known = next((value for name, value in exchange.scope["headers"] if name == b"if-none-match"), b"")
    answer = await exchange.whole() if known else await exchange.original((b"accept-encoding",))
    if answer.status in (200, 304):
        answer.put(b"etag", tag)
    if answer.status == 200 and tag in known:
        kept = [(name, value) for name, value in answer.headers if name in (b"etag", b"last-modified")]
        return Answer(304, kept)
    return answer
