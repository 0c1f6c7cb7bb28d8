"""Give every photo its vector; what is embedded already is reused."""

from collections.abc import Callable
from typing import Any

from flows import terminal
from flows.options import command_of, on_prefect
from flows.parameters.retrieval import EmbedParameters

POSITION = 90


def _flow() -> Callable[..., dict[str, Any]]:
    from flows.retrieval.embed import embed

    return embed


def _show(result: dict[str, Any]) -> None:
    terminal.fields_table("embedded", result)
    if not result["embedded"]:
        terminal.people.print(
            f"Nothing to embed: all {result['reused']:,} photos have a vector of this model already."
        )


command = command_of(EmbedParameters, on_prefect(_flow), _show)
