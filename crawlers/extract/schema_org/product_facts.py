"""What the nodes of a product say of it beside price and photos: colour, gender, brand, material and other facts.

A fact may stand on the product, a variant, an offer or what that offers, once or with several values, as a property
of its own or as an `additionalProperty` under the shop's name for it. All values are kept, in the page's order.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Any

from crawlers.extract.fact_names import every_taken, joined
from crawlers.extract.schema_org.jsonld import Node, distinct, line_in, lines_in, listed, parts
from crawlers.extract.schema_org.product_parts import ProductParts
from crawlers.extract.text import line_of

_SHARED = ("material", "pattern", "size")  # of product and variants together
_FACTS = (
    "mpn",
    "gtin",
    "gtin8",
    "gtin12",
    "gtin13",
    "gtin14",
    "itemCondition",
)  # of the product, else of its parts
_MEASURED = ("value", "minValue", "maxValue", "unitText", "unitCode")
_SIZED_FOR = re.compile(r"WearableSizeGroup(Mens|Womens|Boys|Girls)\b", re.I)
_MOST_VALUES = 2_000  # of one fact


@dataclass(frozen=True)
class Facts:
    """Columns as one text each, several values joined by commas; `attributes` by the shop's names for them."""

    colour: str
    gender: str
    brand: str
    attributes: dict[str, str]


def facts_of(whole: ProductParts) -> Facts:
    """Read the facts that a product, its variants and its offers state; what fills a column is no attribute too."""
    every = whole.every()
    more = _additional(every)
    colour = joined([_values("color", every), every_taken(more, "colour")])
    gender = _gender(every, more)
    brand = _brand(every) or every_taken(more, "brand")
    attributes = {
        name: text for name in _FACTS if (text := _values(name, [whole.node]) or _values(name, every))
    }
    attributes |= {name: text for name in _SHARED if (text := _values(name, every))}
    for name, text in more.items():
        attributes[name] = joined([attributes[name], text]) if name in attributes else text
    return Facts(colour, gender, brand, attributes)


def _stated(name: str, nodes: Iterable[Node]) -> list[Any]:
    """Collect what nodes say of a property, each thing once: many may refer to one."""
    return distinct(thing for node in nodes for thing in listed(node.get(name)))


def _values(name: str, nodes: list[Node]) -> str:
    return joined(islice((line for thing in _stated(name, nodes) for line in lines_in(thing)), _MOST_VALUES))


def _brand(nodes: list[Node]) -> str:
    """Read the brand, several as a list: a name may hold commas itself."""
    for name in ("brand", "manufacturer"):
        things = islice(_stated(name, nodes), _MOST_VALUES)
        if brands := dict.fromkeys(text for thing in things if (text := line_in(thing))):
            return ", ".join(brands)
    return ""


def _gender(nodes: list[Node], more: dict[str, str]) -> str:
    """Read whom a product is for: the gender of its audience or of its size, else what else is said of these."""
    audiences, sizes = _stated("audience", nodes), _stated("size", nodes)
    suggested = _members("suggestedGender", [*parts(audiences), *parts(sizes)])
    if found := suggested or joined([_members("gender", nodes), every_taken(more, "gender")]):
        return found
    if found := _members("audienceType", parts(audiences)) or joined(map(_member, lines_in(audiences))):
        return found
    groups = (text for size in parts(sizes) for text in lines_in(size.get("sizeGroup")))
    return joined(match[1] for text in groups if (match := _SIZED_FOR.search(text)))


def _members(name: str, nodes: list[Node]) -> str:
    lines = (line for thing in _stated(name, nodes) for line in lines_in(thing))
    return joined(_member(line) for line in islice(lines, _MOST_VALUES))


def _member(text: str) -> str:
    """Name the member of an enumeration (`https://schema.org/Male`); another text is returned as it is."""
    return re.split("[/:]", text.rstrip("/"))[-1] if re.match(r"(?:https?|schema):", text, re.I) else text


def _additional(nodes: list[Node]) -> dict[str, str]:
    """Read every additionalProperty, the values of one name together (schema.org/PropertyValue).

    A node that is none, {"Fabric": "wool", "Fit": "slim"}, says each of its own names.
    """
    lines_by_name: dict[str, list[str]] = {}
    for fact in parts(_stated("additionalProperty", nodes)):
        values = {name: fact.get(name) for name in _MEASURED}
        name = line_in(fact.get("name")) or line_of(str(fact.get("propertyID") or ""))
        if name and (lines := list(lines_in(values))):
            lines_by_name.setdefault(name, []).extend(lines)
        elif not name and not any(map(fact.__contains__, ("@type", "@id", *_MEASURED))):
            for label, value in fact.items():
                lines_by_name.setdefault(line_of(label), []).extend(lines_in(value))
    return {name: joined(lines) for name, lines in lines_by_name.items() if name and lines}
