"""Results that several commands show: a crawl with its notes, and the scores of an evaluation."""

from typing import Any

from flows import printable, terminal


def show_crawl(title: str, result: dict[str, Any]) -> None:
    """Show the result of one crawl or import: its figures, then its notes."""
    told = ("notes", "shared_photos")  # the same twice, once in words
    terminal.fields_table(title, {name: value for name, value in result.items() if name not in told})
    show_notes(result)


def show_notes(result: dict[str, Any]) -> None:
    """Show a crawl's notes, a line each and unwrapped: they hold addresses to be copied."""
    for note in result.get("notes", ()):
        terminal.people.print(
            printable.harmless(f"Note on {result['shop']}: {note}."), markup=False, soft_wrap=True
        )


def show_scores(result: dict[str, Any]) -> None:
    """Show the overall scores of an evaluation: one row per benchmark and k, one column per method."""
    overall = [row for row in result["scores"] if row["slice"] == "all"]
    methods = list(dict.fromkeys(row["method"] for row in overall))
    cells: dict[tuple[str, str, int, int], dict[str, str]] = {}
    for row in overall:
        key = (row["benchmark"], row["metric"], row["k"], row["n"])
        half = 50 * (row["ci_high"] - row["ci_low"])
        cells.setdefault(key, {})[row["method"]] = f"{100 * row['value']:.1f} ± {half:.1f}"
    rows = [[*key, *(by_method.get(method, "") for method in methods)] for key, by_method in cells.items()]
    columns = ["benchmark", "metric", "k", "n", *methods]
    terminal.rows_table("scores, in percent with half the 95 % interval", columns, rows)
    for note in result.get("notes", ()):
        terminal.people.print(printable.harmless(note), markup=False, soft_wrap=True)
    for column, by_method in result.get("zero_shot", {}).items():
        for method, named in by_method.items():
            if named["unknown"]:
                line = (
                    f"{column}: {len(named['unknown'])} of {named['labels']} labels have no word that {method} learnt, "
                    f"{named['unknown_photos']:,} photos missed for it: {', '.join(named['unknown'])}"
                )
                terminal.people.print(printable.harmless(line), markup=False, style="dim", soft_wrap=True)


def show_verdict(result: dict[str, Any]) -> None:
    """Show how a candidate was judged: the sentence, then the comparison over all and in its worst slices."""
    rows = [result.get("overall"), *result.get("slices", ())]
    table = [
        [
            row["slice"],
            row["n"],
            f"{100 * row['candidate']:.1f}",
            f"{100 * row['live']:.1f}",
            f"{100 * row['difference']:+.1f} ({100 * row['low']:+.1f} to {100 * row['high']:+.1f})",
            f"{row['p_adjusted']:.2g}",
            row["verdict"],
        ]
        for row in filter(None, rows)
    ]
    if table:
        columns = ["", "queries", "candidate", "live", "difference, 95 %", "p", "verdict"]
        terminal.rows_table("candidate against live, in percent; the worst slices first", columns, table)
    if result["published"]:
        done = f"live: {result['collection']}, {result['entities']:,} entities"
    else:
        done = "nothing was changed" if result.get("dry_run") else "the live index stays"
    terminal.results.print(printable.plain(f"{result['verdict']}: {result['why']}"), soft_wrap=True)
    terminal.results.print(printable.plain(done), soft_wrap=True)
