"""Connections that ask: whoever opens one and says nothing, or half of what he wants, does not keep others out."""

import asyncio
import socket
from collections import Counter
from typing import Any, ClassVar

from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_S = (
    10.0  # in which the head of a request has to be here, from its first byte or the connection's beginning
)
UNFINISHED = 32  # connections of one address that wait for a head; a browser opens six


class Connection(H11Protocol):
    """A connection that is dropped where the head of a request takes too long, or too many of its address wait."""

    _waiting: ClassVar[Counter[str]] = Counter()  # by address, of all connections

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._due: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first request."""
        # asyncio does so only for sockets that name TCP as their protocol, and those of `create_server` name none. An
        # answer's body would then wait for the client's word on its head: 40 ms on each connection that is kept.
        accepted: socket.socket = transport.get_extra_info("socket")
        accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        super().connection_made(transport)
        self._await_head()

    def data_received(self, data: bytes) -> None:
        """Wait for the rest of a request that begins; no more once its head is here."""
        before = self.cycle
        if before is not None and before.response_complete:
            self._await_head()
        super().data_received(data)
        if self.cycle is not before:
            self._no_more()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._no_more()
        super().connection_lost(exc)

    @property
    def _address(self) -> str:
        return self.client[0] if self.client else ""

    def _await_head(self) -> None:
        if self._due is not None:
            return
        self._waiting[self._address] += 1
        in_s = HEAD_S if self._waiting[self._address] <= UNFINISHED else 0.0
        self._due = self.loop.call_later(in_s, self.transport.abort)

    def _no_more(self) -> None:
        if self._due is not None:
            self._due.cancel()
            self._due = None
            self._waiting[self._address] -= 1
            if not self._waiting[self._address]:
                del self._waiting[self._address]
