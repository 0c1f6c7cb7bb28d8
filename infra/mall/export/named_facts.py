"""What is true of a drawn garment as DeepFashion names it: attributes in groups, categories in capitals."""

from infra.mall.garments.design import CATEGORIES, LENGTHS, PRINTS, Design
from infra.mall.garments.palette import TONES

GROUPS = ("texture", "fabric", "shape", "part", "style")  # attribute types 1 to 5
_GROUP_OF = {
    "pattern": "texture",
    "colour": "texture",
    "print": "texture",
    "material": "fabric",
    "length": "shape",
    "sleeve": "shape",
    "neckline": "part",
    "detail": "part",
    "style": "style",
    "gender": "style",
}


def attribute_names() -> list[tuple[str, int]]:
    """Every name that a garment may have, with its group from 1, group by group."""
    values: dict[str, set[str]] = {fact: set() for fact in _GROUP_OF}
    for may in CATEGORIES.values():
        values["style"].update(may.styles)
        values["sleeve"].update(may.sleeves)
        values["neckline"].update(may.necklines)
        values["pattern"].update(may.patterns)
        values["material"].update(may.materials)
        values["detail"].update(may.details)
        values["gender"].update(may.genders)
    values["material"].add("denim")
    values["colour"].update(TONES)
    values["length"].update(name for name, _ in LENGTHS)
    values["print"].update(PRINTS)
    names = [
        (_name(fact, value), GROUPS.index(_GROUP_OF[fact]) + 1)
        for fact, said in values.items()
        for value in said
        if value not in ("", "none")
    ]
    return sorted(names, key=lambda pair: (pair[1], pair[0]))


def attributes_of(look: Design) -> frozenset[str]:
    """The names that are true of a garment."""
    pairs = (fact.split(": ", 1) for fact in look.attributes)
    return frozenset(_name(fact, value) for fact, value in pairs)


def in_capitals(category: str) -> str:
    """A category as the files write it: `Tank_Top`."""
    return "_".join(word.title() for word in category.split())


def _name(fact: str, value: str) -> str:
    return f"{value} {fact}"
