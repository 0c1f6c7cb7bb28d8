"""A shop that takes every connection and never says a word."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Tarpit:
    """Its address, and the connections that it holds."""

    url: str
    held: list[socket.socket] = field(default_factory=list)


@contextmanager
def tarpit() -> Iterator[Tarpit]:
    """Yield it; its connections are closed at the end."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        pit = Tarpit(f"http://127.0.0.1:{listening.getsockname()[1]}/")

        def take() -> None:
            while True:
                try:
                    pit.held.append(listening.accept()[0])
                except OSError:
                    return

        threading.Thread(target=take, daemon=True).start()
        yield pit
        listening.shutdown(socket.SHUT_RDWR)
    for connection in pit.held:
        connection.close()
