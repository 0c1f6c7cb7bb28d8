"""The whole chain for some shops: crawl, label, train if needed, embed, index, evaluate."""

from collections.abc import Callable
from typing import Any

from flows import terminal
from flows.options import command_of, on_prefect
from flows.parameters.chain import ChainParameters

POSITION = 120


def _flow() -> Callable[..., dict[str, Any]]:
    from flows.crawl_and_index import crawl_and_index

    return crawl_and_index


def _show(result: dict[str, Any]) -> None:
    for shop, why in result["crawl"].get("failed", {}).items():
        terminal.people.print(terminal.harmless(f"not crawled, kept as it was: {shop}: {why}"), markup=False)
    terminal.show_scores(result["evaluate"])


def _work(parameters: ChainParameters) -> dict[str, Any]:
    from flows.crawl.wanted_shops import wanted_shops

    wanted_shops(parameters.crawl())  # refused now: Prefect's start takes seconds
    return on_prefect(_flow)(parameters)


command = command_of(ChainParameters, _work, _show)
