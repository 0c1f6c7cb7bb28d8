"""Every method of the survey, trained on what the mall draws in the formats of the survey's benchmarks.

    python tests/bench/survey.py [--keep FOLDER] [--seeds N] [--only METHOD,...] [--done]

Prints the survey's tables with our rows and half their 95 % intervals, seed by seed, then each claim with its figures
and whether it held on every seed. A seed draws other garments and trains from other weights; an untrained network has
random ones. `--keep FOLDER` goes on where a run of it was ended, and trains nothing twice; `--only` prints what
those methods are judged by, `--done` what there is so far, and trains nothing.
"""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from flows.orchestration import PrivateApi
from schemas.errors import PipelineError


def main() -> None:
    """Train, score, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--keep", help="folder of drawn benchmarks and lakes")
    parser.add_argument("--seeds", type=int, default=2, help="from 1 (default: 2)")
    parser.add_argument("--only", default="", help="methods, by comma (default: all)")
    parser.add_argument("--done", action="store_true", help="print what is scored so far, train nothing")
    asked = parser.parse_args()
    if asked.done and not asked.keep:
        parser.error("--done needs --keep")
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(asked.keep or scratch).resolve()
        os.environ.setdefault("PREFECT_LOGGING_LEVEL", "CRITICAL")
        os.environ.setdefault("VITRINE_PIXEL_CACHE", str(folder / "pixels"))
        measure(folder, asked.seeds, set(filter(None, asked.only.split(","))), asked.done)


def measure(folder: Path, seeds: int, only: set[str], done: bool) -> None:
    """Everything of some seeds."""
    api = PrivateApi()  # before Prefect is imported, which reads its address then
    from flows.queries.survey_tables import write_tables
    from tests.bench.surveyed.claims import Rows, claims
    from tests.bench.surveyed.edited import Edited, edited
    from tests.bench.surveyed.lake_of_seed import SeededLake
    from tests.bench.surveyed.recipes import RECIPES
    from workers.report.survey.formats import lines_of

    api.wait()
    begun = time.monotonic()
    recipes = [recipe for recipe in RECIPES if not only or recipe.method in only]
    scores: dict[tuple[int, str, str], Rows] = {}
    edits: dict[int, Edited] = {}
    lakes = [SeededLake(folder, seed) for seed in range(1, seeds + 1)]
    for lake in lakes:
        for recipe in recipes:
            if done and not lake.is_scored(recipe):
                continue
            try:
                scores[lake.seed, recipe.benchmark, recipe.method] = lake.scores(recipe)
                if recipe.method == "flam":
                    edits[lake.seed] = edited(lake, recipe)
            except PipelineError as error:  # told, and the others go on
                print(f"seed {lake.seed}, {recipe.benchmark}, {recipe.method}: failed: {error}", flush=True)
    for lake in lakes:
        for table in write_tables(lake.lake.uri, "micro", "", "")["tables"]:
            columns, rows = lines_of(table)
            print(f"\nseed {lake.seed}: {table.title}\n" + "\n".join(_aligned([columns, *rows])))
    print("\nfigures: one a seed")
    for claim in claims(scores, edits):
        print(claim)
    print(f"{time.monotonic() - begun:.0f} s")


def _aligned(rows: list[list[str]]) -> list[str]:
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]


if __name__ == "__main__":
    main()
