"""A listener that nobody may ever connect to: it counts who does."""

import socket
from threading import Thread

ANSWER = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 6\r\nconnection: close\r\n\r\ncanary"
)


class Canary:
    """A port of its own on 127.0.0.1, from construction to `close()`."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._connections = 0
        self._thread = Thread(target=self._accept, name="canary", daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """Its address, without a slash at the end."""
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    @property
    def connections(self) -> int:
        """How many came."""
        return self._connections

    def close(self) -> None:
        """Stop listening; twice is harmless. The count stays."""
        try:
            self._socket.shutdown(socket.SHUT_RDWR)  # wakes accept()
        except OSError:
            return
        self._thread.join(5)
        self._socket.close()

    def _accept(self) -> None:
        while True:
            try:
                guest, _ = self._socket.accept()
            except OSError:
                return
            self._connections += 1
            with guest:
                try:
                    guest.sendall(ANSWER)
                except OSError:
                    continue
