"""JSON-LD as shops write it: every style is broken or unusual, and readable by a tolerant parser."""

import json
from collections.abc import Callable
from html import escape
from typing import Any

Node = dict[str, Any]


def usual(data: Node) -> str:
    """As it should be."""
    # "</" inside a script would end it.
    return json.dumps(data, ensure_ascii=False).replace("</", "<\\/")


def cdata(data: Node) -> str:
    """In the wrapper that XHTML wanted."""
    return f"//<![CDATA[\n{usual(data)}\n//]]>"


def comment(data: Node) -> str:
    """Hidden from browsers of 1995."""
    return f"<!--\n{usual(data)}\n-->"


def trailing_commas(data: Node) -> str:
    """A comma after the last of a list and of an object."""
    rest = {name: value for name, value in data.items() if name != "image"}
    return f'{usual(rest)[:-1]}, "image": {json.dumps(data["image"])[:-1]},],}}'


def entities(data: Node) -> str:
    """Escaped as if it were text."""
    return escape(json.dumps(data, ensure_ascii=False))


def control_characters(data: Node) -> str:
    """Line breaks and tabs raw inside a string."""
    broken = data | {"description": f"{data['description']}@BREAK@"}
    return usual(broken).replace("@BREAK@", "\n\t\x0b")


def semicolon(data: Node) -> str:
    """Ended like a statement."""
    return f"{usual(data)};"


def graph(data: Node) -> str:
    """Among other nodes in a @graph."""
    node = {name: value for name, value in data.items() if name != "@context"}
    site = {"@type": "WebPage", "@id": f"{data['url']}#page", "name": data["name"]}
    return usual({"@context": "https://schema.org", "@graph": [site, node]})


def type_list(data: Node) -> str:
    """Of several types at once."""
    return usual(data | {"@type": ["Product", "https://schema.org/IndividualProduct"]})


def node_list(data: Node) -> str:
    """A list of nodes at the top."""
    return json.dumps([{"@type": "Organization", "name": "shop"}, data], ensure_ascii=False).replace(
        "</", "<\\/"
    )


def image_string(data: Node) -> str:
    """One image, as text; the shop names no other."""
    return usual(data | {"image": data["image"][0]["contentUrl"]})


def image_list(data: Node) -> str:
    """Images as a list of texts."""
    return usual(data | {"image": [image["contentUrl"] for image in data["image"]]})


def image_url(data: Node) -> str:
    """ImageObjects that say `url` and not `contentUrl`."""
    return usual(
        data | {"image": [{"@type": "ImageObject", "url": image["contentUrl"]} for image in data["image"]]}
    )


def image_relative(data: Node) -> str:
    """Images by their paths."""
    return usual(data | {"image": ["/" + image["contentUrl"].split("/", 3)[3] for image in data["image"]]})


def aggregate_offer(data: Node) -> str:
    """A range of prices, with the offers inside. A list price belongs to the lowest and is said of the range, too."""
    if "offers" not in data:
        return usual(data)
    offer = data["offers"]
    dearer = f"{float(offer['price']) + 10:.2f}"
    reduced = {key: value for key, value in offer.items() if key == "priceSpecification"}
    return usual(
        data
        | {
            "offers": {
                **reduced,
                "@type": "AggregateOffer",
                "lowPrice": offer["price"],
                "highPrice": dearer,
                "priceCurrency": offer["priceCurrency"],
                "offerCount": 2,
                "offers": [
                    offer,
                    {key: value for key, value in offer.items() if key != "priceSpecification"}
                    | {"price": dearer},
                ],
            }
        }
    )


def product_group(data: Node) -> str:
    """A group whose sizes carry the offers."""
    own = {key: value for key, value in data.items() if key not in ("offers", "sku", "image")}
    variants = [
        {"@type": "Product", "sku": f"{data['sku']}-{size}", "name": f"{data['name']} {size}", "size": size}
        | ({"offers": data["offers"]} if "offers" in data else {})
        for size in ("S", "M")
    ]
    return usual(
        own
        | {
            "@type": "ProductGroup",
            "productGroupID": data["sku"],
            "variesBy": "https://schema.org/size",
            "image": data["image"],
            "hasVariant": variants,
        }
    )


STYLES: dict[str, Callable[[Node], str]] = {
    style.__name__: style
    for style in (
        usual,
        cdata,
        comment,
        trailing_commas,
        entities,
        control_characters,
        semicolon,
        graph,
        type_list,
        node_list,
        image_list,
        image_string,  # in an odd place: items of odd numbers have no photo faults that it could hide
        image_url,
        image_relative,
        aggregate_offer,
        product_group,
    )
}
OPENS, CLOSES = '<script type="application/ld+json">', "</script>"


def rewritten(page: str, style: str) -> str:
    """A page with its JSON-LD in another style."""
    before, opens, rest = page.partition(OPENS)
    data, closes, after = rest.partition(CLOSES)
    return before + opens + STYLES[style](json.loads(data)) + closes + after if opens else page
