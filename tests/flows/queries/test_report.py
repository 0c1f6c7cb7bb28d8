"""The report of a small lake: what is on the page, what must not be, and what is left out with a sentence."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from flows.queries.report import write_report
from infra.lake import Lake
from schemas.errors import InputError, LakeError
from tests.flows.command_line import vitrine
from tests.workers.report.small_lake import SmallLake


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> SmallLake:
    return SmallLake(tmp_path_factory.mktemp("lake"))


@pytest.fixture(scope="module")
def written(small: SmallLake) -> dict[str, Any]:
    return write_report(small.lake.uri)


@pytest.fixture(scope="module")
def page(written: dict[str, Any]) -> str:
    return Path(written["report"]).read_text(encoding="utf-8")


def test_the_report_lies_in_the_lake_and_says_which_run_it_shows(
    small: SmallLake, written: dict[str, Any]
) -> None:
    path = Path(written["report"])

    assert path == Path(small.lake.root) / "reports" / f"report-{small.evaluation.run_id}.html"
    assert written == {"report": str(path), "run_id": small.evaluation.run_id, "bytes": path.stat().st_size}
    assert written["bytes"] < 6_000_000


def test_the_same_run_gives_the_same_page(small: SmallLake, tmp_path: Path, page: str) -> None:
    write_report(small.lake.uri, small.evaluation.run_id, str(tmp_path / "deep" / "again.html"))

    assert (tmp_path / "deep" / "again.html").read_text(encoding="utf-8") == page


def test_the_page_asks_for_nothing(page: str) -> None:
    assert "default-src 'none'" in page
    assert not re.findall(r"""(?:src|href)\s*=\s*["'](?!#)[^"']*""", page.replace("&lt;img src=x", ""))
    assert not re.findall(r"url\((?!data:|#)", page)
    assert "@import" not in page and "<script" not in page
    assert "w3.org" not in page


def test_a_shops_text_is_text_wherever_it_appears(page: str) -> None:
    assert "<script>alert" not in page and "<img src=x" not in page
    assert page.count("&lt;script&gt;alert(1)&lt;/script&gt;") >= 2  # a title, and a category in a plot
    assert "maison &lt;b&gt;lune&lt;/b&gt;" in page and "<b>lune" not in page
    assert "{{ 7*7 }}" in page


def test_a_password_in_an_address_stays_out_of_the_page(page: str) -> None:
    assert "shop.test" in page
    assert "hidden" not in re.sub(r"overflow: ?hidden|overflow-x: ?hidden", "", page)


def test_every_part_is_there_when_the_lake_has_everything(page: str) -> None:
    assert 'class="missing"' not in page
    for text in (
        "came to mean",
        "Loss by epoch",
        "Recall@20 by category",
        "zero-shot:colour",
        "What the index costs",
    ):
        assert text in page
    assert page.count('class="answer"') >= 8
    assert len(re.findall(r"^\.p\d+\{background-image", page, re.MULTILINE)) == len(
        set(re.findall(r'class="photo (p\d+)', page))
    )


def test_the_numbers_are_those_of_the_tables(small: SmallLake, page: str) -> None:
    rows = small.lake.table(small.evaluation, "scores").to_pylist()
    first = next(r for r in rows if (r["method"], r["slice"], r["k"]) == ("corbiere", "all", 1))

    head = page.split('class="versus"')[1].split("</table>")[0]
    assert f"{100 * first['value']:.1f}\N{NO-BREAK SPACE}%" in head
    assert f"{100 * first['ci_low']:.1f}\N{NO-BREAK SPACE}%" in head
    assert "untrained network" in head and "colour histogram" in head


def test_a_lake_without_an_evaluation_is_refused_in_one_line(small: SmallLake, tmp_path: Path) -> None:
    with pytest.raises(LakeError, match="no committed evaluate") as empty:
        write_report(str(tmp_path / "lake"))
    with pytest.raises(LakeError, match="is a run of label"):
        write_report(small.lake.uri, small.labels.run_id)

    assert "\n" not in str(empty.value)


def test_a_file_that_cannot_be_written_is_refused(small: SmallLake, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(InputError, match="cannot be written"):
        write_report(small.lake.uri, out=str(tmp_path / "file" / "report.html"))


def test_what_is_missing_is_left_out_with_a_sentence(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path / "lake"))
    run = lake.begin("run", "evaluate", "key", parents=["20260101T000000Z-dead"])
    lake.commit(run, {"run_id": run.run_id, "scores": []})

    page = Path(write_report(lake.uri)["report"]).read_text(encoding="utf-8")

    assert page.count('class="missing"') >= 4
    assert "no longer in the lake" in page and "no label run stands behind" in page


def test_a_part_file_that_rots_or_a_photo_that_is_forgotten_spoils_only_its_part(tmp_path: Path) -> None:
    small = SmallLake(tmp_path / "lake", products=12)
    Path(small.lake.part_paths(small.labels, "vocabulary")[0]).write_bytes(b"rot")
    crawl = Path(small.lake.folder(small.crawls[0]))
    (crawl / "manifest.json").unlink()

    page = Path(write_report(small.lake.uri)["report"]).read_text(encoding="utf-8")

    assert "cannot be read" in page
    assert 'class="photo absent' in page and 'class="photo p0' in page
    assert "Loss by epoch" in page and "What it finds" in page


def test_a_report_is_made_without_the_heavy_libraries() -> None:
    heavy = "('torch', 'ray', 'prefect', 'scrapy')"
    code = f"import sys, flows.queries.report; print([m for m in {heavy} if m in sys.modules])"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert answer.stdout.strip() == "[]"


def test_the_command_says_nothing_else_where_home_cannot_be_written(
    small: SmallLake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("no folder")
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "file" / "home"))
    monkeypatch.delenv("MPLCONFIGDIR", raising=False)

    done = vitrine("report", "--lake", small.lake.uri, "--out", str(tmp_path / "r.html"), "--json")

    assert (done.returncode, done.stderr) == (0, "") and json.loads(done.stdout)["bytes"] > 0


def test_what_is_measured_beside_recall_stands_in_a_table(page: str) -> None:
    table = page.partition("Beside recall")[2].partition("</table>")[0]

    assert "<th>r precision</th>" in table and table.count("%") >= 9  # three methods, each with its interval
    assert "untrained network" in table and "colour histogram" in table
