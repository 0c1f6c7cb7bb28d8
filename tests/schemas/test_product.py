import json
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.product import PRODUCTS, Product

THEN = datetime(2026, 11, 23, 10, 15, tzinfo=UTC)
DRESS = Product(
    product_id="acme:1",
    shop="acme",
    title="Red dress",
    source="json-ld",
    fetched_at=THEN,
    price=Decimal("49.90"),
    currency="EUR",
    attributes={"material": "silk", "fit": "loose"},
    image_urls=("https://acme.test/1.jpg",),
    image_views=("front",),
)


def test_when_and_how_it_was_read_does_not_count_as_a_change() -> None:
    later = replace(
        DRESS, fetched_at=datetime(2027, 1, 1, tzinfo=UTC), etag='"x"', last_modified="now", source="shopify"
    )

    assert later.content_hash() == DRESS.content_hash()


def test_a_field_that_says_nothing_does_not_count() -> None:
    """Else a column that is new would make every product of a shop a changed one."""
    facts = vars(DRESS)
    said = {name: fact for name, fact in facts.items() if fact not in ("", (), {}, None)}

    assert len(said) < len(facts)
    assert Product(**said).content_hash() == DRESS.content_hash()


@pytest.mark.parametrize(
    "product",
    [
        DRESS,
        replace(
            DRESS, categories=("women", "dresses"), tags=("new",), list_price=Decimal("60"), in_stock=False
        ),
        Product(product_id="s:1", shop="s", title="t", source="import", fetched_at=THEN),
    ],
)
def test_a_product_comes_back_from_json_as_it_went(product: Product) -> None:
    facts = json.loads(json.dumps(vars(product), default=str))

    assert Product.of(facts) == product
    assert Product.of({name: facts[name] for name in facts if name != "tags"}) == replace(product, tags=())


@pytest.mark.parametrize(
    "change",
    [
        {"title": "Red  dress"},
        {"price": Decimal("49.91")},
        {"price": None},
        {"currency": "USD"},
        {"in_stock": False},
        {"attributes": {"material": "silk"}},
        {"image_urls": ("https://acme.test/2.jpg",)},
        {"categories": ("dresses",)},
    ],
    ids=lambda change: next(iter(change)),
)
def test_whatever_the_shop_says_otherwise_is_a_change(change: dict[str, object]) -> None:
    assert replace(DRESS, **change).content_hash() != DRESS.content_hash()  # type: ignore[arg-type]


@given(st.decimals("0", "100000", places=4), st.integers(0, 6))
def test_one_price_written_with_more_zeros_is_no_change(price: Decimal, zeros: int) -> None:
    longer = Decimal(f"{price:f}" + "0" * zeros)

    assert replace(DRESS, price=price).content_hash() == replace(DRESS, price=longer).content_hash()


def test_the_order_in_which_attributes_are_stated_is_no_change() -> None:
    turned = replace(DRESS, attributes=dict(reversed(DRESS.attributes.items())))

    assert turned.content_hash() == DRESS.content_hash()


def test_a_row_has_the_declared_columns() -> None:
    table = pa.Table.from_pylist([DRESS.row(("ab",), THEN)], PRODUCTS)

    assert table["image_ids"].to_pylist() == [["ab"]]
    assert table["price"].to_pylist() == [Decimal("49.9000")]
    assert dict(table["attributes"].to_pylist()[0]) == DRESS.attributes


def test_a_photo_without_its_id_is_refused() -> None:
    with pytest.raises(ValueError, match="acme:1: 1 photos, 0 ids"):
        DRESS.row((), THEN)
