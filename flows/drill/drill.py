"""`vitrine drill`: the chain on the mall once undisturbed, then each kill on a copy of the lake as it was before.

After a kill the same command is given again, and what it leaves is compared with what the undisturbed one left.
"""

import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flows.drill.final_tables import Tables, difference, tables
from flows.drill.moments import STAGES, Moment
from flows.drill.struck_command import StageCommand, Work
from flows.progress import stage
from infra.mall.running import start
from infra.mall.trade import MallSpec
from schemas.errors import LakeError

PHOTO_SIZE = (160, 200)  # px
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
CHAIN = ("crawl", *_WORDS)


def run_drill(moments: Sequence[Moment], products: int, seed: int, keep: str = "") -> dict[str, Any]:
    """Strike at each moment, and compare.

    keep  folder for the lakes, which must not be there; a temporary one by default
    Returns per kill whether it was in time (a stage that has committed cannot be struck any more).
    Raises LakeError that names the kills after which a table was another one.
    """
    begun = time.monotonic()
    spec = MallSpec(products=products, seed=seed, shops=("shopify",), size=PHOTO_SIZE)
    with _folder(keep) as folder, start(spec) as mall, stage("drill", len(moments), "kills") as step:
        words = {"crawl": ("crawl", f"{mall.shops[0].name}={mall.urls[0]}"), **_WORDS}
        calm = _Calm(folder, words, [moment.stage for moment in moments])
        kills = []
        for number, moment in enumerate(moments):
            kills.append(_struck(calm, moment, folder / f"struck-{number:03d}"))
            step.advance(note=str(moment))
    if wrong := [f"{kill['kill']} ({kill['differs']})" for kill in kills if kill["differs"]]:
        raise LakeError("drill", f"other tables than undisturbed after {', '.join(wrong)}")
    return {
        "kills": len(kills),
        "in_time": sum(kill["in_time"] for kill in kills),
        "same": len(kills),
        "seed": seed,
        "each": kills,
        "seconds": round(time.monotonic() - begun, 1),
    }


class _Calm:
    """The undisturbed chain up to the last stage that is struck.

    before   the lake as it was before each struck stage
    tables   what each of them left
    work     what it did
    """

    def __init__(self, folder: Path, words: dict[str, tuple[str, ...]], struck: Sequence[str]) -> None:
        self.words, self.folder = words, folder / "calm"
        self.tables: dict[str, Tables] = {}
        self.work: dict[str, Work] = {}
        lake = self.folder / "lake"
        lake.mkdir(parents=True)
        last = max(CHAIN.index(name) for name in struck) if struck else -1
        for name in CHAIN[: last + 1]:
            if name in struck:
                shutil.copytree(lake, self.before(name))
            self.work[name] = StageCommand(name, lake, words[name]).run()
            if name in STAGES:
                self.tables[name] = tables(name, lake)

    def before(self, name: str) -> Path:
        """Where the lake lies as it was before a stage."""
        return self.folder / f"before-{name}"


def _struck(calm: _Calm, moment: Moment, folder: Path) -> dict[str, Any]:
    folder.mkdir()
    lake = folder / "lake"
    shutil.copytree(calm.before(moment.stage), lake)
    command = StageCommand(moment.stage, lake, calm.words[moment.stage])
    in_time = command.strike(moment, calm.work[moment.stage])
    if not moment.actor:
        command.run()
    differs = difference(tables(moment.stage, lake), calm.tables[moment.stage])
    if not differs:
        shutil.rmtree(folder)
    return {"kill": str(moment), "in_time": in_time, "differs": differs}


@contextmanager
def _folder(keep: str) -> Iterator[Path]:
    if keep:
        place = Path(keep).expanduser().absolute()
        place.mkdir(parents=True)
        yield place
        return
    with tempfile.TemporaryDirectory(prefix="vitrine-drill-", ignore_cleanup_errors=True) as made:
        yield Path(made)
