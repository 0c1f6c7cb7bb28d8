"""What a lake holds: every committed run with its parents, newest first."""

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


def list_runs(lake: str, sweep: bool = False) -> dict[str, Any]:
    """List every committed run; with `sweep`, what was begun and left behind is removed first."""
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
    return {"lake": lake, "runs": runs, "unfinished": place.unfinished(), "swept": swept}


def _summary(manifest: Manifest) -> str:
    """Say in a few words what a run came to; nothing of one whose version did not count it."""
    try:
        return _SUMMARIES.get(manifest.flow, "").format_map(manifest.result)
    except (KeyError, ValueError, TypeError):
        return ""
