"""flows/retrieval/embedding/embed.py under faults: whatever breaks, the table is the one of an undisturbed run."""

import os
import signal
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from flows.drill.struck_command import embedding_actors
from flows.parameters.retrieval import EmbedParameters
from flows.retrieval.embedding.embed import embed_photos
from flows.retrieval.embedding.ledger import embed_runs
from flows.running.night import leaving_behind
from infra.lake import Lake
from infra.ray_runtime.cluster import Cluster
from schemas.errors import LakeError
from tests.flows.retrieval.photo_lake import photo, stored
from tests.workers.contract.vitrine_methods.tiny_mortal import DEADLY

PHOTOS = [photo(5 * n, 40, 200 - 4 * n) for n in range(48)]


def embed(lake: Lake, **more: Any) -> dict[str, Any]:
    wanted = {"lake": lake.uri, "method": "tiny_mortal", "gpus": "0", "part_rows": 8} | more
    with leaving_behind():  # as the task does
        result: dict[str, Any] = embed_photos.fn(EmbedParameters(**wanted))
    return result


def vectors(lake: Lake, fingerprint: str) -> dict[str, tuple[float, ...]]:
    """Every vector of the ledger; a photo that has two fails."""
    rows = [
        (row["image_id"], tuple(row["vector"]))
        for run in embed_runs(lake, fingerprint)
        for row in lake.table(run, "vectors").to_pylist()
    ]
    assert len(rows) == len({name for name, _ in rows})
    return dict(rows)


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory, ray_here: Cluster) -> dict[str, tuple[float, ...]]:
    """What an undisturbed run makes of the photos."""
    lake = Lake(str(tmp_path_factory.mktemp("calm") / "lake"))
    stored(lake, PHOTOS, 16)
    result = embed(lake)
    assert result["receipt"] == "0 reused, 48 embedded, 0 rejected, 0 lost"
    assert "limits" in result["verdict"] and "photos/s" in result["verdict"]
    return vectors(lake, result["fingerprint"])


def test_a_row_group_that_cannot_be_read_is_refused_and_taken_again_once_it_can(
    calm: dict[str, Any], tmp_path: Path
) -> None:
    lake = Lake(str(tmp_path / "lake"))
    ids = stored(lake, PHOTOS, 16)
    part = next(Path(lake.root).glob("crawl=*/images/part-00001.parquet"))
    whole = part.read_bytes()
    place = whole.index(PHOTOS[16]) - 40  # the page's head
    part.write_bytes(whole[:place] + b"\xff" * 40 + whole[place + 40 :])

    broken = embed(lake)
    again = embed(lake)
    part.write_bytes(whole)
    mended = embed(lake, retry="unreadable")

    assert broken["receipt"] == "0 reused, 32 embedded, 16 rejected, 0 lost"
    assert broken["rejected"] == {"unreadable": 16}
    assert again["receipt"] == "32 reused, 0 embedded, 16 rejected, 0 lost"  # not tried again unasked
    assert mended["receipt"] == "32 reused, 16 embedded, 0 rejected, 0 lost"
    assert vectors(lake, mended["fingerprint"]) == calm and set(calm) == set(ids)


def test_what_cannot_be_written_ends_the_run_which_goes_on_once_it_can(
    calm: dict[str, Any], tmp_path: Path
) -> None:
    lake = Lake(str(tmp_path / "lake"))
    stored(lake, PHOTOS, 16)
    run_folder = threading.Thread(target=_in_the_way, args=(Path(lake.root),))
    run_folder.start()
    with pytest.raises(LakeError, match="cannot be written"):
        embed(lake)
    run_folder.join()
    (in_the_way,) = Path(lake.root).glob("run=*/vectors")
    in_the_way.unlink()

    result = embed(lake)

    assert result["receipt"] == "0 reused, 48 embedded, 0 rejected, 0 lost"
    assert vectors(lake, result["fingerprint"]) == calm


def _in_the_way(root: Path) -> None:
    """Put a file where the run's vectors are to lie, as soon as it has begun: as a full disk, it takes nothing."""
    labels = {path.parent for path in root.glob("run=*/manifest.json")}
    while not (begun := [path.parent for path in root.glob("run=*/begun.json") if path.parent not in labels]):
        time.sleep(0.001)
    (begun[0] / "vectors").write_text("")


@pytest.mark.slow  # each process that is ended takes seconds to start again
def test_a_photo_that_ends_the_process_that_embeds_it_is_cornered_and_refused(
    calm: dict[str, Any], tmp_path: Path
) -> None:
    lake = Lake(str(tmp_path / "lake"))
    ids = stored(lake, [*PHOTOS[:30], photo(*DEADLY), b"no photo", *PHOTOS[30:]], 16)

    result = embed(lake)

    assert result["receipt"] == "0 reused, 48 embedded, 2 rejected, 0 lost"
    assert result["rejected"] == {"crash": 1, "decode": 1}
    assert vectors(lake, result["fingerprint"]) == calm
    rejects = lake.table(lake.newest("embed"), "rejects").to_pylist()
    assert {(row["reason"], row["url"]) for row in rejects} == {("crash", ids[30]), ("decode", ids[31])}


@pytest.mark.slow
def test_an_actor_that_is_killed_while_it_embeds_costs_no_photo(calm: dict[str, Any], tmp_path: Path) -> None:
    lake = Lake(str(tmp_path / "lake"))
    stored(lake, PHOTOS, 16)
    killer = threading.Thread(target=_kill_an_actor, args=(Path(lake.root),))
    killer.start()

    result = embed(lake)

    killer.join()
    assert result["receipt"] == "0 reused, 48 embedded, 0 rejected, 0 lost"
    assert vectors(lake, result["fingerprint"]) == calm


def _kill_an_actor(root: Path) -> None:
    """SIGKILL to an actor of ours as soon as a first part has landed."""
    while not list(root.glob("run=*/vectors/part-*.parquet")):
        time.sleep(0.001)
    with suppress(ProcessLookupError):  # it may be done already
        os.kill(embedding_actors(os.getpid())[0], signal.SIGKILL)
