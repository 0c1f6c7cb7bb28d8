"""Milvus's refusals as one error of ours, which says whether the same call may go well in a minute."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import grpc
from pymilvus.client.types import Status
from pymilvus.exceptions import ConnectError, ErrorCode, MilvusException, MilvusUnavailableException

from schemas.errors import VectorStoreError

_PASSING = (Status.CONNECT_FAILED, ErrorCode.RATE_LIMIT)
_BUSY = (
    grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.RESOURCE_EXHAUSTED
)  # fmt: skip


@contextmanager
def milvus_errors(what: str) -> Iterator[None]:
    """Turn Milvus's refusals into a VectorStoreError about `what`, on one line."""
    try:
        yield
    except (MilvusException, grpc.RpcError) as error:
        why = error.message if isinstance(error, MilvusException) else str(error)
        raise VectorStoreError(what, _line(str(why)), transient=is_transient(error)) from error


@contextmanager
def filter_errors(collection: str, where: str, columns: Sequence[str]) -> Iterator[None]:
    """Say of a refusal that it is the filter's, and what a filter can name: what is there has been opened already."""
    try:
        yield
    except VectorStoreError as error:
        if not where or error.transient:
            raise
        why = f"{error.why}; a filter can name {', '.join(columns)}"
        raise VectorStoreError(f"{collection} where {where}", why) from error


def _line(why: str) -> str:
    """Word a refusal on one line, without the expression that Milvus Lite repeats over a line of carets, and its list
    of fields, some of which are ours to know alone.
    """
    lines = why.splitlines()
    pointed = {number for number, line in enumerate(lines) if line.strip() and not line.strip(" ^")}
    kept = (
        line
        for number, line in enumerate(lines)
        if not {number, number + 1} & pointed and "available fields:" not in line
    )
    return "; ".join(filter(None, (" ".join(line.split()) for line in kept)))[:400]


def is_transient(error: Exception) -> bool:
    """Whether Milvus may take the same call in a minute: it does not answer, is overloaded, or says so itself."""
    if isinstance(error, MilvusException):
        unreached = isinstance(error, ConnectError | MilvusUnavailableException)
        return unreached or bool(error.retriable) or error.code in _PASSING
    return isinstance(error, grpc.Call) and error.code() in _BUSY
