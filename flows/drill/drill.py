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

from flows.drill.chain import CalmChain
from flows.drill.final_tables import difference, tables
from flows.drill.moments import Moment
from flows.drill.struck_command import StageCommand, Struck
from flows.progress import stage
from infra.mall.running import start
from infra.mall.trade import MallSpec
from schemas.errors import LakeError, PipelineError

PHOTO_SIZE = (160, 200)  # px


def run_drill(moments: Sequence[Moment], products: int, seed: int, keep: str = "") -> dict[str, Any]:
    """Strike at each moment, and compare.

    keep  folder for the lakes, which must not be there; a temporary one by default
    Returns per kill whether it was in time (a command that has ended cannot be struck any more), and whether its run
    was in the lake by then.
    Raises LakeError that names the kills after which a table was another one.
    """
    begun = time.monotonic()
    spec = MallSpec(products=products, seed=seed, shops=("shopify",), size=PHOTO_SIZE)
    with _folder(keep) as folder, start(spec) as mall, stage("drill", len(moments), "kills") as step:
        shop = f"{mall.shops[0].name}={mall.urls[0]}"
        calm = CalmChain(folder / "calm", shop, [moment.stage for moment in moments])
        kills = []
        for number, moment in enumerate(moments):
            kills.append(_struck(calm, moment, folder / f"struck-{number:03d}"))
            note = kills[-1]["differs"] or ("the same" if kills[-1]["in_time"] else "had ended already")
            step.advance(note=f"{moment}: {note}")
    if wrong := [f"{kill['kill']} ({kill['differs']})" for kill in kills if kill["differs"]]:
        raise LakeError("drill", f"other tables than undisturbed after {', '.join(wrong)}")
    return {
        "kills": len(kills),
        "in_time": sum(kill["in_time"] for kill in kills),
        "committed": sum(kill["in_time"] and kill["committed"] for kill in kills),
        "same": len(kills),
        "seed": seed,
        "each": kills,
        "seconds": round(time.monotonic() - begun, 1),
    }


def _struck(calm: CalmChain, moment: Moment, folder: Path) -> dict[str, Any]:
    folder.mkdir()
    lake = folder / "lake"
    shutil.copytree(calm.before(moment.stage), lake)
    command = StageCommand(moment.stage, lake, calm.words[moment.stage])
    struck, differs = Struck(in_time=False, committed=False), ""
    try:
        struck = command.strike(moment, calm.work[moment.stage])
        if not moment.actor:
            command.run()
        differs = difference(tables(moment.stage, lake), calm.tables[moment.stage])
    except PipelineError as error:  # a command that fails has not come to the same end
        differs = str(error)
    if not differs:
        shutil.rmtree(folder)
    return {"kill": str(moment), **struck._asdict(), "differs": differs}


@contextmanager
def _folder(keep: str) -> Iterator[Path]:
    if keep:
        place = Path(keep).expanduser().absolute()
        place.mkdir(parents=True)
        yield place
        return
    with tempfile.TemporaryDirectory(prefix="vitrine-drill-", ignore_cleanup_errors=True) as made:
        yield Path(made)
