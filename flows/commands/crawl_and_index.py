"""The whole chain for some shops: crawl, label, train if needed, embed, index, evaluate, publish."""

from collections.abc import Callable
from typing import Any

from flows import printable, shown_results, terminal
from flows.options import command_of, on_prefect
from flows.parameters.chain import ChainParameters

POSITION = 120


def _flow() -> Callable[..., dict[str, Any]]:
    from flows.crawl_and_index import crawl_and_index

    return crawl_and_index


def _show(result: dict[str, Any]) -> None:
    for shop, why in result["crawl"]["failed"].items():
        terminal.people.print(printable.harmless(f"not crawled, kept as it was: {shop}: {why}"), markup=False)
    shown_results.show_scores(result["evaluate"])
    shown_results.show_verdict(result["publish"])


def _check(parameters: ChainParameters) -> None:
    """Judge shops, settings and truth before an hour of crawling; torch only where something was said of the method."""
    from flows.crawl.wanted_shops import wanted_shops

    wanted_shops(parameters.crawl())
    if parameters.truth:
        from flows.retrieval.judging.ground_truth import read_truth

        read_truth(parameters.truth, "product_id", parameters.columns)
    if parameters.settings or parameters.method != ChainParameters.model_fields["method"].default:
        from workers.contract.registry import settings_of

        settings_of(parameters.method, parameters.settings)


command = command_of(ChainParameters, on_prefect(_flow), _show, check=_check)
