"""Find products by a photo or by words."""

from typing import Any

from flows import terminal
from flows.options import command_of
from flows.parameters.retrieval import SearchParameters

POSITION = 130


def _search(parameters: SearchParameters) -> dict[str, Any]:
    from flows.queries.search import search

    return search(parameters)


def _show(result: dict[str, Any]) -> None:
    if result["unknown_words"]:
        terminal.people.print(f"[dim]never learnt: {terminal.plain(', '.join(result['unknown_words']))}")
    rows = [
        [n, hit["product_id"], hit["title"], hit["score"], hit["url"]]
        for n, hit in enumerate(result["hits"], 1)
    ]
    terminal.rows_table(
        f"{len(rows)} hits for {result['query']}", ["", "product", "title", "score", "url"], rows
    )


command = command_of(SearchParameters, _search, _show)
