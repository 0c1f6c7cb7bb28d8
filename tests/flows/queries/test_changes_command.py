"""`vitrine changes` as people call it: one JSON object, a table for people, files, refusals."""

import json
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest

from flows.queries.changes import changes
from infra.lake import Lake
from schemas.change import CHANGES
from schemas.errors import InputError, LakeError
from tests.flows.command_line import imported_by, vitrine
from tests.flows.queries.committed_crawls import NOW, Crawled, product


def test_the_file_holds_every_row_with_its_declared_columns(
    lake: Lake, crawled: Crawled, tmp_path: Path
) -> None:
    crawled(2, *(product(f"{n:03d}") for n in range(99)))
    crawled(1, *(product(f"{n:03d}", title="Coat", price=Decimal(9)) for n in range(99)))

    result = changes(lake.uri, "2d", kinds=["text"], out=str(tmp_path / "c.parquet"), now=NOW)

    table = pq.read_table(tmp_path / "c.parquet")
    assert table.schema.equals(CHANGES, check_metadata=True)
    assert table.num_rows == 99 == sum(result["counts"].values())
    assert list(result["counts"]) == ["text"]
    shown = [row | {"seen_at": datetime.fromisoformat(row["seen_at"])} for row in result["changes"]]
    assert [{name: row[name] for name in table.column_names} for row in shown] == table.to_pylist()[:50]
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["c.parquet"]


def test_a_file_is_whole_or_as_it_was(lake: Lake, crawled: Crawled, tmp_path: Path) -> None:
    crawled(2, product("a"))
    part = lake.part_paths(lake.run(crawled(1, product("a", title="Coat"))), "products")[0]
    (tmp_path / "c.parquet").write_text("of yesterday")
    Path(part).write_bytes(Path(part).read_bytes()[:300])

    with pytest.raises(LakeError, match="cannot be read"):
        changes(lake.uri, "2d", out=str(tmp_path / "c.parquet"), now=NOW)

    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["c.parquet"]
    assert (tmp_path / "c.parquet").read_text() == "of yesterday"


def test_the_command_prints_one_object_and_the_file(lake: Lake, crawled: Crawled, tmp_path: Path) -> None:
    first = crawled(2, product("a"), product("b"))
    crawled(1, product("a", price=Decimal("7.50")))
    out = tmp_path / "c.parquet"

    done = vitrine("changes", "--since", first, "--lake", lake.uri, "--out", str(out), "--json")

    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["since"] == first
    assert result["counts"] == {"price": 1, "stock": 0, "text": 0, "photos": 0, "added": 0, "removed": 1}
    assert pq.read_metadata(out).num_rows == 2


def test_a_person_reads_a_table_and_a_shop_s_words_stay_words(lake: Lake, crawled: Crawled) -> None:
    crawled(2, product("a", title="[red]Dress\x1b[2J\u202e", price=Decimal(20)))
    first = crawled(1, product("a", title="[red]Dress\x1b[2J\u202e", price=Decimal(15)))

    done = vitrine("changes", "--since", "2026-11-01", "--until", first, "--lake", lake.uri)

    assert done.returncode == 0, done.stderr
    assert "20.00 EUR" in done.stdout and "-25%" in done.stdout
    assert "[red]Dress[2J" in done.stdout
    assert "\x1b[2J" not in done.stdout and "\u202e" not in done.stdout
    assert "20.00 EUR" not in done.stderr  # which says what else there is to know


@pytest.mark.parametrize("words", [("--since", "soon"), ("--since", "3d", "--kind", "colour")])
def test_a_bad_option_is_one_line(words: tuple[str, ...], lake: Lake, crawled: Crawled) -> None:
    crawled(1, product("a"))

    done = vitrine("changes", *words, "--lake", lake.uri, "--json")

    assert done.returncode == 2
    message = json.loads(done.stdout)["error"]["message"]
    assert message.startswith(words[-2]) and f"vitrine: {message}" in done.stderr.splitlines()


def test_the_command_starts_neither_prefect_nor_ray(lake: Lake, crawled: Crawled) -> None:
    crawled(1, product("a"))

    found = imported_by("changes", "--since", "3d", "--lake", lake.uri)

    assert "workers" in found
    assert not {"prefect", "ray", "torch", "scrapy"} & found


def test_a_file_is_written_in_the_format_of_its_name(lake: Lake, crawled: Crawled, tmp_path: Path) -> None:
    crawled(2, product("1"), product("2"))
    crawled(1, product("1", title='Coat, "wide"'), product("2"))

    changes(lake.uri, "2d", out=str(tmp_path / "c.csv"), now=NOW)
    changes(lake.uri, "2d", kinds=["stock"], out=str(tmp_path / "none.CSV"), now=NOW)

    table = pacsv.read_csv(tmp_path / "c.csv")
    assert (table.num_rows, table.column_names) == (1, CHANGES.names)
    assert table["after"].to_pylist() == ['Coat, "wide"']
    assert (tmp_path / "none.CSV").read_text().count("\n") == 1
    with pytest.raises(
        InputError, match=r"\.xlsx is none that is written; name it \.parquet, \.csv or \.jsonl"
    ):
        changes(lake.uri, "2d", out=str(tmp_path / "c.xlsx"), now=NOW)
    assert not list(tmp_path.glob("*xlsx*"))
