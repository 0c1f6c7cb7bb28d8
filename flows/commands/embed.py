"""Give every photo its vector; what is embedded already is reused."""

from collections.abc import Callable
from typing import Any

from flows import terminal
from flows.options import command_of, on_prefect
from flows.parameters.retrieval import EmbedParameters

POSITION = 90


def _flow() -> Callable[..., dict[str, Any]]:
    from flows.retrieval.embedding.embed import embed

    return embed


def _show(result: dict[str, Any]) -> None:
    sentences = ("receipt", "verdict")
    terminal.fields_table("embedded", {name: said for name, said in result.items() if name not in sentences})
    terminal.people.print(f"{result['receipt']}.")
    terminal.people.print(result["verdict"])


command = command_of(EmbedParameters, on_prefect(_flow), _show)
