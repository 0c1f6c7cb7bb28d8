"""flows/queries/lineage.py: from what is live, or a hit of it, back to crawls, page, photo and checkpoint."""

import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from rich.console import Console

from flows.parameters.publish import RollbackParameters
from flows.queries.lineage import GONE, lineage
from flows.queries.lineage_drawing import svg, tree, write_svg
from flows.queries.live import live
from flows.retrieval.publishing.rollback import roll_back
from infra.lake import Lake
from infra.removal import remove_run
from schemas.errors import InputError, LakeError
from tests.flows.command_line import vitrine
from tests.flows.retrieval.judged_lake import JudgedLake
from tests.workers.report.small_lake import SHOPS, SmallLake


@pytest.fixture
def judged(tmp_path: Path) -> JudgedLake:
    made = JudgedLake(SmallLake(tmp_path / "lake", products=24))
    made.first()
    return made


def flows(lake: Lake, told: dict) -> dict[str, list[str]]:
    """Flows of the parents of each node, by the flow of the node."""
    nodes = {node["id"]: node for node in told["nodes"]}
    return {node["flow"]: [nodes[parent]["flow"] for parent in node["parents"]] for node in told["nodes"]}


def text_of(told: dict) -> list[str]:
    console = Console(width=200, record=True, file=None, quiet=False)
    with console.capture() as printed:
        console.print(tree(told))
    return [line.rstrip() for line in printed.get().splitlines()]


def test_what_is_live_leads_back_to_the_crawls_of_each_shop(judged: JudgedLake) -> None:
    told = lineage(judged.lake.uri)

    pointed = live(judged.lake)
    assert pointed is not None and told["root"] == pointed.run_id and told["hit"] is None
    behind = flows(judged.lake, told)
    assert behind["publish"] == ["evaluate", "index"] and behind["index"] == ["embed"]
    assert behind["embed"] == ["label", "train"] and behind["train"] == ["label"]
    assert behind["label"] == ["crawl"] * len(behind["label"]) and behind["crawl"] == []
    assert len({node["id"] for node in told["nodes"]}) == len(told["nodes"])
    cost = told["nodes"][0]["cost"]
    assert set(cost) == {"seconds", "cpu_seconds", "bytes", "photos"} and cost["cpu_seconds"] >= 0


def test_a_hit_leads_back_to_its_page_its_photo_and_the_checkpoint(judged: JudgedLake) -> None:
    product, _, _, photos = judged.small.products[5]

    of_product = lineage(judged.lake.uri, product.product_id)["hit"]
    of_photo = lineage(judged.lake.uri, photos[2])["hit"]

    trained = judged.lake.run(judged.small.embeds["corbiere"].parents[1])
    crawls = {run.run_id for run in judged.lake.runs("crawl")}
    assert of_product["page"] == product.url and of_product["checkpoint"] == trained.result["checkpoint"]
    assert [photo["image_id"] for photo in of_product["photos"]] == photos
    assert [photo["url"] for photo in of_product["photos"]] == list(product.image_urls)
    assert {photo["embed"] for photo in of_product["photos"]} == {judged.small.embeds["corbiere"].run_id}
    assert {photo["crawl"] for photo in of_product["photos"]} <= crawls
    assert of_photo == of_product | {"photos": [of_product["photos"][2]]}


def test_a_run_is_asked_for_by_its_id_and_one_that_was_swept_is_said_to_be_gone(judged: JudgedLake) -> None:
    trained = judged.lake.run(judged.small.embeds["corbiere"].parents[1])
    remove_run(judged.lake, next(judged.lake.runs("crawl")))

    told = lineage(judged.lake.uri, trained.run_id)

    assert told["root"] == trained.run_id
    assert {node["flow"] for node in told["nodes"]} >= {"train", "label", GONE}
    assert 'class="gone"' in svg(told) and any(GONE in line for line in text_of(told))


