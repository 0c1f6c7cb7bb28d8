"""`vitrine rejects` as people call it: of a shop, of a run, of an import that came to nothing, and as files."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest

from infra.lake import Lake
from schemas.manifest import Count
from schemas.reject import REJECTS, Reject
from tests.flows.command_line import imported_by, vitrine


def said(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def refused(lake: Lake, flow: str, *rejects: Reject, shop: str = "") -> str:
    """Commit a run of these refusals; returns its id."""
    kind = "crawl" if flow == "crawl" else "run"
    run = lake.begin(kind, flow, f"{flow}{shop}", parameters={"shop": shop} if shop else {})
    writer = run.writer(REJECTS)
    for reject in rejects:
        writer.write(reject.row())
    run.add(REJECTS, writer.close())
    run.counts["all"] = Count(len(rejects), 0, {"of some reason": len(rejects)} if rejects else {})
    return lake.commit(run, {}).run_id


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(f"{tmp_path}/lake")


def crawled(lake: Lake, shop: str = "acme", pages: int = 3) -> str:
    gone = [Reject("page", "http_4xx", f"https://a.example/{n}", f"{shop}:{n}", "404") for n in range(pages)]
    return refused(lake, "crawl", *gone, Reject("image", "timeout", "https://a.example/1.jpg"), shop=shop)


def test_rejects_are_counted_by_stage_and_reason_with_an_example(lake: Lake) -> None:
    run = crawled(lake)

    answer = said(vitrine("rejects", "acme", "--lake", lake.uri, "--json"))

    assert (answer["run"], answer["shop"], answer["flow"], answer["total"]) == (run, "acme", "crawl", 4)
    first, second = answer["counts"]
    assert (first["stage"], first["reason"], first["rows"]) == ("page", "http_4xx", 3)
    assert first["meaning"] == "the server says it is not there or not ours"
    assert first["example"] == {"url": "https://a.example/0", "product_id": "acme:0", "detail": "404"}
    assert (second["stage"], second["reason"], second["rows"]) == ("image", "timeout", 1)


def test_a_run_is_named_by_its_shop_its_id_or_the_beginning_of_that(lake: Lake) -> None:
    crawled(lake)
    newer, other = crawled(lake, pages=1), crawled(lake, "other")
    embed = refused(lake, "embed", Reject("embed", "decode", "0a1b"))
    refused(lake, "label")  # which refused nothing

    named = {"acme": newer, "other": other, embed: embed, other[:-1]: other, "": embed}

    for name, run in named.items():
        words = (name,) if name else ()
        assert said(vitrine("rejects", *words, "--lake", lake.uri, "--json"))["run"] == run


def test_an_import_that_came_to_nothing_is_the_newest_of_its_shop(lake: Lake) -> None:
    crawled(lake)
    kept = refused(lake, "refused", Reject("import", "file_missing", "t.csv line 2"), shop="acme")

    assert said(vitrine("rejects", "acme", "--lake", lake.uri, "--json"))["run"] == kept


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".jsonl"])
def test_every_row_of_a_reason_is_written_in_the_format_of_the_name(
    lake: Lake, tmp_path: Path, suffix: str
) -> None:
    crawled(lake)
    out = tmp_path / f"rejects{suffix}"

    words = ("rejects", "acme", "--reason", "http_4xx", "--out", str(out), "--lake", lake.uri, "--json")
    answer = said(vitrine(*words))

    if suffix == ".jsonl":
        urls = [json.loads(line)["url"] for line in out.read_text().splitlines()]
    else:
        read = pacsv.read_csv if suffix == ".csv" else pq.read_table
        urls = read(out)["url"].to_pylist()
    assert urls == [f"https://a.example/{n}" for n in range(3)]
    assert (answer["total"], answer["out"]) == (3, str(out))


def test_a_person_reads_a_table(lake: Lake) -> None:
    run = refused(lake, "crawl", Reject("page", "timeout", "https://[red]a\x1b[2J", detail="30 s"), shop="s")

    done = vitrine("rejects", run, "--lake", lake.uri)
    nothing = vitrine("rejects", refused(lake, "label"), "--lake", lake.uri)

    shown = done.stdout
    assert f"1 refused by crawl {run} of s" in shown and "https://[red]a[2J: 30 s" in shown
    assert "\x1b[2J" not in shown
    assert "0 refused by label" in nothing.stdout


@pytest.mark.parametrize(
    ("words", "why", "code"),
    [
        (("nobody",), "is no shop and no run of", 1),
        (("2",), "begins several runs", 1),
        (("acme", "--reason", "weather"), "no such reason", 2),
        (("acme", "--out", "r.xlsx"), "is none that is written", 2),
    ],
)
def test_what_cannot_be_is_one_line(lake: Lake, words: tuple[str, ...], why: str, code: int) -> None:
    crawled(lake)
    crawled(lake)

    done = vitrine("rejects", *words, "--lake", lake.uri, "--json")

    message = json.loads(done.stdout)["error"]["message"]
    assert done.returncode == code and why in message
    assert done.stderr.splitlines() == [f"vitrine: {message}"]


def test_a_lake_without_rejects_says_so(lake: Lake) -> None:
    refused(lake, "label")

    said = vitrine("rejects", "--lake", lake.uri)
    told = json.loads(vitrine("rejects", "--lake", lake.uri, "--json").stdout)

    assert (said.returncode, said.stdout) == (0, "No run of this lake refused anything.\n")
    assert (told["run"], told["total"], told["counts"]) == ("", 0, [])


def test_the_command_starts_neither_prefect_nor_ray(lake: Lake) -> None:
    crawled(lake)

    assert not {"prefect", "ray", "torch", "scrapy"} & imported_by("rejects", "--lake", lake.uri)
