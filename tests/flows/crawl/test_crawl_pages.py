"""What pages add up to: a product of all its pages, in one language and market, and an outcome for each page."""

from pathlib import Path

import pytest

from infra.lake import Lake
from schemas.errors import FetchError
from tests.crawlers.page_shop import PageShop, node
from tests.crawlers.shopserver import serve
from tests.flows.crawl.page_crawls import COLOURS, colours_on_pages, crawled, products, reasons


@pytest.mark.parametrize("canonical", [pytest.param(False, marks=pytest.mark.slow), True])
def test_a_product_is_what_all_its_pages_say_whichever_answers_first(canonical: bool, tmp_path: Path) -> None:
    tables = []
    for seed in range(2):
        lake, shop = Lake(str(tmp_path / f"{seed}")), colours_on_pages(seed, canonical=canonical)
        with serve(shop):
            crawl = crawled(shop, lake)
            again = crawled(shop, lake)
        assert crawl.result["rejected"] == {} and again.result["changed"] == 0
        assert crawl.counts["discover"].went_out + crawl.counts["page"].went_out == 1 + 30
        assert crawl.counts["page"].went_out == 6
        tables.append(products(lake, crawl, shop))

    assert tables[0] == tables[1]
    coat = tables[0]["C3"]
    assert (coat["title"], coat["url"], coat["description"]) == ("Coat 3", "/shop/coat-3", "The coat.")
    assert sorted(coat["colour"].split(", ")) == sorted(COLOURS)
    assert coat["image_urls"][0] == "/img/3-group.jpg" and len(coat["image_urls"]) == 9
    assert str(coat["price"]) == "47.0000"
    assert sorted(dict(coat["attributes"])["size"].split(", ")) == ["36", "37", "38", "39"]


def test_the_same_page_at_several_addresses_is_one_page_and_its_twins_are_duplicates(lake: Lake) -> None:
    shop = PageShop(1)
    for path in ("/sale/hat", "/hat", "/new/hat"):
        shop.add(path, node("H1", "Hat", "hat"))
    with serve(shop):
        crawl = crawled(shop, lake)

    assert reasons(lake, crawl, shop) == {"/sale/hat": "duplicate", "/new/hat": "duplicate"}
    assert products(lake, crawl, shop)["H1"]["url"] == "/hat"


def test_where_one_page_of_a_product_changed_the_others_are_asked_for_all_they_hold(lake: Lake) -> None:
    shop = colours_on_pages(2)
    with serve(shop):
        first = crawled(shop, lake)
        shop.asked_whole()
        calm = crawled(shop, lake)
        assert [path for path in shop.asked_whole() if path.startswith("/shop/")] == []

        shop.add(
            "/shop/coat-2/ink", node("C2", "Coat 2 ink", "2-ink-a", "2-ink-c", color="ink", price="10.00")
        )
        changed = crawled(shop, lake)
        asked = [path for path in shop.asked_whole() if path.startswith("/shop/")]

        del shop.html["/shop/coat-4/rust"]
        lost = crawled(shop, lake)
        shop.listed = [path for path in shop.html if path not in ("/", "/shop/coat-5/moss")]
        unnamed = crawled(shop, lake)

    assert [calm.result[name] for name in ("changed", "not_modified")] == [0, 6]
    assert asked == ["/shop/coat-2", *(f"/shop/coat-2/{colour}" for colour in sorted(COLOURS))]
    before, after = (products(lake, crawl, shop) for crawl in (first, changed))
    assert {key for key in after if after[key] != before[key]} == {"C2"}
    assert set(after["C2"]["image_urls"]) == {*before["C2"]["image_urls"]} - {"/img/2-ink-b.jpg"} | {
        "/img/2-ink-c.jpg"
    }
    assert str(after["C2"]["price"]) == "10.0000" and "moss" in after["C2"]["colour"]
    assert changed.counts["discover"].went_out == first.counts["discover"].went_out
    assert changed.counts["page"].went_out == 6
    assert "rust" not in products(lake, lost, shop)["C4"]["colour"]
    assert sorted(products(lake, unnamed, shop)["C5"]["colour"].split(", ")) == ["ink", "rust", "sand"]


