"""Columns of a product file that say more of a photo than a shop does -> an Annotation."""

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from crawlers.extract.text import line_of, words_listed
from schemas.annotation import BOX, DOMAINS, LANDMARK, Annotation, Box, Landmark

COLUMNS = ("category", "attributes", "landmarks", "box", "domain")


def holds(column: str, kind: pa.DataType) -> bool:
    """Whether a file's column of this type can be read as `column`; texts can, unless places are wanted."""
    if column == "box":
        return pa.types.is_struct(kind) and _names(BOX) <= _names(kind)
    if column == "landmarks":
        listed = pa.types.is_list(kind) or pa.types.is_large_list(kind)
        inner = kind.value_type if listed else None
        return inner is not None and pa.types.is_struct(inner) and _names(LANDMARK) <= _names(inner)
    return True


def annotation_of(fields: Mapping[str, Any]) -> Annotation:
    """Read the annotation in a row's `fields`, by our names; empty where there is none.

    A domain that is none of schemas.annotation.DOMAINS is not known: files use the word for other things.
    Raises ValueError where a landmark or a box is outside the photo, or no number.
    """
    domain = line_of(_text(fields.get("domain"))).lower()
    return Annotation(
        category=line_of(_text(fields.get("category"))),
        attributes=tuple(dict.fromkeys(words_listed(fields.get("attributes")))),
        landmarks=tuple(map(_landmark, fields.get("landmarks") or ())),
        box=_box(fields.get("box")),
        domain=domain if domain in DOMAINS else "",
    )


def _landmark(point: Mapping[str, Any] | None) -> Landmark:
    if point is None or not isinstance(point["visible"], bool):
        raise ValueError("a landmark that does not say whether it is visible")
    return Landmark(line_of(_text(point["name"])), _share(point["x"]), _share(point["y"]), point["visible"])


def _box(sides: Mapping[str, Any] | None) -> Box | None:
    if sides is None or all(sides[side] is None for side in sorted(_names(BOX))):
        return None
    return Box(*(_share(sides[field.name]) for field in BOX))


def _share(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{value} is no share of a photo's side")
    return float(value)


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""


def _names(kind: pa.StructType) -> set[str]:
    return {field.name for field in kind}
