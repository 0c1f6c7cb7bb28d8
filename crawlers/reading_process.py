"""A process of its own that reads pages and photos, beside the reactor, which goes on asking meanwhile.

To read an answer costs as much as to ask for it, and Scrapy's reactor is one thread. An answer that takes the process
down with it, or that it never comes to the end of, is told apart: what lay there with it is read again, one by one.

A pool of concurrent.futures would do; it passes each answer through three threads, which costs 0.3 ms of the reactor's
own time per answer, where a socket costs 0.05 ms.
"""

import asyncio
import gc
import multiprocessing
import pickle
import socket
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.process import BaseProcess
from typing import Any, ParamSpec, Self, TypeVar

AHEAD = 4  # answers in the process's hands: one is read, the next lie ready
MOST_S = 300.0  # for one answer; the largest sitemap takes a minute on a busy machine
_LENGTH = 8  # bytes before each message that say how long it is

P = ParamSpec("P")
T = TypeVar("T")


class UnreadableError(Exception):
    """What was asked could not be done there; says why."""


class ReadingProcess:
    """A process that is asked things in turn, from `with` to its end.

    Forked, so that it begins in milliseconds and shares what is loaded: begin before there are threads.

    begin   called in the process first: it should end with us, even if we are killed
    most_s  s that one thing may take
    """

    def __init__(self, begin: Callable[[], object], most_s: float = MOST_S) -> None:
        self._begin, self._most_s = begin, most_s
        self._process: BaseProcess
        self._ours: socket.socket
        self._line: _Line | None = None  # only where there is a loop to listen in
        self._opening = asyncio.Lock()
        self._places = asyncio.Semaphore(AHEAD)
        self._alone = asyncio.Lock()

    @property
    def pid(self) -> int:
        """Of the process as it is now."""
        return self._process.pid or 0

    def __enter__(self) -> Self:
        self._start()
        return self

    def __exit__(self, *error: object) -> None:
        self._end()

    async def call(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call a function there and return or raise what it does; all of it is pickled.

        Raises UnreadableError where the process died of it, or did not come to its end in time.
        """
        message = pickle.dumps((function, args, kwargs))
        outcome: T
        async with self._places:
            with suppress(EOFError, TimeoutError):
                outcome = await self._ask(message)
                return outcome
        async with self._alone:  # it, or one that was there with it
            for _ in range(AHEAD):
                await self._places.acquire()
            try:
                outcome = await self._ask(message)
                return outcome
            except EOFError:
                raise UnreadableError("the process that read it died of it") from None
            except TimeoutError:
                raise UnreadableError(f"it was not read in {self._most_s:g} s") from None
            finally:
                for _ in range(AHEAD):
                    self._places.release()

    async def _ask(self, message: bytes) -> Any:
        """Have it done. Raises TimeoutError or EOFError once another process has begun in the place of this one."""
        async with self._opening:
            if self._line is None:
                loop = asyncio.get_running_loop()
                _, self._line = await loop.create_connection(_Line, sock=self._ours)
        line = self._line
        try:
            raised, outcome = await asyncio.wait_for(line.ask(message), self._most_s)
        except (EOFError, TimeoutError):
            if line is self._line:
                line.close()
                self._end()
                self._start()
            raise
        if raised:
            raise outcome
        return outcome

    def _start(self) -> None:
        self._ours, theirs = socket.socketpair()
        context = multiprocessing.get_context("fork")
        self._process = context.Process(target=_serve, args=(theirs, self._ours, self._begin), daemon=True)
        self._process.start()
        theirs.close()

    def _end(self) -> None:
        """Kill it: it may be in the middle of what has no end."""
        self._line = None
        self._ours.close()
        self._process.kill()
        self._process.join()


class _Line(asyncio.Protocol):
    """Questions to the process and its answers, which come in the order of the questions."""

    def __init__(self) -> None:
        self._transport: asyncio.WriteTransport
        self._asked: deque[asyncio.Future[tuple[bool, Any]]] = deque()
        self._heard = bytearray()
        self._is_over = False

    def ask(self, message: bytes) -> "asyncio.Future[tuple[bool, Any]]":
        """Whether it was raised, and what; EOFError where the process has ended."""
        asked: asyncio.Future[tuple[bool, Any]] = asyncio.get_running_loop().create_future()
        self._asked.append(asked)
        if self._is_over:
            self.connection_lost(None)
        else:
            self._transport.writelines((len(message).to_bytes(_LENGTH), message))
        return asked

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Asyncio calls this first."""
        self._transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        """Give each whole message to who waits for it, if anyone does still."""
        self._heard += data
        while len(self._heard) >= _LENGTH + (size := int.from_bytes(self._heard[:_LENGTH])):
            message = bytes(self._heard[_LENGTH : _LENGTH + size])
            del self._heard[: _LENGTH + size]
            asked = self._asked.popleft()
            if not asked.done():
                asked.set_result(pickle.loads(message))

    def connection_lost(self, error: Exception | None) -> None:
        """Tell all who wait that nothing comes any more."""
        self._is_over = True
        while self._asked:
            asked = self._asked.popleft()
            if not asked.done():
                asked.set_exception(EOFError("the process has ended"))

    def close(self) -> None:
        """Ask and hear nothing more."""
        self.connection_lost(None)
        self._transport.abort()


def _serve(line: socket.socket, others: socket.socket, begin: Callable[[], object]) -> None:
    """Do what is asked until nobody asks any more."""
    others.close()
    begin()
    gc.freeze()  # what is shared with the parent stays shared, and is not looked at in every full pass
    with line.makefile("rwb") as stream:
        while size := int.from_bytes(stream.read(_LENGTH)):
            function, args, kwargs = pickle.loads(stream.read(size))
            try:
                outcome = (False, function(*args, **kwargs))
            except Exception as error:
                outcome = (True, error)
            message = pickle.dumps(outcome)
            stream.write(len(message).to_bytes(_LENGTH))
            stream.write(message)
            stream.flush()
