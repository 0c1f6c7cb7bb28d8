"""workers/changes/product_changes.py against a naive comparison of dicts, and where a crawl saw less than all."""

import random
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.change import KINDS
from schemas.product import PRODUCTS, Product
from workers.changes.product_changes import Comparison, money

NOW = datetime(2026, 11, 23, tzinfo=UTC)
State = dict[str, tuple[Product, tuple[str, ...]]]  # product, and its photo ids


def product(key: str = "p", **facts: Any) -> Product:
    urls = tuple(facts.pop("image_urls", ()))
    known = {
        "title": "Dress",
        "currency": "EUR",
        "price": Decimal("10"),
        "url": f"http://127.0.0.1/{key}",
    } | facts
    return Product(
        product_id=f"s:{key}", shop="s", source="json-ld", fetched_at=NOW, image_urls=urls,
        image_views=("",) * len(urls), **known,
    )  # fmt: skip


def table(state: State) -> pa.Table:
    rows = [state[key][0].row(state[key][1], NOW) for key in sorted(state)]
    return pa.Table.from_pylist(rows, PRODUCTS)


def stream(rows: pa.Table, batch: int = 3) -> pa.RecordBatchReader:
    return pa.RecordBatchReader.from_batches(rows.schema, rows.to_batches(max_chunksize=batch))


def changed(*states: State, kinds: Iterable[str] = KINDS) -> list[list[dict[str, Any]]]:
    """What one comparison says from each state to the next."""
    comparison = Comparison(list(kinds))
    tables = [table(state).select(comparison.columns) for state in states]
    pairs = pairwise(tables)
    return [list(comparison.between(stream(old), stream(new, 5))) for old, new in pairs]


def one(old: Product, new: Product) -> list[tuple[str, str, str, str]]:
    rows = changed({"p": (old, ())}, {"p": (new, ())})[0]
    return [(row["kind"], row["field"], row["before"], row["after"]) for row in rows]


def with_photos(*photos: str) -> State:
    """A product with photos as `address=id`; an empty id is a refused one."""
    urls, ids = zip(*(photo.rsplit("=", 1) for photo in photos), strict=True) if photos else ((), ())
    return {"p": (product(image_urls=[f"http://127.0.0.1/{url}" for url in urls]), tuple(ids))}


def photos_changed(*states: State) -> list[list[tuple[str, str, str]]]:
    found = changed(*states, kinds=["photos"])
    return [[(row["field"], row["before"], row["after"]) for row in rows] for rows in found]


def drawn(dice: random.Random, size: int) -> State:
    """A random catalogue over few values, so that two of them agree and differ everywhere."""
    state: State = {}
    for n in dice.sample(range(40), dice.randint(0, size)):
        photos = dice.sample(["i1", "i2", "i3"], dice.randint(0, 3))
        facts = product(
            f"p{n}é",
            title=dice.choice(["Dress", "Dréss"]),
            description=dice.choice(["", "long"]),
            categories=dice.choice([(), ("a", "b"), ("b", "a")]),
            tags=dice.choice([(), ("x", "y"), ("y", "x"), ("x",)]),
            attributes=dice.choice([{}, {"cut": "slim"}, {"cut": "wide", "care": "cold"}]),
            price=dice.choice([None, Decimal("10"), Decimal("10.00"), Decimal("8.5")]),
            list_price=dice.choice([None, Decimal("20")]),
            currency=dice.choice(["EUR", "USD"]),
            in_stock=dice.choice([None, True, False]),
            image_urls=[f"http://127.0.0.1/{photo}" for photo in photos],
        )
        state[f"p{n}"] = (facts, tuple(photos))
    return {facts.product_id: (facts, ids) for facts, ids in state.values()}


def naively(old: State, new: State) -> set[tuple[str, str, str]]:
    """(product, kind, field) of every difference, with both catalogues in memory."""
    found = {(key, "added", "product") for key in new.keys() - old.keys()}
    found |= {(key, "removed", "product") for key in old.keys() - new.keys()}
    for key in old.keys() & new.keys():
        (was, ids), (now, ids_now) = old[key], new[key]
        for field in ("price", "list_price"):
            asked, asks = getattr(was, field), getattr(now, field)
            if asked != asks or (asks is not None and was.currency != now.currency):
                found.add((key, "price", field))
        if was.in_stock != now.in_stock:
            found.add((key, "stock", "in_stock"))
        for field in ("title", "description", "brand", "categories", "colour", "gender", "attributes"):
            if getattr(was, field) != getattr(now, field):
                found.add((key, "text", field))
        if set(was.tags) != set(now.tags):
            found.add((key, "text", "tags"))
        if set(ids) != set(ids_now):
            found.add((key, "photos", "image"))
        if [i for i in ids if i in ids_now] != [i for i in ids_now if i in ids]:
            found.add((key, "photos", "image_order"))
    return found


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from([0, 5, 40]))
def test_two_catalogues_differ_exactly_where_a_naive_comparison_says(seed: int, size: int) -> None:
    dice = random.Random(seed)
    old, new = drawn(dice, size), drawn(dice, 40)

    rows = changed(old, new)[0]

    assert {(row["product_id"], row["kind"], row["field"]) for row in rows} == naively(old, new)
    facts = [(row["product_id"], row["field"], row["before"], row["after"]) for row in rows]
    assert len(set(facts)) == len(facts)
    assert [row["product_id"] for row in rows] == sorted(row["product_id"] for row in rows)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**32), st.integers(2, 6))
