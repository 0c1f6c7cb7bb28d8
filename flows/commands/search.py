"""Find products by a photo or by words."""

from typing import Any

from flows import printable, terminal
from flows.options import command_of
from flows.parameters.retrieval import SearchParameters

POSITION = 130
MOST_SAID = 8  # ways to say a word


def _search(parameters: SearchParameters) -> dict[str, Any]:
    from flows.queries.search import search

    return search(parameters)


def _show(result: dict[str, Any]) -> None:
    if result["unknown_words"]:
        terminal.people.print(f"[dim]never learnt: {printable.plain(', '.join(result['unknown_words']))}")
    for word, forms in result.get("read_as", {}).items():
        terminal.people.print(f"[dim]{printable.plain(word)} is read as {printable.plain(' '.join(forms))}")
    for word, near in result.get("near_words", {}).items():
        terminal.people.print(f"[dim]near {printable.plain(word)}: {printable.plain(', '.join(near))}")
    for word, ways in result.get("also", {}).items():
        terminal.people.print(
            f"[dim]{printable.plain(word)}: also {printable.plain(', '.join(ways[:MOST_SAID]))}"
        )
    best = max(result["hits"], key=lambda hit: hit["score"], default=None)
    if best and best["unlike"]:
        terminal.people.print(f"Nothing like that: the best hit {_no_better(best, result['chance'])}")
    if result["alike"]:
        terminal.people.print(
            f"All hits score {result['hits'][0]['score']}: these vectors tell nothing apart. Either the photos are one"
            " and the same, or the model has learnt nothing; `vitrine evaluate` says how well it finds."
        )
    if result["hits"] and "closer" in result["hits"][0]:
        terminal.people.print("[dim]in the order of a closer look at each photo; scores are the vectors'")
    otherwise = "".join(f", {name} {value}" for name, value in result["change"].items())
    rows = [
        [
            n,
            hit["product_id"],
            hit["title"],
            _worth(hit),
            hit["url"],
        ]
        for n, hit in enumerate(result["hits"], 1)
    ]
    terminal.rows_table(
        f"{len(rows)} hits for {result['query']}{otherwise}", ["", "product", "title", "match", "url"], rows
    )


def _worth(hit: dict[str, Any]) -> str:
    """How good a hit is, for people: in percent where the index says what a cosine means."""
    told = hit["score"] if hit["match"] is None else printable.percent(hit["match"])
    return f"{told}{' unlike' if hit['unlike'] else ''}"


def _no_better(hit: dict[str, Any], chance: float) -> str:
    if hit["match"] is None:
        return f"scores {hit['score']}, and a score up to {chance} is what chance gives."
    return f"is a match of {printable.percent(hit['match'])}, and lacks a word as any other photo does by chance."


command = command_of(SearchParameters, _search, _show)
