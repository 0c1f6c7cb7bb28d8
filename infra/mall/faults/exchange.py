"""One request and its answer, in the hands of a fault."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from starlette.types import ASGIApp, Message, Receive, Scope, Send

Headers = list[tuple[bytes, bytes]]


@dataclass
class Answer:
    """What the shop itself would have said."""

    status: int = 200
    headers: Headers = field(default_factory=list)
    body: bytes = b""

    def header(self, name: bytes) -> bytes:
        """A header's value, empty when it is not there."""
        return next((value for key, value in self.headers if key == name), b"")

    def put(self, name: bytes, value: bytes) -> None:
        """Set a header in place of the one that was there."""
        self.headers = [(key, old) for key, old in self.headers if key != name] + [(name, value)]


@dataclass
class Exchange:
    """What a fault may do with a request."""

    app: ASGIApp
    scope: Scope
    receive: Receive
    send: Send
    canary: str
    "address of the server nobody may connect to"

    async def original(self, without: tuple[bytes, ...] = ()) -> Answer:
        """The shop's own answer, to the request without some of its headers."""
        answer = Answer()

        async def keep(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer.status, answer.headers = message["status"], list(message["headers"])
            else:
                answer.body += message.get("body", b"")

        headers = [(name, value) for name, value in self.scope["headers"] if name not in without]
        await self.app({**self.scope, "headers": headers}, self.receive, keep)
        return answer

    async def whole(self) -> Answer:
        """The shop's own answer in full: neither packed nor 304."""
        return await self.original((b"accept-encoding", b"if-none-match", b"if-modified-since"))

    async def reply(self, status: int, body: bytes = b"", media: str = "", **headers: str) -> None:
        """Answer by hand; underscores in header names stand for dashes."""
        named = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
        named += [(b"content-type", media.encode())] if media else []
        await self.pass_on(Answer(status, named, body))

    async def pass_on(self, answer: Answer) -> None:
        """Send an answer with a Content-Length that is true."""
        if answer.status != 304:
            answer.put(b"content-length", str(len(answer.body)).encode())
        await self.send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
        await self.send({"type": "http.response.body", "body": answer.body})

    async def cut_after(self, answer: Answer, count: int) -> None:
        """Promise the whole body, send `count` bytes of it, close the connection."""
        answer.put(b"content-length", str(len(answer.body)).encode())
        await self.send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
        await self.send({"type": "http.response.body", "body": answer.body[:count], "more_body": True})
        self.transport.close()
        await self.gone()

    async def drip(self, headers: Headers, body: AsyncIterator[bytes]) -> None:
        """Send a body piece by piece for as long as the client stays."""
        await self.send({"type": "http.response.start", "status": 200, "headers": headers})
        leaves = asyncio.ensure_future(self.gone())
        try:
            async for piece in body:
                await self.send({"type": "http.response.body", "body": piece, "more_body": True})
                if leaves.done():
                    return
        finally:
            leaves.cancel()

    async def gone(self) -> None:
        """Wait until the connection is closed."""
        while (await self.receive())["type"] != "http.disconnect":
            pass

    @property
    def transport(self) -> asyncio.Transport:
        """The connection itself. ASGI has no word for breaking one, so the server's own object is used."""
        found: asyncio.Transport = self.scope["mall.transport"]
        return found