def test_photo_changes_replayed_give_the_last_photos_whatever_was_refused_between(
    seed: int, crawls: int
) -> None:
    dice = random.Random(seed)
    states = []
    for number in range(crawls):
        ids = "XYZ" if number in (0, crawls - 1) else ["X", "Y", "Z", ""]
        states.append(with_photos(*(f"a{n}={dice.choice(ids)}" for n in range(3) if dice.random() < 0.7)))

    photos = set(states[0]["p"][1])
    for rows in photos_changed(*states):
        photos -= {before for field, before, _ in rows if field == "image"}
        photos |= {after for field, _, after in rows if field == "image" and after}

    assert photos == set(states[-1]["p"][1])


def test_equal_catalogues_have_no_changes_however_they_are_cut() -> None:
    state = drawn(random.Random(1), 40)

    assert changed(state, state) == [[]]


def test_only_the_asked_kinds_are_compared_and_only_their_columns_read() -> None:
    old, new = drawn(random.Random(1), 40), drawn(random.Random(2), 40)

    for kind in KINDS:
        found = {(row["product_id"], row["kind"], row["field"]) for row in changed(old, new, kinds=[kind])[0]}
        assert found == {fact for fact in naively(old, new) if fact[1] == kind}
    assert "description" not in Comparison(["price"]).columns


def test_a_price_is_told_with_its_currency_and_its_relative_change() -> None:
    rows = changed(
        {"p": (product(price=Decimal("50.0000"), list_price=None), ())},
        {"p": (product(price=Decimal("37.5"), list_price=Decimal("50")), ())},
    )[0]

    assert [(row["field"], row["before"], row["after"], row["change"]) for row in rows] == [
        ("price", "50.00 EUR", "37.50 EUR", -0.25),
        ("list_price", "", "50.00 EUR", None),
    ]


def test_another_currency_is_a_change_without_a_ratio_and_an_unsaid_one_is_none() -> None:
    ten = product(price=Decimal(10), currency="EUR")

    rows = changed({"p": (ten, ())}, {"p": (replace(ten, currency="USD"), ())})[0]

    assert [(row["before"], row["after"], row["change"]) for row in rows] == [
        ("10.00 EUR", "10.00 USD", None)
    ]
    assert not one(ten, replace(ten, currency=""))


def test_a_price_of_nothing_has_no_ratio() -> None:
    rows = changed({"p": (product(price=Decimal(0)), ())}, {"p": (product(price=Decimal(5)), ())})[0]

    assert rows[0]["change"] is None


@pytest.mark.parametrize(
    ("amount", "said"),
    [("100", "100.00"), ("1.2345", "1.2345"), ("1.2300", "1.23"), ("0", "0.00"), ("1E+3", "1000.00")],
)
def test_money_has_two_decimals_or_as_many_as_it_needs(amount: str, said: str) -> None:
    assert money(Decimal(amount), "KWD") == f"{said} KWD"


def test_of_attributes_only_those_that_differ_are_told() -> None:
    old = product(attributes={"cut": "slim", "care": "cold", "lining": "none"})
    new = product(attributes={"cut": "wide", "care": "cold", "fabric": "wool"})

    assert one(old, new) == [
        ("text", "attributes", '{"cut": "slim", "lining": "none"}', '{"cut": "wide", "fabric": "wool"}')
    ]


def test_stock_that_becomes_unsaid_is_told_as_empty() -> None:
    assert one(product(in_stock=True), product(in_stock=False)) == [("stock", "in_stock", "true", "false")]
    assert one(product(in_stock=True), product()) == [("stock", "in_stock", "true", "")]


def test_another_picture_at_the_same_address_is_a_change_of_photos() -> None:
    assert photos_changed(with_photos("a=X"), with_photos("a=Y")) == [
        [("image", "X", ""), ("image", "", "Y")]
    ]


def test_the_same_picture_at_another_address_is_none() -> None:
    assert photos_changed(with_photos("a=X"), with_photos("cdn/a?v=2=X")) == [[]]


def test_photos_in_another_order_are_one_change() -> None:
    assert photos_changed(with_photos("a=X", "b=Y", "c=Z"), with_photos("b=Y", "a=X", "d=V")) == [
        [("image", "Z", ""), ("image", "", "V"), ("image_order", '["X", "Y"]', '["Y", "X"]')]
    ]


def test_a_photo_that_was_refused_for_a_while_neither_went_nor_came() -> None:
    seen, refused = with_photos("a=X"), with_photos("a=")

    assert photos_changed(seen, refused, seen) == [[], []]
    assert photos_changed(refused, seen) == [[]]


def test_a_photo_replaced_while_it_was_refused_is_told_once_it_is_seen() -> None:
    states = with_photos("a=X"), with_photos("a="), with_photos("a=Y")

    assert photos_changed(*states) == [[], [("image", "X", ""), ("image", "", "Y")]]


def test_a_photo_whose_address_left_while_it_was_refused_went() -> None:
    states = with_photos("a=X", "b=Y"), with_photos("a=", "b=Y"), with_photos("b=Y")

    assert photos_changed(*states) == [[], [("image", "X", "")]]


@pytest.mark.parametrize(
    "lacking", [["list_price"], ["content_hash"], ["image_ids"], ["gender", "attributes"]]
)
def test_a_column_that_an_older_table_lacks_is_not_compared(lacking: Sequence[str]) -> None:
    old, new = drawn(random.Random(1), 40), drawn(random.Random(2), 40)
    comparison = Comparison()
    lesser = table(old).select([name for name in comparison.columns if name not in lacking])

    rows = list(comparison.between(stream(lesser), stream(table(new).select(comparison.columns))))

    hidden = {"image_ids": ("image", "image_order")}.get(lacking[0], tuple(lacking))
    expected = {fact for fact in naively(old, new) if fact[2] not in hidden}
    assert {(row["product_id"], row["kind"], row["field"]) for row in rows} == expected