def test_after_a_rollback_the_tree_is_that_of_the_index_before(judged: JudgedLake) -> None:
    first = live(judged.lake)
    model = judged.model("better", 0.05)
    judged.candidate(model, judged.small.embeds["corbiere"])
    assert judged.published(force=True, why="tried out")["published"]
    roll_back.fn(RollbackParameters(lake=judged.lake.uri))

    told = lineage(judged.lake.uri)

    assert first is not None and told["nodes"][0]["flow"] == "rollback"
    assert told["nodes"][0]["parents"] == [first.now.index]
    assert model.run_id not in {node["id"] for node in told["nodes"]}


def test_the_tree_names_every_run_once_in_full(judged: JudgedLake) -> None:
    told = lineage(judged.lake.uri)

    lines = text_of(told)

    labels = [line for line in lines if " label " in f" {line} "]
    assert lines[0].startswith(f"publish   {told['root']}")
    assert len([line for line in labels if not line.endswith("(see above)")]) == 1 < len(labels)
    assert all(any(node["id"] in line for line in lines) for node in told["nodes"])


def test_the_picture_has_a_box_for_each_run_and_what_shops_wrote_is_text(
    judged: JudgedLake, tmp_path: Path
) -> None:
    told = lineage(judged.lake.uri)
    told["nodes"][0]["summary"] = "<script>alert(1)</script> \x1b[2J"

    file = write_svg(told, str(tmp_path / "lineage.svg"))

    drawn = ElementTree.parse(file).getroot()
    boxes = [each for each in drawn if each.tag.endswith("}g")]
    lines = [each for each in drawn if each.tag.endswith("}path")]
    assert len(boxes) == len(told["nodes"])
    assert len(lines) == sum(len(node["parents"]) for node in told["nodes"])
    assert "<script" not in Path(file).read_text() and "\x1b" not in Path(file).read_text()
    corners = [each.attrib["transform"] for each in boxes]
    assert len(set(corners)) == len(corners)  # none lies on another
    with pytest.raises(InputError, match="ends in"):
        write_svg(told, str(tmp_path / "lineage.png"))


def test_of_a_hundred_crawls_the_newest_are_drawn_and_the_others_counted(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    crawls = [lake.commit(lake.begin("crawl", "crawl", f"{n}"), {"shop": f"s{n}"}).run_id for n in range(30)]
    labels = lake.commit(lake.begin("run", "label", "k", parents=crawls), {}).run_id

    told = lineage(lake.uri, labels)

    assert len(told["nodes"]) == 31
    assert text_of(told)[-1].endswith("and 22 more") and svg(told).count("<rect") == 9
    assert "and 22 more made it" in svg(told)


def test_where_nothing_is_live_a_run_has_to_be_named(tmp_path: Path, judged: JudgedLake) -> None:
    with pytest.raises(InputError, match="nothing live; publish"):
        lineage(str(tmp_path / "empty"))
    with pytest.raises(InputError, match="is no product and no photo"):
        lineage(judged.lake.uri, f"{SHOPS[0]}:none")
    with pytest.raises(LakeError, match="no committed run"):
        lineage(judged.lake.uri, "20260101T000000Z-a1b2")


def test_the_command_prints_the_tree_or_one_object(judged: JudgedLake, tmp_path: Path) -> None:
    product = judged.small.products[5][0]
    file = tmp_path / "made of.svg"

    shown = vitrine("runs", "--of", product.product_id, "--out", str(file), "--lake", judged.lake.uri)
    told = json.loads(vitrine("runs", "--graph", "--json", "--lake", judged.lake.uri).stdout)
    listed = vitrine("runs", "--lake", judged.lake.uri, "-n", "3").stdout

    assert shown.returncode == 0 and product.url in shown.stdout and "publish" in shown.stdout
    assert file.read_text().startswith("<svg") and "drawn to" in shown.stderr
    assert told["root"] in shown.stdout and told["out"] == ""
    assert "the newest 3" in listed and "CPU s" in listed and "photos" in listed
