"""connections.py on a real socket: who says nothing keeps nobody out, and a slow answer is waited for."""

import asyncio
import http.client
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from typing import Any, ClassVar

import pytest
import uvicorn

from flows.serve import connections
from flows.serve.connections import Connection
from tests.flows.processes import wait_until

HEAD_S, SLOW_S, UNFINISHED = 0.5, 1.5, 8


async def slow(scope: Any, receive: Any, send: Any) -> None:
    """Answer later than a head may take."""
    await asyncio.sleep(SLOW_S)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


class Seen(Connection):
    """A connection that leaves behind whether its socket waits before it sends little."""

    undelayed: ClassVar[list[int]] = []

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        accepted = transport.get_extra_info("socket")
        self.undelayed.append(accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    monkeypatch.setattr(connections, "HEAD_S", HEAD_S)
    monkeypatch.setattr(connections, "UNFINISHED", UNFINISHED)
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        slow, http=Seen, ws="none", lifespan="off", log_level="error", limit_concurrency=UNFINISHED + 4
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    wait_until(lambda: server.started)
    yield int(listener.getsockname()[1])
    server.should_exit = True
    thread.join(30)
    assert not Connection._waiting


def answered(port: int) -> int:
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    client.request("GET", "/")
    status = client.getresponse().status
    client.close()
    return status


def test_an_answer_does_not_wait_for_the_client_to_acknowledge_its_head(port: int) -> None:
    Seen.undelayed.clear()
    assert answered(port) == 200
    assert len(Seen.undelayed) == 1 and Seen.undelayed[0]


def dropped(client: socket.socket) -> bool:
    """Whether the other side has ended a connection on which nothing was said."""
    client.setblocking(False)
    try:
        return not client.recv(1)
    except BlockingIOError:
        return False
    except ConnectionResetError:
        return True


@pytest.mark.parametrize("said", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: a\r\n"])
def test_a_head_that_does_not_come_ends_the_connection(port: int, said: bytes) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=30) as client:
        client.sendall(said)
        with suppress(ConnectionResetError):
            assert client.recv(1) == b""
    assert answered(port) == 200


def test_connections_that_say_nothing_keep_nobody_out(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "HEAD_S", 600)  # none goes for being slow
    with ExitStack() as open_ones:
        silent = [
            open_ones.enter_context(socket.create_connection(("127.0.0.1", port), timeout=30))
            for _ in range(5 * UNFINISHED)
        ]
        wait_until(lambda: sum(map(dropped, silent)) == 4 * UNFINISHED)
        assert sum(Connection._waiting.values()) == UNFINISHED

        client = http.client.HTTPConnection("127.0.0.1", port, source_address=("127.0.0.3", 0), timeout=30)
        client.request("GET", "/")
        assert client.getresponse().status == 200
        client.close()


def test_a_connection_is_used_again_and_a_slow_answer_is_waited_for(port: int) -> None:
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    for _ in range(3):
        client.request("GET", "/")
        answer = client.getresponse()
        assert (answer.status, answer.read()) == (200, b"ok")
    client.close()
