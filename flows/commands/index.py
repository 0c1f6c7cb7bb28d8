"""Load vectors and product facts into Milvus, and verify what is there."""

from collections.abc import Callable
from typing import Any

from flows import terminal
from flows.options import command_of, on_prefect
from flows.parameters.retrieval import IndexParameters

POSITION = 100


def _flow() -> Callable[..., dict[str, Any]]:
    from flows.retrieval.indexing.index import index

    return index


def _show(result: dict[str, Any]) -> None:
    terminal.fields_table("indexed", result)


command = command_of(IndexParameters, on_prefect(_flow), _show)
