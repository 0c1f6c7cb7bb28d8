"""Milvus's refusals as one error of ours, which says whether the same call may go well in a minute."""

from collections.abc import Iterator
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
        line = " ".join(str(why).split())[:400]
        raise VectorStoreError(what, line, transient=is_transient(error)) from error


def is_transient(error: Exception) -> bool:
    """Whether Milvus may take the same call in a minute: it does not answer, is overloaded, or says so itself."""
    if isinstance(error, MilvusException):
        unreached = isinstance(error, ConnectError | MilvusUnavailableException)
        return unreached or bool(error.retriable) or error.code in _PASSING
    return isinstance(error, grpc.Call) and error.code() in _BUSY
