"""crawlers/extract/schema_org/node_photos.py: the photos that schema.org nodes name."""

from typing import Any

import pytest

from crawlers.extract.schema_org.node_photos import photos_of
from crawlers.extract.schema_org.page_nodes import NodesById

PAGE = "https://shop.example/products/coat"
NODES = [
    {"@id": "#front", "@type": "ImageObject", "contentUrl": "/front.jpg", "caption": "front"},
    {"@id": "#page", "@type": "WebPage", "name": "Coat"},
]


def read(image: Any, *others: dict[str, Any], **more: Any) -> dict[str, str]:
    node = {"@type": "Product", "image": image} | more
    found = photos_of([node, *others], NodesById(NODES), PAGE)
    return {address.removeprefix("https://shop.example"): view for address, view in found.items()}


@pytest.mark.parametrize(
    ("image", "photos"),
    [
        ("/a.jpg", {"/a.jpg": ""}),
        (["/a.jpg", [{"url": "/b.jpg"}]], {"/a.jpg": "", "/b.jpg": ""}),
        ({"@id": "#front"}, {"/front.jpg": "front"}),
        ([{"@id": "#nowhere"}, "/b.jpg"], {"/b.jpg": ""}),
        ({"@id": f"{PAGE}#primaryimage"}, {}),
        (f"{PAGE}/#primaryimage", {}),
        ({"@id": f"{PAGE}/other#logo", "caption": "front"}, {}),
        ({"@id": "/c.jpg"}, {"/c.jpg": ""}),
        ({"@id": "/c.jpg#crop"}, {}),
        ({"contentUrl": "undefined", "url": "/d.jpg"}, {"/d.jpg": ""}),
        ({"thumbnailUrl": "/t.jpg"}, {"/t.jpg": ""}),
        ({"url": ["/e.jpg", "/f.jpg"], "caption": "worn"}, {"/e.jpg": "worn", "/f.jpg": "worn"}),
        ({"@id": "#page"}, {}),
        (
            {"@type": "ImageGallery", "associatedMedia": [{"contentUrl": "/g.jpg"}, "/h.jpg"]},
            {"/g.jpg": "", "/h.jpg": ""},
        ),
        (
            [{"@type": "MediaGallery", "url": PAGE, "image": ["/g.jpg"]}, "/a.jpg"],
            {"/g.jpg": "", "/a.jpg": ""},
        ),
        (
            {"@type": "ImageGallery", "hasPart": [{"@type": "VideoObject", "url": "/v"}, {"@id": "#front"}]},
            {"/front.jpg": "front"},
        ),
        ({"@type": "ImageObject", "image": "/i.jpg"}, {"/i.jpg": ""}),
        (
            ["/a.jpg", "/v.mp4", "https://www.youtube.com/watch?v=a", "//vimeo.com/7", "/size.pdf"],
            {"/a.jpg": ""},
        ),
        ([None, 3, True, {}], {}),
    ],
)
def test_an_image_is_a_text_an_object_a_reference_or_a_list_of_them(
    image: Any, photos: dict[str, str]
) -> None:
    assert read(image) == photos


def test_photos_of_what_is_offered_come_behind_the_products_own_and_reviews_last() -> None:
    others = (
        {"image": "/navy.jpg"},
        {"@type": "Offer", "image": {"@id": "#front"}, "review": {"image": "/no.jpg"}},
    )

    photos = read("/a.jpg", *others, review={"image": "/ann.jpg"})

    assert photos == {"/a.jpg": "", "/navy.jpg": "", "/front.jpg": "front", "/ann.jpg": "customer"}


@pytest.mark.parametrize("name", ["images", "photo", "photos", "associatedMedia"])
def test_photos_under_other_names_come_behind_those_called_image(name: str) -> None:
    assert list(read("/a.jpg", **{name: [{"contentUrl": "/b.jpg"}, "/a.jpg"]})) == ["/a.jpg", "/b.jpg"]
    assert list(read(None, **{name: "/b.jpg"})) == ["/b.jpg"]
