"""The whole chain on the built-in mall: crawl, learn, embed, index, evaluate, publish, report."""

import shlex
import time
from typing import Any

from rich.text import Text

from flows import shown_results, terminal
from flows.options import LAKE_BY_DEFAULT, Json, Lake, lake_of
from flows.progress import waiting

POSITION = 10


def command(lake: Lake = LAKE_BY_DEFAULT, products: int = 300, seed: int = 1, json: Json = False) -> None:
    """Open the mall, run the chain on it, write the report."""

    def work() -> dict[str, Any]:
        begun = time.monotonic()
        with waiting("Prefect and what learns are imported, 10 to 60 s"):
            from flows.orchestration import PrivateApi

            api = PrivateApi()  # beside the imports that follow
            from flows.demo import run_demo
        imports = time.monotonic() - begun

        result = run_demo(lake_of(lake), products, seed, api)
        return result | {name: result[name] + imports for name in ("seconds", "orchestration_seconds")}

    terminal.command(json, work, _show)


def _show(result: dict[str, Any]) -> None:
    shown_results.show_scores(result["evaluate"])
    shown_results.show_verdict(result["publish"])
    results = terminal.results
    results.print(
        f"\n{result['seconds']:.0f} s in all, {result['orchestration_seconds']:.1f} s of them between the stages:"
        " imports, Prefect, Ray's start and end."
    )
    results.print(f"[bold]Report:[/bold] {result['report']}")
    # unwrapped: it is there to be copied
    results.print(Text(f"Try:    {to_try(result['lake'])}"), soft_wrap=True)


def to_try(lake: str) -> str:
    """The search of a newcomer, as a shell reads it: the address of an object store has an `&`."""
    return f'vitrine search --words "red dress" --lake {shlex.quote(lake)}'
