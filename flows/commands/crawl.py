"""Read a shop's whole catalogue: products, original photos, and every refusal with its reason."""

from collections.abc import Callable, Mapping
from typing import Any

from flows import shown_results, terminal
from flows.options import command_of, on_prefect
from flows.parameters.crawl import CrawlParameters
from schemas.errors import UsageError

POSITION = 40


def _flow() -> Callable[..., dict[str, Any]]:
    from flows.crawl.crawl_shops import crawl

    return crawl


def _refuse(written: Mapping[str, Any]) -> None:
    """Refuse pages without the strategy that reads them."""
    if bool(written["only"]) != (written["revisit"] == "list"):
        raise UsageError("--only", "goes together with --revisit list: the file says which pages")


def _show(result: dict[str, Any]) -> None:
    """One shop as its fields; several as a row each."""
    if len(result["crawls"]) == 1 and not result["failed"]:
        (only,) = result["crawls"]
        shown_results.show_crawl("crawled", only)
        if withheld := only["removal_withheld"]:
            terminal.people.print(
                f"{withheld:,} products are in no listing any more. That is over half of the shop at once, so they are"
                " kept; if they are really gone, crawl once with --revisit full."
            )
        return
    columns = ["products", "added", "changed", "removed", "kept", "images_new", "requests", "seconds"]
    rows = [
        [crawl["shop"], *(crawl[name] for name in columns), sum(crawl["rejected"].values())]
        for crawl in result["crawls"]
    ]
    terminal.rows_table(f"{len(rows)} shops crawled", ["shop", *columns, "refused"], rows)
    for crawl in result["crawls"]:
        shown_results.show_notes(crawl)


def _work(parameters: CrawlParameters) -> dict[str, Any]:
    from flows.crawl.wanted_shops import wanted_shops

    wanted_shops(parameters)  # refused now: Prefect's start takes seconds
    return on_prefect(_flow)(parameters)


command = command_of(CrawlParameters, _work, _show, _refuse)
