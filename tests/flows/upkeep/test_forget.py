"""flows/upkeep/forget.py on a real lake and Milvus Lite: gone everywhere, once, and what is left goes on working."""

import shutil
from pathlib import Path

import pytest

from flows.parameters.retrieval import SearchParameters
from flows.queries.live import live
from flows.queries.overrides import overrides
from flows.queries.report import write_report
from flows.queries.search import search
from flows.retrieval.publishing.index_check import fault
from flows.serve.asking.overriding import override
from flows.upkeep.forget import forget
from infra.lake import Lake
from infra.milvus.store import VectorStore
from infra.photo_locations import locate
from schemas.errors import InputError, LakeError, UsageError
from schemas.image_ids import ids_of_hex
from tests.flows.crawled_lake import crawled, labelled
from tests.flows.lake_commands import killed, vitrine
from tests.flows.retrieval.judged_lake import JudgedLake
from tests.flows.upkeep.stored_strings import stored_strings
from tests.workers.report.small_lake import SHOPS, SmallLake

SHOP = SHOPS[0]


@pytest.fixture
def judged(tmp_path: Path) -> JudgedLake:
    made = JudgedLake(SmallLake(tmp_path / "lake", products=24))
    made.first()
    return made


def entities(lake: Lake) -> set[str]:
    with VectorStore(f"{lake.root}/milvus.db") as store:
        return store.ids(live(lake).now.collection)


def test_a_shop_is_gone_from_every_table_and_collection_and_the_rest_works(judged: JudgedLake) -> None:
    lake, small = judged.lake, judged.small
    mine = {p.product_id: ids for p, _, _, ids in small.products if p.shop == SHOP}
    theirs = {p.product_id: ids for p, _, _, ids in small.products if p.shop != SHOP}
    photos = {photo for ids in mine.values() for photo in ids}
    override(lake, next(iter(mine)), "wrong_label")
    override(lake, next(iter(theirs)), "wrong_label")
    assert stored_strings(lake) >= photos | mine.keys()

    planned = forget(lake.uri, shop=SHOP, dry_run=True)
    assert len(entities(lake)) == 96
    receipt = forget(lake.uri, shop=SHOP)

    left = stored_strings(lake)
    assert (
        not left & (photos | mine.keys())
        and not {p.title for p, *_ in small.products if p.shop == SHOP} & left
    )
    assert left >= theirs.keys() | {photo for ids in theirs.values() for photo in ids}
    told = lake.table(lake.run(receipt["run_id"]), "forgotten").to_pylist()
    assert told == [{"kind": "shop", "id": SHOP}] and lake.run(receipt["run_id"]).rows("removed")
    assert {name for name in planned if planned[name] != receipt.get(name)} == {"dry_run", "index"}
    assert receipt["rows"]["products"] == 12 and receipt["rows"]["images"] == receipt["photos"] == 48
    assert receipt["rows"]["vectors"] == 3 * 48 and receipt["rows"]["overrides"] == 1
    assert receipt["models"] == [run.run_id for run in small.trains.values()]
    [proof] = receipt["index"]
    assert (proof["entities"], proof["searches"]) == (48, 32)

    assert {name.partition("/")[2] for name in entities(lake)} == set(theirs)
    with VectorStore(f"{lake.root}/milvus.db") as store:
        assert fault(lake, store, live(lake).now) == "" and live(lake).now.entities == 48
    assert {hit["shop"] for hit in search(SearchParameters(lake=lake.uri, words="dress", k=50))["hits"]} == {
        SHOPS[1]
    }
    assert len(locate(lake, ids_of_hex([ids[0] for ids in theirs.values()]))) > 0
    assert Path(write_report(lake.uri)["report"]).exists()
    assert set(overrides(lake)) == {next(iter(theirs))}
    again = labelled(lake, rarest=1)
    assert again["products"] == 12 and not stored_strings(lake) & mine.keys()

    assert forget(lake.uri, shop=SHOP) == receipt  # nothing is there any more
    assert [run.run_id for run in lake.runs() if run.flow == "forget"] == [receipt["run_id"]]


