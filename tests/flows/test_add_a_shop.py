"""Follows "Add a shop in five minutes" of crawlers/README.md to the letter; only the port is another one."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from crawlers.profiles import shop_profile
from infra.lake import Lake
from infra.mall.item import Item
from infra.mall.server import catalogues
from infra.mall.trade import MallSpec
from tests.flows.processes import ROOT, free_port

README = (ROOT / "crawlers" / "README.md").read_text()
GUIDE = README.partition("## Add a shop in five minutes")[2]
COMMANDS = [shlex.split(line) for line in re.findall(r"^    (vitrine .+)$", GUIDE, re.M)]
PROFILE = re.findall(r"```yaml\n(.*?)```", GUIDE, re.S)
VITRINE = [sys.executable, "-c", "from flows.cli import main; main()"]


def test_the_guide_opens_a_shop_looks_corrects_and_crawls_twice() -> None:
    assert [words[1] for words in COMMANDS] == ["mall", "doctor", "crawl", "crawl"]
    assert len(PROFILE) == 1
    assert len(README.splitlines()) <= 120


def test_the_profile_of_the_guide_is_valid(tmp_path: Path) -> None:
    file = tmp_path / "acme.yaml"
    file.write_text(PROFILE[0])

    assert shop_profile.load(str(file)).limits.success_floor == 0.9


@pytest.mark.slow
def test_a_person_who_follows_the_guide_has_every_product_with_its_exact_price(
    tmp_path: Path, prefect_api: Mapping[str, str]
) -> None:
    port = str(free_port())
    open_shop, look, first, whole = [[word.replace("8420", port) for word in words[1:]] for words in COMMANDS]
    with running(open_shop, tmp_path):
        run(look, tmp_path)
        draft = tmp_path / look[look.index("--write") + 1]
        drafted = shop_profile.load(str(draft))
        draft.write_text(PROFILE[0])
        run(first, tmp_path)
        run(whole, tmp_path)

    lake = Lake(str(tmp_path / "lake"))
    manifest = lake.newest("crawl", shop="acme")
    read = {row["product_id"]: row for row in lake.table(manifest, "products").to_pylist()}
    sold = list(catalogues(spec_of(open_shop))[0].items)
    assert set(read) == {f"acme:{item.sku}" for item in sold}
    for item in sold:
        assert stated(read[f"acme:{item.sku}"]) == offered(item)
    assert all(all(row["image_ids"]) for row in read.values())
    assert lake.table(manifest, "rejects").num_rows == 0
    assert drafted.prices == shop_profile.load(str(draft)).prices.model_copy(update={"decimal": "."})


def offered(item: Item) -> dict[str, Any]:
    """What the shop has to say about an item."""
    return {
        "title": item.title,
        "price": item.price,
        "list_price": item.list_price,
        "currency": item.currency,
        "brand": item.brand,
        "categories": list(item.categories),
        "tags": sorted(item.tags),
        "colour": item.colour,
        "gender": item.gender,
        "in_stock": item.in_stock,
        "photos": len(item.photos),
    }


def stated(row: Mapping[str, Any]) -> dict[str, Any]:
    """The same from a row of the table of products."""
    same = ("title", "brand", "categories", "colour", "gender", "currency", "in_stock")
    prices = {name: None if row[name] is None else Decimal(row[name]) for name in ("price", "list_price")}
    lists = {"tags": sorted(row["tags"]), "photos": len(row["image_urls"])}
    return {name: row[name] for name in same} | prices | lists


def spec_of(words: list[str]) -> MallSpec:
    """The mall that a command opens."""
    options = dict(zip(words[1::2], words[2::2], strict=True))
    return MallSpec(products=int(options["--products"]), shops=tuple(options["--shops"].split(",")))


def environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("VITRINE_")} | {
        "PYTHONPATH": str(ROOT)
    }


def run(words: list[str], folder: Path) -> None:
    done = subprocess.run(
        [*VITRINE, *words],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr


@contextmanager
def running(words: list[str], folder: Path) -> Iterator[None]:
    """A command that serves until the block ends; entered once it has printed its addresses."""
    process = subprocess.Popen(
        [*VITRINE, *words], cwd=folder, env=environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        assert process.stdout.readline()
        yield
    finally:
        process.terminate()
        process.wait(30)
        process.stdout.close()