def test_a_fault_of_one_page_takes_nothing_from_its_product(lake: Lake) -> None:
    shop = colours_on_pages(3)
    with serve(shop):
        first = crawled(shop, lake)
        shop.add("/shop/coat-1", node("C1", "Coat 1, new", "1-group"))
        shop.failing = {"/shop/coat-1/sand": 503}
        second = crawled(shop, lake)
        shop.failing = {}
        third = crawled(shop, lake)

    one, two, three = (products(lake, crawl, shop)["C1"] for crawl in (first, second, third))
    assert two == one and second.result["kept"] == 1
    assert three["title"] == "Coat 1, new" and set(three["image_urls"]) == set(one["image_urls"])


def test_pages_of_a_list_bring_the_whole_product(lake: Lake) -> None:
    shop = colours_on_pages(4)
    with serve(shop):
        first = crawled(shop, lake)
        shop.add("/shop/coat-0/moss", node("C0", "Coat 0 moss", "0-moss-z", color="moss"))
        crawl = crawled(shop, lake, revisit="list", only=[f"{shop.base}/shop/coat-0/moss"])

    before, after = (products(lake, each, shop)["C0"] for each in (first, crawl))
    lost = {"/img/0-moss-a.jpg", "/img/0-moss-b.jpg"}
    assert set(after["image_urls"]) == set(before["image_urls"]) - lost | {"/img/0-moss-z.jpg"}


def walled(places: dict[str, str]) -> PageShop:
    """Ten products, of which some lead elsewhere."""
    shop = PageShop(9)
    for n in range(10):
        shop.add(f"/p/{n}", node(f"W{n}", f"Cap {n}", f"{n}"))
    shop.moved = places
    shop.html["/entry"] = "<html><h1>Welcome</h1></html>"
    shop.html["/sale"] = "<html><a href='/p/8'>Cap 8</a><a href='/p/9'>Cap 9</a></html>"
    shop.listed = [f"/p/{n}" for n in range(10)] + ["/about"]
    shop.html["/about"] = "<html><h1>About us</h1></html>"
    return shop


@pytest.mark.parametrize(
    ("places", "expected"),
    [
        (
            {f"/p/{n}": f"/login?next=/p/{n}" for n in range(2)},
            {"/p/0": "consent_wall", "/p/1": "consent_wall"},
        ),
        ({f"/p/{n}": "/entry" for n in range(3)}, {f"/p/{n}": "consent_wall" for n in range(3)}),
        ({f"/p/{n}": "/entry" for n in range(2)}, {f"/p/{n}": "no_product" for n in range(2)}),
        ({f"/p/{n}": "/sale" for n in range(4)}, {f"/p/{n}": "no_product" for n in range(4)}),
        ({f"/p/{n}": "/" for n in range(4)}, {f"/p/{n}": "no_product" for n in range(4)}),
    ],
    ids=["login", "one-place", "too-few", "a-list", "the-home-page"],
)
def test_every_page_that_was_asked_has_an_outcome(
    places: dict[str, str], expected: dict[str, str], lake: Lake
) -> None:
    shop = walled(places)
    shop.html["/login"] = "<html><h1>Your account</h1></html>"
    with serve(shop):
        crawl = crawled(shop, lake, floor=0.5)

    assert reasons(lake, crawl, shop) == expected | {"/about": "no_product"}
    page, listings = crawl.counts["page"], crawl.counts["discover"].went_out
    assert page.went_out == 10 - len(places) and crawl.result["complete"] is True
    assert page.went_out + sum(page.rejected.values()) + listings == 11 + 1


def test_a_shop_behind_a_wall_says_so(lake: Lake) -> None:
    shop = walled({f"/p/{n}": "/entry" for n in range(10)})
    with (
        serve(shop),
        pytest.raises(FetchError, match="10 product pages led to /entry, which shows no product"),
    ):
        crawled(shop, lake)


def test_a_sitemap_of_nothing_but_other_pages_leaves_it_to_the_home_page(lake: Lake) -> None:
    shop = walled({})
    shop.listed = ["/about", "/entry"]
    shop.html["/"] = "<html><nav><a href='/sale'>Sale</a></nav></html>"
    with serve(shop):
        first, second = crawled(shop, lake), crawled(shop, lake)

    assert sorted(products(lake, first, shop)) == ["W8", "W9"]
    assert "links of its home page" in first.result["notes"][0]
    assert [second.result[name] for name in ("products", "changed", "removed")] == [2, 0, 0]
