"""A page per photo of benchmark runs: what each kind of method has to show, and what is refused."""

import re
from pathlib import Path
from typing import Any

import pytest

from flows.commands import report
from flows.retrieval.protocols.photo_report import write_photo_report
from infra.lake import Lake
from infra.ray_runtime.cluster import Cluster
from schemas.errors import LakeError
from schemas.manifest import Manifest
from tests.flows.retrieval.protocols.benchmark_lakes import imported, label_run, untrained_run
from tests.flows.retrieval.protocols.test_evaluation import asked, scored

SMALL: dict[str, Any] = {"backbone": "resnet18", "weights": "random", "image_size": 32}
GRAMMAR: dict[str, Any] = {
    "weights": "random",
    "image_size": 32,
    "photo_size": 36,
    "width": 0.05,
    "kernel": 3,
}


def benchmark_run(lake: Lake, labels: Manifest, method: str, benchmark: str, **settings: Any) -> str:
    trained = untrained_run(lake, labels, method, **settings)
    result = scored(
        lake, labels, [asked(lake, labels, trained, "query", "gallery")], benchmark=benchmark, probe=False
    )
    return str(result["run_id"])


def written(lake: Lake, run_id: str) -> str:
    result = write_photo_report(lake.uri, run_id)
    assert result["photos"] == 6 and result["report"] == f"{lake.root}/reports/photos-{run_id}.html"
    return Path(result["report"]).read_text(encoding="utf-8")


def test_landmarks_and_maps_are_drawn_on_the_photo(tmp_path: Path, ray_here: Cluster) -> None:
    lake, _ = imported("deepfashion-c", tmp_path)
    labels = label_run(lake)
    run_id = benchmark_run(lake, labels, "fashion_grammar", "mall-deepfashion-c", **GRAMMAR)

    report.command(run_id, f"{tmp_path}/page.html", lake.uri, False)

    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert page == written(lake, run_id)
    assert page.count("attention by landmarks") == page.count("attention by category") == 6
    assert page.count('class="mark-told') >= page.count('class="mark-true"') > 6
    for kind in ("Category", "texture", "shape"):
        assert page.count(f"<h3>{kind}</h3>") == 6
    assert "normalised-error" in page and "What it finds" not in page


def test_cells_that_decided_and_hits_before_and_after_are_shown(tmp_path: Path, ray_here: Cluster) -> None:
    lake, _ = imported("consumer2shop", tmp_path, products=60)
    labels = label_run(lake)
    compared = benchmark_run(lake, labels, "grnet", "mall-consumer2shop", **SMALL, node=4)
    changed = benchmark_run(lake, labels, "flam", "mall-consumer2shop", **SMALL, embedding=16)

    page = written(lake, compared)
    assert page.count("compared again") == 6 and page.count('class="pair"') >= 6
    assert re.search(r'class="(for|against)" x="', page)
    page = written(lake, changed)
    assert page.count("by its vector") == 6 and "compared again" not in page
    assert len(re.findall(r"<div>with (\w+) ", page)) == 12
    with pytest.raises(LakeError, match="is a run of label; pages of photos are made of a benchmark run"):
        write_photo_report(lake.uri, labels.run_id)
