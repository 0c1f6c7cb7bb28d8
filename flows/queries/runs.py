"""What a lake holds: every committed run with its parents, newest first."""

import shlex
from collections.abc import Mapping
from typing import Any

from infra.lake import Lake
from schemas.manifest import Manifest

_SUMMARIES = {
    "crawl": "{shop}: {products:,} products, {images_new:,} new photos",
    "refused": "{shop}: {refused:,} of {seen:,} rows refused, mostly {reason}",
    "label": "{products:,} products, {words_kept:,} words",
    "train": "{method}, {images:,} images learnt, checkpoint {checkpoint:.8}",
    "embed": "{method}: {embedded:,} embedded, {reused:,} reused",
    "index": "{collection}: {entities:,} entities",
    "evaluate": "{queries:,} queries in {gallery:,} photos",
}


_STAGES = ("label", "train", "embed", "index", "evaluate")


def list_runs(lake: str, sweep: bool = False) -> dict[str, Any]:
    """List every committed run, and those left behind; with `sweep`, what was left behind is removed first."""
    place = Lake(lake)
    swept = place.sweep() if sweep else []
    runs = [
        {
            "id": manifest.run_id,
            "kind": manifest.kind,
            "flow": manifest.flow,
            "parents": manifest.parents,
            "committed_at": manifest.committed_at,
            "seconds": round(sum(manifest.seconds.values()), 1),
            "summary": _summary(manifest),
        }
        for manifest in place.runs(newest_first=True)
    ]
    left = [_left(run_id, note) for run_id, note in place.left_behind()]
    return {"lake": lake, "runs": runs, "unfinished": len(left), "left": left, "swept": swept}


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


def _summary(manifest: Manifest) -> str:
    """Say in a few words what a run came to; nothing of one whose version did not count it."""
    try:
        return _SUMMARIES.get(manifest.flow, "").format_map(manifest.result)
    except (KeyError, ValueError, TypeError):
        return ""
