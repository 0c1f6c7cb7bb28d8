"""Names of schema.org's properties and types, as shops spell them: Offers, schema:offers, https://schema.org/Product/."""

import re
from typing import Any

_READ = """
    @context @graph @id @included @list @set @type @value about additionalProperty associatedMedia audience
    audienceType availability billingDuration billingIncrement billingStart brand breadcrumb breadcrumbList
    businessFunction caption category color contentUrl currency description eligibleCustomerType eligibleQuantity
    eligibleTransactionVolume gender gtin gtin12 gtin13 gtin14 gtin8 hasPart hasVariant highPrice image images
    inProductGroupWithID isVariantOf item itemCondition itemListElement itemOffered keywords lowPrice mainEntity
    manufacturer material maxPrice maxValue minPrice minValue mpn name offerCount offers pattern photo photos
    position price priceComponent priceComponentType priceCurrency priceSpecification priceType priceValidUntil
    product productGroupID productID propertyID referenceQuantity review reviews size sizeGroup sku src
    suggestedGender thumbnailUrl unitCode unitText url validForMemberTier validFrom validThrough value
    valueAddedTaxIncluded valueReference
"""
# In British spelling, as a list, as data-vocabulary.org called it before schema.org.
_MEANT = {"colour": "color", "colours": "color", "colors": "color", "offerdetails": "offers"}
_SPELT = {name.lower(): name for name in _READ.split()} | _MEANT
_KNOWN = frozenset(_SPELT.values())
# schema.org's own context for JSON-LD gives these two names to the keywords.
_ALIASES = {"type": "@type", "id": "@id"}
_PREFIX = re.compile(r"(?:(?:https?:)?//(?:www\.)?schema\.org/|schema(?:org)?:)", re.I)
_MOST_TYPES, _LONGEST = 20, 500  # of one node; characters of a type
_DEEPEST = 12  # lists in lists
_LAST = re.compile(r"[/:#]")


def property_name(name: str) -> str:
    """Spell the name of a property that is read here as schema.org does; another name is returned as it is."""
    if name in _KNOWN:
        return name
    plain = name.strip()
    if prefix := _PREFIX.match(plain):
        plain = plain[prefix.end() :]
    return _SPELT.get(plain.lower(), name)


def node_of(pairs: list[tuple[str, Any]]) -> Any:
    """Make a node of the pairs of a JSON object, for `json.JSONDecoder(object_pairs_hook=...)`.

    Names are spelt as schema.org does; of one property spelt in two ways the proper one counts, unless it is empty.
    An object that is no node but a list (JSON-LD 1.1, section 4.3: `@list` and `@set`) becomes that list, and lists in
    the list of a property are one list with it, as in JSON-LD a set in a set is. So does an index.
    """
    node = dict(pairs)
    for name, value in node.items():
        if isinstance(value, list) and any(isinstance(part, list) for part in value):
            node[name] = _flat(value)
    for name in [name for name in node if name not in _KNOWN]:
        spelt = property_name(name)
        if spelt == name:
            spelt = _ALIASES.get(name, name) if isinstance(node[name], str) else name
        if spelt != name and not node.get(spelt):
            node[spelt] = node.pop(name)
    if len(node) == 1 and not node.keys().isdisjoint(("@list", "@set")):
        return next(iter(node.values()))
    return list(node.values()) if _is_list(node) else node


def _is_list(node: dict[str, Any]) -> bool:
    """Whether an object is a list of nodes by number or index.

    PHP writes a list so where one of its members was taken out, {"0": ..., "2": ...}; JSON-LD 1.1 knows an index
    (section 4.6.1), as of offers by sku.
    """
    if not node or "@type" in node or not _KNOWN.isdisjoint(node):
        return False
    return all(map(str.isdecimal, node)) or all(
        isinstance(value, dict) and "@type" in value for value in node.values()
    )


def _flat(values: list[Any]) -> list[Any]:
    """Put the members of lists in a list into one; what is nested deeper than anybody writes is dropped."""
    flat: list[Any] = []
    stack = [iter(values)]
    while stack:
        for value in stack[-1]:
            if not isinstance(value, list):
                flat.append(value)
            elif len(stack) < _DEEPEST:
                stack.append(iter(value))
                break
        else:
            stack.pop()
    return flat


def types_of(node: dict[str, Any]) -> list[str]:
    """Read the types of a node in lower case, without vocabulary: `http://schema.org/Product/` is `product`."""
    types = node.get("@type")
    written = types[:_MOST_TYPES] if isinstance(types, list) else [types]
    texts = (name[:_LONGEST].strip().rstrip("/") for name in written if isinstance(name, str))
    return [_LAST.split(text)[-1].lower() for text in texts]
