from datetime import UTC, datetime

from crawlers.discover.visit import Visit
from crawlers.extract.opted_out import without_opted_out
from schemas.product import Product
from schemas.reject import Reject

COAT = Product(
    "acme:1",
    "acme",
    "Coat",
    "json-ld",
    datetime.now(UTC),
    url="https://shop.example/1",
    image_urls=("https://cdn.example/a.jpg", "https://cdn.example/b.jpg"),
    image_views=("front", ""),
)
OTHERS = [Visit("https://shop.example/2"), Reject("page", "no_image", "https://shop.example/3")]


def test_nothing_is_refused_where_nothing_is_said() -> None:
    assert without_opted_out([COAT, *OTHERS], noai=False, noimageai=False) == [COAT, *OTHERS]


def test_noai_refuses_the_product_and_nothing_else() -> None:
    refusal, *others = without_opted_out([COAT, *OTHERS], noai=True, noimageai=True)

    assert refusal == Reject("page", "opted_out", COAT.url, "acme:1", "noai")
    assert others == OTHERS


def test_noimageai_refuses_every_photo_and_keeps_the_product() -> None:
    product, *refusals = without_opted_out([COAT], noai=False, noimageai=True)

    assert isinstance(product, Product) and product.image_urls == product.image_views == ()
    assert [(row.stage, row.url) for row in refusals if isinstance(row, Reject)] == [
        ("image", url) for url in COAT.image_urls
    ]
