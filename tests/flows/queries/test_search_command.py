"""`vitrine search` as people call it: what they are told of words, filters, hits and of others who search."""

import json
import shutil
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flows.parameters.retrieval import IndexParameters
from flows.retrieval.indexing.index import load_collection
from tests.flows.command_line import vitrine
from tests.flows.published_lake import publish_small
from tests.workers.report.small_lake import SmallLake


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallLake]:
    """A small lake with its index, in which one product has 64 photos."""
    small = SmallLake(tmp_path_factory.mktemp("search") / "lake", crowd=60)
    publish_small(small)
    yield small


def found(small: SmallLake, *words: str) -> dict[str, Any]:
    done = vitrine("search", *words, "--lake", small.lake.uri, "--json")
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def test_one_product_of_sixty_photos_leaves_room_for_nine_others(small: SmallLake) -> None:
    product, kind, colour, photos = small.products[-1]
    assert len(photos) == 64

    hits = found(small, "--words", f"{colour} {kind}", "-k", "10")["hits"]

    assert Counter(hit["product_id"] for hit in hits).most_common(1)[0][1] == 1
    assert len(hits) == 10 and product.product_id in [hit["product_id"] for hit in hits[:4]]


def test_people_read_how_their_words_were_understood(small: SmallLake) -> None:
    done = vitrine("search", "--words", "summerdress gren", "-k", "1", "--lake", small.lake.uri)

    assert done.returncode == 0 and "1 hits for" in done.stdout and "1 hits for" not in done.stderr
    assert "summerdress is read as summer dress" in done.stderr
    assert "near gren: green" in done.stderr


def test_a_word_that_was_never_learnt_is_refused_with_those_near_it(small: SmallLake) -> None:
    done = vitrine("search", "--words", "gren", "--lake", small.lake.uri, "--json")

    assert done.returncode == 1
    assert json.loads(done.stdout)["error"]["message"].endswith("learnt none of them; near gren are green")


@pytest.mark.slow
def test_hits_that_chance_explains_are_marked_for_programs_and_people(small: SmallLake) -> None:
    hits = found(small, "--words", "dress", "-k", "24")["hits"]

    assert [hit["unlike"] for hit in hits][::23] == [False, True]
    shown = vitrine("search", "--words", "dress", "-k", "24", "--lake", small.lake.uri).stdout
    assert sum("unlike" in line for line in shown.splitlines()) == sum(hit["unlike"] for hit in hits)


def test_a_filter_on_stock_says_how_unknown_stock_is_treated(small: SmallLake) -> None:
    assert found(small, "--words", "dress", "--where", "in_stock == true")["hits"] == []
    assert found(small, "--words", "dress", "--where", "in_stock == true or in_stock is null")["hits"]
    assert "in_stock is null" in vitrine("search", "--help").stdout.replace("\n", " ")


@pytest.mark.parametrize(
    ("where", "why"),
    [
        ("colour_x == 'red'", "unknown field 'colour_x' at column 1; did you mean 'colour'?"),
        ("price > ", "unexpected end of expression at column 9"),
        ("price == 'a'", "left side is float (field 'price'), right side is string"),
    ],
)
def test_a_filter_that_cannot_be_is_one_line_with_what_it_can_name(
    small: SmallLake, where: str, why: str
) -> None:
    done = vitrine("search", "--words", "dress", "--where", where, "--lake", small.lake.uri, "--json")

    message = json.loads(done.stdout)["error"]["message"]
    assert done.returncode == 2 and done.stderr.splitlines() == [f"vitrine: {message}"]
    assert why in message and "^" not in message
    assert "a filter can name entity_id, image_id, product_id, shop, title, brand, " in message


def test_hits_that_all_score_the_same_are_told_of(small: SmallLake, tmp_path: Path) -> None:
    """Of a model that gives every photo one vector, which is made by writing one over all of the embed run's."""
    folder = tmp_path / "lake"
    shutil.copytree(small.lake.root, folder, ignore=shutil.ignore_patterns("*.db"))
    for path in folder.glob("run=*/vectors/*.parquet"):
        table = pq.read_table(path)
        place = table.schema.get_field_index("vector")
        same = pa.array([table["vector"][0].as_py()] * table.num_rows, table.schema.field(place).type)
        pq.write_table(table.set_column(place, table.schema.field(place), same), path)
    indexed = load_collection.fn(IndexParameters(lake=str(folder)))["run_id"]

    done = vitrine("search", "--words", "dress", "-k", "5", "--index", indexed, "--lake", str(folder))

    assert "these vectors tell nothing apart" in done.stderr and "5 hits for dress" in done.stdout
    assert not found(small, "--words", "dress", "-k", "5")["alike"]


@pytest.mark.slow
def test_three_who_search_one_lake_at_once_are_all_answered(small: SmallLake) -> None:
    with ThreadPoolExecutor(3) as three:
        answers = list(three.map(lambda word: found(small, "--words", word), ("dress", "shirt", "coat")))

    assert all(answer["hits"] for answer in answers)