def test_a_photo_goes_from_every_product_and_one_that_others_show_stays_with_them(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path / "lake"))
    crawled(lake, "s", {"p1": ("A red dress", ["a", "b"]), "p2": ("A blue dress", ["b", "c"])})
    crawled(lake, "t", {"p3": ("A green dress", ["a"])}, known=["a"])
    first = lake.table(lake.newest("crawl", shop="s"), "products").to_pylist()

    receipt = forget(lake.uri, url=first[0]["image_urls"][1])  # the photo b
    shown = {
        row["product_id"]: row
        for run in lake.runs("crawl")
        for row in lake.table(run, "products").to_pylist()
    }
    assert shown["s:p1"]["image_ids"] == first[0]["image_ids"][:1] and len(shown["s:p1"]["image_urls"]) == 1
    assert shown["s:p2"]["image_ids"] == first[1]["image_ids"][1:] and receipt["photos"] == 1
    kinds = {
        row["kind"]: row["id"] for row in lake.table(lake.run(receipt["run_id"]), "forgotten").to_pylist()
    }
    assert kinds["photo"] == first[0]["image_ids"][1] and set(kinds) == {"photo", "address"}

    forget(lake.uri, shop="s")
    photos = lake.table(lake.newest("crawl", shop="s"), "images").to_pylist()
    assert [row["image_id"] for row in photos] == [
        first[0]["image_ids"][0]
    ]  # a, which t shows, and no word of p1
    assert (photos[0]["product_id"], photos[0]["url"]) == ("", "")
    assert labelled(lake, rarest=1)["products"] == 1


def test_what_cannot_be_forgotten_is_refused_in_a_line(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path / "lake"))
    crawled(lake, "s", {"p1": ("A red dress", ["a"])})
    with pytest.raises(UsageError, match="needs --shop or --url"):
        forget(lake.uri)
    with pytest.raises(InputError, match="holds nothing of it"):
        forget(lake.uri, shop="nobody")
    with pytest.raises(InputError, match="holds nothing of it"):
        forget(lake.uri, url="http://127.0.0.1/elsewhere")
    writing = lake.begin("run", "label", "k")
    with pytest.raises(LakeError, match="a label is being written and may hold some of it"):
        forget(lake.uri, shop="s")
    lake.abandon(writing)  # its rows are not kept either
    assert (
        forget(lake.uri, shop="s")["rows"] == {"images": 1, "products": 1}
        and not Path(writing.folder).exists()
    )


@pytest.mark.slow
@pytest.mark.usefixtures("prefect_api")
@pytest.mark.parametrize(
    "moment", ["run=*/removed/*.parquet", "run=*/proof/*.parquet", "*=*/*/part-00001.parquet"]
)
def test_killed_and_given_again_it_ends_as_if_undisturbed(
    judged: JudgedLake, tmp_path: Path, moment: str
) -> None:
    calm, struck = Path(judged.lake.root), tmp_path / "struck" / "lake"
    shutil.copytree(calm, struck)
    words = ("forget", "--shop", SHOP)

    whole = vitrine(calm, *words)
    killed(struck, lambda: any(struck.glob(moment)), *words)
    assert not any(run.flow == "forget" for run in Lake(str(struck)).runs())
    again = vitrine(struck, *words)

    assert again | {"run_id": ""} == whole | {"run_id": ""}
    assert sum(run.flow == "forget" for run in Lake(str(struck)).runs()) == 1
    lakes = [Lake(str(folder)) for folder in (calm, struck)]
    receipts = [next(run for run in lake.runs() if run.flow == "forget") for lake in lakes]
    tables = [
        [lake.table(receipt, table).to_pylist() for table in ("removed", "forgotten")]
        for lake, receipt in zip(lakes, receipts, strict=True)
    ]
    assert tables[0] == tables[1] and entities(lakes[0]) == entities(lakes[1])
    assert stored_strings(lakes[0]) == stored_strings(lakes[1])
    parts = [
        sorted(str(path.relative_to(folder)) for path in folder.glob("*=*/*/part-*"))
        for folder in (calm, struck)
    ]
    assert [name for name in parts[0] if whole["run_id"] not in name] == [
        name for name in parts[1] if again["run_id"] not in name
    ]
