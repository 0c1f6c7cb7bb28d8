"""A day passes: exactly what is reported changes, in every dialect, and nothing else."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import pytest

from infra.mall.catalogue import draw_catalogue
from infra.mall.changes import Changes
from infra.mall.running import start
from infra.mall.server import Mall
from infra.mall.trade import MallSpec, trades
from infra.mall.truth import ProductTruth, Truth
from schemas.errors import InputError
from schemas.ids import photo_key

DIALECTS = ("shopify", "structured", "woocommerce", "microdata", "opengraph", "plain")
SPEC = MallSpec(products=6 * 40, seed=6, shops=DIALECTS, size=(64, 80))
Seen = dict[str, tuple[str, str, str]]


@dataclass(frozen=True)
class Day:
    """A mall after a day, with what was seen before and after; lists have one entry a shop."""

    mall: Mall
    before: list[Truth]
    first: list[Seen]
    changes: list[Changes]
    second: list[Seen]


@pytest.fixture(scope="module")
def day() -> Iterator[Day]:
    with Mall(SPEC) as mall, httpx.Client() as client:
        before = [mall.truth(number) for number in range(6)]
        first = [seen(client, truth) for truth in before]
        changes = mall.advance(3)
        second = [seen(client, truth) for truth in before]
        yield Day(mall, before, first, [changes[shop.name] for shop in mall.shops], second)


def seen(client: httpx.Client, truth: Truth) -> Seen:
    """Status, ETag and Last-Modified of each product's page."""
    found = {}
    for sku, product in truth.products.items():
        answer = client.head(product.url)
        found[sku] = (
            str(answer.status_code),
            answer.headers.get("etag", ""),
            answer.headers.get("last-modified", ""),
        )
    return found


def named(changes: Changes) -> list[str]:
    return [*changes.price, *changes.stock, *changes.text, *changes.photos, *changes.removed]


@pytest.mark.parametrize("number", range(6), ids=DIALECTS)
def test_pages_of_changed_items_move_and_no_others(day: Day, number: int) -> None:
    first, second, mine = day.first[number], day.second[number], day.changes[number]

    moved = {sku for sku in first if first[sku] != second[sku]}

    assert moved == set(named(mine))
    assert len(named(mine)) == len(set(named(mine))) == 5
    for sku in mine.removed:
        assert second[sku][0] in ("404", "410")
    for sku in moved - set(mine.removed):
        assert all(old != new for old, new in zip(first[sku][1:], second[sku][1:], strict=True))


@pytest.mark.parametrize("number", range(6), ids=DIALECTS)
def test_the_truth_changes_by_what_is_reported(day: Day, number: int) -> None:
    mine, old, new = day.changes[number], day.before[number].products, day.mall.truth(number).products

    assert set(new) == set(old) - set(mine.removed) | set(mine.added)
    assert not set(mine.added) & set(old)
    for sku in set(old) & set(new):
        if sku in mine.price:
            assert (old[sku].price, new[sku].price) == mine.price[sku] and old[sku].price != new[sku].price
        if sku in mine.stock:
            assert (old[sku].in_stock, new[sku].in_stock) == mine.stock[sku]
        if mine.text.get(sku) == "title":
            assert old[sku].title != new[sku].title
        allowed = {
            "price": sku in mine.price,
            "in_stock": sku in mine.stock,
            "title": mine.text.get(sku) == "title",
        }
        unchanged = {name: getattr(old[sku], name) for name, may in allowed.items() if may}
        assert without_versions(replace(new[sku], **unchanged)) == without_versions(old[sku])


def without_versions(product: ProductTruth) -> ProductTruth:
    return replace(product, photos={name_of(url): truth for url, truth in product.photos.items()})


def name_of(url: str) -> str:
    """A photo's address without what tells its edition: Shopify's `?v=`, WordPress's `-e1`."""
    return re.sub(r"-e\d+(?=\.jpg)", "", photo_key(url))


@pytest.mark.parametrize("number", range(6), ids=DIALECTS)
def test_a_replaced_photo_has_new_bytes_under_the_old_name(day: Day, number: int) -> None:
    fresh = draw_catalogue(40, SPEC.seed, trades(DIALECTS)[number], SPEC.size)

    for sku, url in day.changes[number].photos.items():
        item = next(item for item in fresh.items if item.sku == sku)
        old_url = next(iter(day.before[number].products[sku].photos))
        answer = httpx.get(url)
        assert name_of(url) == name_of(old_url)
        assert (url != old_url) is (DIALECTS[number] in ("shopify", "woocommerce")), (
            "only they say it in the address"
        )
        assert answer.status_code == 200 and answer.content != fresh.photo(item, item.photos[0])
        assert answer.headers["etag"] != f'"{fresh.edition(item, item.photos[0])}"'


def test_listings_and_sitemaps_follow(day: Day) -> None:
    number = DIALECTS.index("structured")
    mine, new = day.changes[number], day.mall.truth(number).products

    text = httpx.get(f"{day.mall.urls[number]}/sitemap-products-1.xml").text
    feed = httpx.get(f"{day.mall.urls[0]}/products.json?limit=250").json()["products"]

    assert all(day.before[number].products[sku].url not in text for sku in mine.removed)
    assert all(new[sku].url in text for sku in mine.added)
    assert {str(entry["id"]) for entry in feed} == {p.key for p in day.mall.truth(0).products.values()}


def test_an_added_product_is_whole(day: Day) -> None:
    for number, changes in enumerate(day.changes):
        for sku in changes.added:
            product = day.mall.truth(number).products[sku]
            assert httpx.get(product.url).status_code == 200
            assert all(httpx.get(url).status_code == 200 for url in product.photos)


def test_days_are_the_same_in_another_process_and_go_on() -> None:
    spec = MallSpec(products=40, seed=2, size=(64, 80))
    with start(spec) as running, Mall(spec) as mall:
        there = [running.advance(seed) for seed in (5, 5)]
        here = [mall.advance(seed) for seed in (5, 5)]

    assert [{name: strip(c) for name, c in day.items()} for day in there] == [
        {name: strip(c) for name, c in day.items()} for day in here
    ]
    assert there[0] != there[1]


def strip(changes: Changes) -> Changes:
    """Without the shop's port."""
    return replace(changes, photos={sku: url.split("/", 3)[3] for sku, url in changes.photos.items()})


def test_another_edition_of_any_view_has_other_bytes() -> None:
    catalogue = draw_catalogue(12, 8, size=(64, 80))

    for item in catalogue.items:
        for photo in item.photos:
            later = replace(photo, edition=1)
            assert catalogue.photo(item, photo) != catalogue.photo(item, later)
            assert catalogue.edition(item, photo) != catalogue.edition(item, later)


def test_a_file_has_no_next_day(tmp_path: Path) -> None:
    (tmp_path / "one.jpg").write_bytes(b"x")
    (tmp_path / "shop.csv").write_text("product_id,title,image\n7,Tee,one.jpg\n", "utf-8")
    spec = MallSpec(products=0, catalogue_file=str(tmp_path / "shop.csv"), shops=("shopify",))

    with Mall(spec) as mall, pytest.raises(InputError, match="no next day"):
        mall.advance(1)
