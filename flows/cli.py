"""The command line: each command is a flow with a face.

Imports stand inside the commands, so that `vitrine --help` and `vitrine runs` answer at once and
`vitrine search` starts neither Prefect nor Ray.
"""

import os
import sys
from pathlib import Path

import typer

from flows.commands import chain, finding, lake, learning, shops

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    help="Crawl clothing shops, learn from their own words, publish a photo index that says how good it is.",
)

app.command()(chain.demo)
app.command()(shops.mall)
app.command()(shops.doctor)
app.command()(shops.crawl)
app.command("import")(shops.import_)
app.command()(lake.changes)
app.command()(learning.label)
app.command()(learning.train)
app.command()(learning.embed)
app.command()(finding.index)
app.command()(finding.evaluate)
app.command("crawl-and-index")(chain.crawl_and_index)
app.command()(finding.search)
app.command()(finding.report)
app.command()(lake.runs)


def main() -> None:
    """Entry point of the console script."""
    _root_first()
    _wait_passively()
    app()


def _wait_passively() -> None:
    """Let torch's threads sleep while they wait for each other, unless the environment says otherwise.

    By default they spin (libgomp reads this once, when torch is imported): as soon as another process wants a core,
    the one that computes waits for the one that spins, and training takes five times as long. Ray's workers get it
    from infra/cluster.py.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def _root_first() -> None:
    """Put the repository before site-packages, so that no installed package can shadow ours."""
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
