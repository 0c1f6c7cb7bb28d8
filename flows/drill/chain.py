"""The commands of a drill in their order, and the lakes before and after those of them that are struck.

A publish has the most to lose where it judges a second model beside a live one, and drops an older index: so the chain
that a publish is struck in learns twice, and indexes three times.
"""

import shutil
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from flows.drill.final_tables import Tables, tables
from flows.drill.struck_command import StageCommand, Work
from flows.retrieval.publishing.retention import DRAINED_S
from infra.atomic_write import write_atomically
from infra.lake import Lake

_TINY = {
    "backbone": "resnet18",
    "weights": "random",
    "image_size": 48,
    "frozen_epochs": 1,
    "epochs": 0,
    "batch": 16,
}
_WORDS: dict[str, tuple[str, ...]] = {
    "label": ("label", "--rarest", "3"),
    "train": (
        "train",
        "corbiere",
        *(word for pair in _TINY.items() for word in ("--set", "{}={}".format(*pair))),
    ),
    "embed": ("embed", "--part-rows", "16"),
    "index": ("index",),
    "evaluate": ("evaluate", "--no-baselines", "--no-probe"),
    "publish": ("publish",),
}
_OTHER_TRAIN = (*_WORDS["train"], "--set", "image_size=40")
_FORCED = ("publish", "--force", "--why", "a drill", "--smallest", "2")


class _Link(NamedTuple):
    """A command of the chain: its stage, its words, and whether this is where its stage is struck."""

    stage: str
    words: tuple[str, ...]
    struck: bool = False


CHAIN = (
    _Link("crawl", ("crawl",), struck=True),
    _Link("label", _WORDS["label"]),
    _Link("train", _WORDS["train"], struck=True),
    _Link("embed", _WORDS["embed"], struck=True),
    _Link("index", _WORDS["index"]),  # what the next is compared with, and the last publish drops
    _Link("index", _WORDS["index"], struck=True),
    _Link("evaluate", _WORDS["evaluate"]),
    _Link("publish", _WORDS["publish"]),
    _Link("train", _OTHER_TRAIN),
    _Link("embed", _WORDS["embed"]),
    _Link("index", _WORDS["index"]),
    _Link("evaluate", _WORDS["evaluate"]),
    _Link("publish", _FORCED, struck=True),
)


class CalmChain:
    """The undisturbed chain up to the last stage that is struck.

    words    of each struck stage
    tables   what each of them left
    work     what it did
    """

    def __init__(self, folder: Path, shop: str, struck: Sequence[str]) -> None:
        """`shop` is what the crawl is told."""
        self.folder = folder
        self.words: dict[str, tuple[str, ...]] = {}
        self.tables: dict[str, Tables] = {}
        self.work: dict[str, Work] = {}
        lake = folder / "lake"
        lake.mkdir(parents=True)
        last = max(n for n, link in enumerate(CHAIN) if link.struck and link.stage in struck)
        for link in CHAIN[: last + 1]:
            words = (*link.words, shop) if link.stage == "crawl" else link.words
            is_struck = link.struck and link.stage in struck
            if is_struck:
                if link.stage == "publish":
                    _age(Lake(str(lake)))
                shutil.copytree(lake, self.before(link.stage))
            work = StageCommand(link.stage, lake, words).run()
            if is_struck:
                self.words[link.stage], self.work[link.stage] = words, work
                self.tables[link.stage] = tables(link.stage, lake)

    def before(self, stage: str) -> Path:
        """Where the lake lies as it was before a stage."""
        return self.folder / f"before-{stage}"


def _age(lake: Lake) -> None:
    """Date the oldest index as if it had been out of use for long enough to be dropped: nobody waits ten minutes."""
    oldest = next(lake.runs("run", "index"))
    then = datetime.fromisoformat(oldest.committed_at) - timedelta(seconds=2 * DRAINED_S)
    aged = replace(oldest, committed_at=then.isoformat(timespec="seconds"))
    with lake.changing(oldest):
        write_atomically(lake.filesystem, f"{lake.folder(oldest)}/manifest.json", aged.to_json().encode())
