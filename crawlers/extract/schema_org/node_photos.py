"""The photos that schema.org nodes name: of a product and of all that says more of it, and in its customers' reviews.

`image` is a URL or an ImageObject (schema.org/image), alone or in a list, or an ImageGallery of them; shops also call
it `images` or `photo`, or put them into `associatedMedia`. An ImageObject's file is its `contentUrl`, and its `@id` is
a name, mostly the page's address with a fragment, unless it ends like an image file.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from crawlers.extract.photos.photo_proxies import IMAGE_FILE
from crawlers.extract.photos.photo_urls import add
from crawlers.extract.photos.stand_ins import is_no_photo
from crawlers.extract.schema_org.jsonld import Node, distinct, follow, line_in, listed, parts
from crawlers.extract.schema_org.property_names import types_of

_PHOTOS = ("image", "images", "photo", "photos", "associatedMedia")
_ADDRESSES = ("contentUrl", "url", "@id", "src", "image", "thumbnailUrl")
_GALLERIES = frozenset(["imagegallery", "mediagallery", "collection"])
_IN_GALLERY = ("associatedMedia", "image", "hasPart", "photo", "photos")
_FILMS = frozenset(["videoobject", "audioobject", "3dmodel"])
_MOST_IMAGES = 20_000  # looked at on one page, whatever refers to them
_DEEPEST = 3


def photos_of(nodes: Sequence[Node], nodes_by_id: Mapping[str, Node], base: str) -> dict[str, str]:
    """Collect the photos of a product's nodes, then what its customers sent: view by address.

    A node or list that many refer to is read once: its photos are known by then, and the first view of each counts.

    nodes  the product itself, then whatever else may show it: variants, pieces that are offered, offers
    """
    photos: dict[str, str] = {}
    stated = (node[name] for node in nodes for name in _PHOTOS if name in node)
    values: list[tuple[Any, str]] = [(value, "") for value in distinct(stated)]
    for node in nodes[:1]:
        for review in distinct(parts(node.get("review")) + parts(node.get("reviews"))):
            values.append(([review.get("image"), review.get("associatedMedia")], "customer"))
    seen: set[tuple[int, int]] = set()
    images = ((*image, view) for value, view in values for image in _images(value, nodes_by_id, seen))
    for address, caption, view in islice(images, _MOST_IMAGES):
        add(photos, address, base, caption, view)
    return photos


def _images(
    value: Any, nodes_by_id: Mapping[str, Node], seen: set[tuple[int, int]], depth: int = 0
) -> Iterator[tuple[str, str]]:
    """Read address and caption of each image: a string, an ImageObject, or a list of either.

    seen  nodes and lists that were read at a depth; how deep they may go on depends on that
    """
    for image in listed(value) if depth <= _DEEPEST else ():
        if isinstance(image, str):
            image = nodes_by_id.get(image.strip(), image) if "#" in image else image
        if isinstance(image, str):
            yield image, ""
            continue
        image = follow(image, nodes_by_id) if isinstance(image, dict) else image
        if (id(image), depth) in seen:
            continue
        seen.add((id(image), depth))
        if isinstance(image, list):
            yield from _images(image, nodes_by_id, seen, depth + 1)
        elif isinstance(image, dict):
            if not _FILMS.isdisjoint(types_of(image)):
                continue
            if not _GALLERIES.isdisjoint(types_of(image)):
                inside = [image[name] for name in _IN_GALLERY if name in image]
                yield from _images(inside, nodes_by_id, seen, depth + 1)
                continue
            caption = " ".join(filter(None, (line_in(image.get("name")), line_in(image.get("caption")))))
            for address, _ in _images(_file_of(image), nodes_by_id, seen, depth + 1):
                yield address, caption


def _file_of(image: Node) -> Any:
    """Find where an ImageObject lies: the first of its addresses that can be one."""
    values = [(name, image[name]) for name in _ADDRESSES if image.get(name)]
    usable = (
        value
        for name, value in values
        if not isinstance(value, str)
        or (not is_no_photo(value) and (name != "@id" or ("#" not in value and IMAGE_FILE.search(value))))
    )
    return next(usable, None)
