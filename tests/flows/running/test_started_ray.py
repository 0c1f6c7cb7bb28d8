"""flows/running/started_ray.py: what the machines of a cluster do not see is refused in one line, ahead of it."""

from pathlib import Path
from typing import cast

import pytest

from flows.learn.dataset import Supervision
from flows.learn.placed import placed
from flows.parameters.retrieval import EmbedParameters
from flows.parameters.train import TrainParameters
from flows.retrieval.embedding.embed import embed_photos
from flows.running.started_ray import refuse_unseen
from infra.lake import Lake
from infra.lake_files import LakeFiles
from infra.ray_runtime import cluster
from schemas.errors import InputError
from tests.flows.command_line import vitrine
from tests.flows.retrieval.photo_lake import photo, stored
from workers.contract.registry import settings_of

NOBODY = "127.0.0.1:9"
STORE = f"s3://bucket/lake?endpoint_override={NOBODY}&scheme=http&region=us-east-1"


@pytest.fixture
def joined(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a process that has not started Ray yet, and was told of a cluster."""
    monkeypatch.setattr(cluster, "_running", None)
    monkeypatch.setenv("RAY_ADDRESS", NOBODY)


def test_a_folder_and_a_file_of_this_machine_are_refused_beside_a_cluster(
    joined: None, tmp_path: Path
) -> None:
    store = LakeFiles(STORE)

    refuse_unseen(store)
    with pytest.raises(
        InputError, match=f"is a folder .* cluster at {NOBODY} do not see: give a lake such as s3://"
    ):
        refuse_unseen(LakeFiles(str(tmp_path)))
    with pytest.raises(InputError, match=r"/weights\.pth: is a file of this machine, .* --from"):
        refuse_unseen(store, "/weights.pth")


def test_without_a_cluster_everything_is_seen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(cluster, "_running", None)
    monkeypatch.delenv("RAY_ADDRESS", raising=False)

    refuse_unseen(LakeFiles(str(tmp_path)), "/weights.pth")
    monkeypatch.setenv("RAY_ADDRESS", NOBODY)
    with pytest.raises(InputError, match="is a folder of this machine"):
        refuse_unseen(LakeFiles(str(tmp_path)), "/weights.pth")


def test_stages_refuse_before_they_begin_a_run(joined: None, tmp_path: Path) -> None:
    lake = Lake(str(tmp_path / "lake"))
    stored(lake, [photo(9 * n, 9, 9) for n in range(20)])
    wanted = TrainParameters(lake=lake.uri, method="house")
    learnt = cast(Supervision, None)  # not looked at

    with pytest.raises(InputError, match="is a folder of this machine"):
        embed_photos.fn(EmbedParameters(lake=lake.uri, method="histogram"))
    with pytest.raises(InputError, match="is a folder of this machine"):
        placed(wanted, settings_of("house", {}), learnt)
    with pytest.raises(InputError, match=r"^/weights\.pth: is a file of this machine"):
        chosen = settings_of("house", {"weights": "/weights.pth"})
        placed(wanted.model_copy(update={"lake": STORE}), chosen, learnt)

    assert lake.unfinished() == 0 and len(list(lake.runs())) == 2


@pytest.mark.slow
def test_a_chain_says_it_in_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("RAY_ADDRESS", NOBODY)

    done = vitrine("retrain", "--lake", str(tmp_path))

    said = [line for line in done.stderr.splitlines() if line.startswith("vitrine: ")]
    assert done.returncode == 1 and len(said) == 1 and "is a folder of this machine" in said[0], done.stderr
