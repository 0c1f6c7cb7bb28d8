"""What a lake holds: its committed runs with their parents, newest first."""

import shlex
from collections.abc import Mapping
from itertools import islice
from typing import Any

from infra.lake import MARKER, Lake
from schemas.errors import UsageError
from schemas.manifest import Manifest

_SUMMARIES = {
    "crawl": "{shop}: {products:,} products, {images_new:,} new photos",
    "refused": "{shop}: {refused:,} of {seen:,} rows refused, mostly {reason}",
    "label": "{products:,} products, {words_kept:,} words",
    "train": "{method}, {images:,} images learnt, checkpoint {checkpoint:.8}",
    "embed": "{method}: {embedded:,} embedded, {reused:,} reused",
    "index": "{collection}: {entities:,} entities",
    "evaluate": "{queries:,} queries in {gallery:,} photos",
    "publish": "{verdict}: {why}",
    "override": "{product_id}: {kind}",
    "rollback": "{collection} is live again",
}

# What a run's result calls the photos that it worked on.
_PHOTOS = {
    "crawl": "images_new",
    "train": "images",
    "embed": "embedded",
    "index": "entities",
    "evaluate": "gallery",
}
NEWEST = 50  # shown unless more are asked for: a lake may hold tens of thousands

_STAGES = ("label", "train", "embed", "index", "evaluate", "publish", "rollback")


def list_runs(lake: str, sweep: bool = False, newest: int = NEWEST) -> dict[str, Any]:
    """List the newest committed runs, 0 for all, and those left behind; `count` is how many are committed.

    With `sweep`, what was left behind is removed first. Raises UsageError where no run was ever begun: mostly the
    address is mistyped.
    """
    place = Lake(lake)
    if not place.filesystem.get_file_info(f"{place.root}/{MARKER}").is_file:
        raise UsageError(
            f"--lake {lake}", "there is no lake there; the first crawl, import or demo makes one"
        )
    swept = place.sweep() if sweep else []
    runs = [
        {
            "id": manifest.run_id,
            "kind": manifest.kind,
            "flow": manifest.flow,
            "parents": manifest.parents,
            "committed_at": manifest.committed_at,
            "seconds": round(sum(manifest.seconds.values()), 1),
            "cost": receipt_of(manifest),
            "summary": summary_of(manifest),
        }
        for manifest in islice(place.runs(newest_first=True), newest or None)
    ]
    left = [_left(run_id, note) for run_id, note in place.left_behind()]
    count = len(place.seen().committed)
    return {"lake": lake, "runs": runs, "count": count, "unfinished": len(left), "left": left, "swept": swept}


def _left(run_id: str, note: Mapping[str, Any]) -> dict[str, Any]:
    """Say of a run that was begun and left behind what it is, and which command goes on with it, "" for none.

    An import reads its file anew each time, and of a run of an earlier version nobody knows the shop.
    """
    flow, shop = note["flow"], note.get("shop", "")
    is_import = note.get("source") == "import"
    command = ["vitrine", flow]
    if flow == "crawl":
        command = [*command, f"{shop}={note['url']}"] if shop and "url" in note else []
    elif flow not in _STAGES:
        command = []
    if flow == "train" and note.get("method"):
        command.append(str(note["method"]))
    return {
        "id": run_id,
        "flow": "import" if is_import else flow,
        "shop": shop,
        "command": "" if is_import else shlex.join(command),
    }


def receipt_of(manifest: Manifest) -> dict[str, float]:
    """What a run cost: seconds by the clock, CPU and GPU seconds as far as they were measured, bytes written, photos.

    A run of an earlier version measured no CPU or GPU seconds; they are left out rather than told as none.
    """
    cost = manifest.cost
    measured: dict[str, float] = {n: round(cost[n], 1) for n in ("cpu_seconds", "gpu_seconds") if n in cost}
    return {
        "seconds": round(sum(manifest.seconds.values()), 1),
        **measured,
        "bytes": sum(part.bytes for parts in manifest.files.values() for part in parts),
        "photos": int(manifest.result.get(_PHOTOS.get(manifest.flow, ""), 0) or 0),
    }


def summary_of(manifest: Manifest) -> str:
    """Say in a few words what a run came to; nothing of one whose version did not count it."""
    try:
        return _SUMMARIES.get(manifest.flow, "").format_map(manifest.result)
    except (KeyError, ValueError, TypeError):
        return ""
