from typing import Any

import pytest

from crawlers.extract.schema_org.categories import breadcrumb, categories_of

HERE = "https://shop.example/products/coat"


@pytest.mark.parametrize(
    ("category", "levels"),
    [
        ("Women > Coats", ("Women", "Coats")),
        ("Women/Coats", ("Women", "Coats")),
        (["Women > Dresses > Maxi", "Women > Sale"], ("Women", "Dresses", "Maxi", "Sale")),
        (["Women", "Skirts/Trousers"], ("Women", "Skirts/Trousers")),
        ([{"name": "Women"}, {"name": "Coats"}], ("Women", "Coats")),
        ({"@type": "CategoryCode", "name": "Women > Coats"}, ("Women", "Coats")),
        ("https://shop.example/women/coats", ()),
        ("//shop.example/women", ()),
        (
            ["https://www.google.com/basepages/producttype/taxonomy.en-US.txt", "Coats > Wool"],
            ("Coats", "Wool"),
        ),
        (5598, ()),
        ("5598", ()),
        (["5598", "Women > Coats"], ("Women", "Coats")),
        (None, ()),
        ([], ()),
    ],
)
def test_a_category_is_words_outer_first_each_once(category: Any, levels: tuple[str, ...]) -> None:
    assert categories_of({"category": category}) == levels


def path(*crumbs: dict[str, Any], base: str = HERE, **product: Any) -> tuple[str, ...]:
    items = [{"position": at} | crumb for at, crumb in enumerate(crumbs)]
    return breadcrumb(
        [{"@type": "BreadcrumbList", "itemListElement": items}], {}, {"name": "Moss Coat"} | product, base
    )


WOMEN = {"name": "Women", "item": "/women"}


@pytest.mark.parametrize(
    "last",
    [
        {"name": "Our best", "item": HERE},
        {"name": "Our best", "item": {"@id": "/products/coat?ref=crumbs"}},
        {"item": {"url": HERE, "name": "Our best"}},
        {"name": "Moss Coat"},
        {"name": "Coat “Moss” | Acme"},
        {"name": "MOSS COAT", "item": "#"},
    ],
)
def test_the_last_crumb_is_none_where_it_is_this_page(last: dict[str, Any]) -> None:
    assert path(WOMEN, last) == ("Women",)


@pytest.mark.parametrize(
    "last",
    [
        {"name": "Coat"},
        {"name": "Coats"},
        {"name": "Moss Coat wool", "item": "/coats"},
        {"name": "Coats", "item": "https://other.example/products/coat"},
    ],
)
def test_another_crumb_stays(last: dict[str, Any]) -> None:
    assert path(WOMEN, last) == ("Women", last["name"])


def test_a_crumb_may_be_a_shorter_name_of_the_product() -> None:
    assert path(WOMEN, {"name": "Moss Wool Coat"}, name="Moss Wool Coat, lined") == ("Women",)


@pytest.mark.parametrize(
    "item", ["/", "https://shop.example", "https://www.shop.example/", {"@id": "/#home"}]
)
def test_the_first_crumb_is_none_where_it_leads_home(item: object) -> None:
    assert path({"name": "Acme", "item": item}, WOMEN) == ("Women",)


def test_only_the_first_leads_home_and_only_the_last_here() -> None:
    there = {"name": "Coats", "item": HERE}

    assert path({"name": "Acme", "item": "/"}, WOMEN | {"item": "/"}, there, WOMEN | {"name": "Wool"}) == (
        "Women",
        "Coats",
        "Wool",
    )
    assert path({"name": "Acme", "item": "/de/"}, WOMEN) == ("Acme", "Women")


def test_a_base_that_is_the_shop_is_no_page_and_the_product_names_its_own() -> None:
    last = {"name": "Our best", "item": "/products/coat"}

    assert path(WOMEN, last, base="https://shop.example/") == ("Women", "Our best")
    assert path(WOMEN, last, base="https://shop.example/", url="products/coat") == ("Women",)


@pytest.mark.parametrize(
    ("base", "pages"),
    [
        ("https://shop.example/", (HERE,)),
        ("https://shop.example/de/", (HERE,)),
        ("https://cdn.example/assets/", (HERE,)),
        (HERE, ("https://shop.example/coats/moss", HERE)),
        ("https://shop.example/", ("https://shop.example/coats/moss", f"{HERE}?utm_source=mail")),
    ],
)
def test_the_last_crumb_leads_to_any_address_of_the_page(base: str, pages: tuple[str, ...]) -> None:
    crumbs = [{"name": "Acme", "item": "https://shop.example/"}, WOMEN, {"name": "Our best", "item": HERE}]
    nodes = [{"@type": "BreadcrumbList", "itemListElement": crumbs}]

    assert breadcrumb(nodes, {}, {"name": "Moss Coat"}, base, pages) == ("Women",)


@pytest.mark.parametrize(
    "item", [None, 5, [], [[]], {}, {"@id": 5}, "http://[x", "javascript:void(0)", "mailto:a@b.c"]
)
def test_no_crumb_breaks_it(item: object) -> None:
    assert path(WOMEN, {"name": "Coats", "item": item}) == ("Women", "Coats")


@pytest.mark.parametrize(
    ("item", "page"),
    [
        ("/en", "/en/products/coat"),
        ("/en/", "/en/products/coat"),
        ("/de-at/", "/de-AT/p/coat"),
        ("/us/en", "/us/en/p/coat"),
        ("/en/index.html", "/en/p/coat"),
        ("/index.html", "/p/coat"),
        ("/index.php", "/de/coat"),
    ],
)
def test_the_first_crumb_may_lead_to_the_home_page_of_the_page_s_market(item: str, page: str) -> None:
    assert path({"name": "Acme", "item": item}, WOMEN, base=f"https://shop.example{page}") == ("Women",)


@pytest.mark.parametrize(
    "item", ["/de", "/en/us", "/index", "/?cat=5", "/index.php?cat=5", "/coats/", "/xindex.html"]
)
def test_a_category_or_another_market_is_no_home_page(item: str) -> None:
    base = "https://shop.example/en/p/coat"

    assert path({"name": "Acme", "item": item}, WOMEN, base=base) == ("Acme", "Women")


@pytest.mark.parametrize(
    "name", ["Hem", "Hjem", "Etusivu", "Strona główna", "Главная", "首页", "홈", "ホーム", "INICIO"]
)
def test_home_is_no_category_in_any_language(name: str) -> None:
    assert path({"name": name}, WOMEN) == ("Women",)
