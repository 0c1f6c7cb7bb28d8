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
    for word, forms in result.get("read_as", {}).items():
        terminal.people.print(f"[dim]{terminal.plain(word)} is read as {terminal.plain(' '.join(forms))}")
    for word, near in result.get("near_words", {}).items():
        terminal.people.print(f"[dim]near {terminal.plain(word)}: {terminal.plain(', '.join(near))}")
    if result["hits"] and result["hits"][0]["unlike"]:
        terminal.people.print(
            f"Nothing like it: the best hit scores {result['hits'][0]['score']}, and a score up to "
            f"{result['chance']} is what chance gives."
        )
    if result["alike"]:
        terminal.people.print(
            f"All hits score {result['hits'][0]['score']}: these vectors tell nothing apart. Either the photos are one"
            " and the same, or the model has learnt nothing; `vitrine evaluate` says how well it finds."
        )
    rows = [
        [
            n,
            hit["product_id"],
            hit["title"],
            f"{hit['score']}{' unlike' if hit['unlike'] else ''}",
            hit["url"],
        ]
        for n, hit in enumerate(result["hits"], 1)
    ]
    terminal.rows_table(
        f"{len(rows)} hits for {result['query']}", ["", "product", "title", "score", "url"], rows
    )


command = command_of(SearchParameters, _search, _show)
