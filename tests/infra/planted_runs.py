"""A lake with runs as an earlier vitrine left them."""

import json
from pathlib import Path

from infra.lake import Lake
from schemas.ids import new_run_id
from schemas.manifest import Manifest


def manifest(run_id: str, flow: str = "label", **result: object) -> Manifest:
    moment = "2026-11-28T00:00:00+00:00"
    return Manifest("run", run_id, flow, "k", moment, moment, lake_version=1, result=result)


def put(lake: Lake, name: str, text: str) -> None:
    """A file as an earlier vitrine would have put it there, without a word to any index."""
    path = f"{lake.root}/{name}"
    if lake.is_local:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    with lake.filesystem.open_output_stream(path) as stream:
        stream.write(text.encode())


def planted(uri: str, runs: int) -> list[str]:
    """A lake of an earlier version with so many committed runs; their ids."""
    lake, ids = Lake(uri), [new_run_id() for _ in range(runs)]
    put(lake, "vitrine.json", json.dumps({"lake_version": 1}))
    for number, run_id in enumerate(ids):
        put(lake, f"run={run_id}/manifest.json", manifest(run_id, n=number).to_json())
    return ids


def ids_of(uri: str) -> list[str]:
    return [run.run_id for run in Lake(uri).runs()]
