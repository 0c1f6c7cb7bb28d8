"""`vitrine tables` as people call it, and the benchmark exports of `vitrine mall`: printed, written and refused."""

import json
from pathlib import Path

import pytest

from infra.lake import Lake
from tests.flows.command_line import imported_by, vitrine


def measured(lake: Lake) -> None:
    """A committed evaluation of one benchmark."""
    score = {"benchmark": "mall-consumer2shop", "slice": "all", "metric": "recall", "k": 20, "value": 0.5}
    score |= {"ci_low": 0.4, "ci_high": 0.6, "n": 30, "fingerprint": "f", "method": "grnet"}
    told = {"data": "mall-consumer2shop, 90 photos", "gallery": 46, "gallery_rule": "distinct shop photos"}
    lake.commit(lake.begin("run", "benchmark", "b"), told | {"scores": [score]})


def test_the_tables_are_printed_with_what_this_lake_measured(tmp_path: Path) -> None:
    lake = Lake(f"{tmp_path}/lake")
    measured(lake)

    done = vitrine("tables", "--lake", lake.uri)

    assert done.returncode == 0, done.stderr
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert any(line.startswith("Wang et al. [3] (d) 90.99 95.78 50.31") for line in lines)
    data = "mall-consumer2shop, 90 photos; searched: 46 distinct shop photos"
    assert f"grnet - 50.0 ± 10.0 - 30 {data}" in lines
    assert any(line.startswith("(b) ten times too small") for line in lines)


def test_a_format_is_written_or_printed_and_json_is_one_object(tmp_path: Path) -> None:
    lake = Lake(f"{tmp_path}/lake")
    measured(lake)

    latex = vitrine("tables", "--lake", lake.uri, "--format", "latex")
    written = vitrine("tables", "--lake", lake.uri, "--format", "html", "--out", f"{tmp_path}/t.html")
    plain = json.loads(vitrine("tables", "--lake", lake.uri, "--json").stdout)

    assert latex.stdout.startswith(r"\begin{table}") and latex.stdout.count(r"\end{table}") == 4
    assert written.returncode == 0 and "<table" in (tmp_path / "t.html").read_text()
    assert [table["measured"][0]["method"] for table in plain["tables"] if table["measured"]] == ["grnet"]


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--format", "pdf"], "--format pdf: there are text, html, latex, csv"),
        (["--average", "weighted"], "--average weighted: there are micro"),
        (["--out", "t.txt"], "--out t.txt: needs --format"),
    ],
)
def test_what_there_is_not_is_refused_in_one_line(words: list[str], why: str, tmp_path: Path) -> None:
    done = vitrine("tables", "--lake", str(tmp_path), *words)

    assert done.returncode == 2 and why in done.stderr


def test_neither_prefect_nor_ray_nor_torch_is_started(tmp_path: Path) -> None:
    assert not {"prefect", "ray", "torch", "scrapy"} & imported_by("tables", "--lake", str(tmp_path))


def test_the_mall_writes_a_benchmark_folder_and_refuses_one_without_a_place(tmp_path: Path) -> None:
    drawn = ("mall", "--products", "3", "--size", "96x120", "--export", "in-shop")

    done, refused = vitrine(*drawn, f"{tmp_path}/tree"), vitrine(*drawn)

    assert done.returncode == 0 and (tmp_path / "tree/Eval/list_eval_partition.txt").is_file()
    assert refused.returncode == 2 and "needs a file, or a benchmark and a folder" in refused.stderr
