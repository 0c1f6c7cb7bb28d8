"""crawlers/doctor/missing.py: one plain sentence for each thing that a crawl will not bring."""

from typing import Any

import pytest
from scrapy.http import HtmlResponse

from crawlers.doctor.missing import missing
from crawlers.doctor.observations import Observations
from schemas.reject import Reject
from tests.crawlers.liststore import SHOP, product

PAGE = HtmlResponse(f"{SHOP}/product/1", body=b"<h1>x</h1>")


def observed(**facts: Any) -> Observations:
    return Observations("acme", SHOP, "", facts.pop("profile", ""), {}, **facts)


def told(observations: Observations, **result: Any) -> list[str]:
    usual: dict[str, Any] = {
        "coverage": {}, "validators": {"cheap": True}, "products": {"exact": True, "basis": ""},
        "shared_photos": [], "unread_photos": 0,
    }  # fmt: skip
    return missing(observations, usual | result)


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ({"forbidden": "robots.txt forbids it"}, "everything: robots.txt forbids it"),
        ({"profile": "a.yaml", "pages": [PAGE]}, "everything: its profile reads none of 1 sampled pages"),
        ({}, "everything: no page could be sampled"),
        (
            {"pages": [PAGE], "undrafted": "they show no price"},
            "everything: no platform reads its products, and no profile could be drafted, since they show no price",
        ),
    ],
)
def test_a_shop_that_cannot_be_read_is_told_with_the_reason(facts: dict[str, Any], sentence: str) -> None:
    assert told(observed(**facts)) == [sentence]


def test_a_refusal_is_told_with_its_words() -> None:
    rejects = [Reject("page", "no_image", SHOP, detail="JSON-LD Product without image")] * 2

    assert "2 of what was sampled is refused: no_image (JSON-LD Product without image)" in told(
        observed(rejects=rejects, pages=[PAGE])
    )


def test_fields_photos_and_later_crawls_are_told_one_by_one() -> None:
    fields = dict.fromkeys(("description", "brand", "categories", "price", "currency", "in_stock"), 1.0)
    coverage = fields | {"colour": 0.0, "price": 0.5}
    shared = [{"url": "u", "products": 2}]

    lines = told(
        observed(products=[product(1)] * 4),
        coverage=coverage,
        validators={"cheap": False},
        products={"exact": False, "basis": "a guess"},
        shared_photos=shared,
    )

    assert lines == [
        "no product states: colour",
        "not every product states: price (50%)",
        "2 of 4 sampled products show one and the same photo, u: perhaps a placeholder",
        "no photo of the sample could be fetched",
        "no answer says 304: every later crawl reads every page again",
        "the number of products is an estimate (a guess)",
    ]
