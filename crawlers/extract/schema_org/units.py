"""The unit of a measured value, as people write it: schema.org's unitText, or a code of UN/CEFACT in its unitCode."""

import re

# Recommendation 20 of UN/CEFACT, those in which clothes are described; a piece (C62, EA) is no unit to write.
_WRITTEN = {
    **{"MMT": "mm", "CMT": "cm", "DMT": "dm", "MTR": "m", "KMT": "km", "INH": "in", "FOT": "ft", "YRD": "yd"},
    **{"MGM": "mg", "GRM": "g", "KGM": "kg", "ONZ": "oz", "LBR": "lb", "MLT": "ml", "CLT": "cl", "LTR": "l"},
    **{
        "P1": "%",
        "GM": "g/m²",
        "CMK": "cm²",
        "MTK": "m²",
        "DMQ": "dm³",
        "CEL": "°C",
        "FAH": "°F",
        "A49": "den",
    },
    **{"WTT": "W", "VLT": "V", "DAY": "d", "MON": "months", "ANN": "years", "OZA": "fl oz", "DD": "°"},
}
_PIECES = frozenset(["C62", "H87", "EA", "NAR", "PCE"])
_SYMBOLS = {symbol.casefold() for symbol in _WRITTEN.values()} | {'"', "inch", "inches", "denier", "gsm"}
_LONGEST = 30  # characters of a unit; more is a sentence
_LAST = re.compile(r"[/:#]")
_ENDS_IN_NUMBER = re.compile(r"[\d¼½¾]\Z")


def unit_of(text: str, code: str) -> str:
    """Read a unit from what a node states as unitText and unitCode; empty for a piece, and where neither says one.

    Shops write a code as text, a text as code, and a code as an address.
    """
    if text and len(text) <= _LONGEST:
        return "" if text in _PIECES else _WRITTEN.get(text, text)
    last = _LAST.split(code[-_LONGEST:].strip())[-1]
    return _WRITTEN.get(last.upper(), last if last.casefold() in _SYMBOLS else "")


def with_unit(line: str, unit: str) -> str:
    """Write a unit behind a value that is, or ends in, a number; one that names its unit itself stays as it is."""
    return f"{line} {unit}" if unit and _ENDS_IN_NUMBER.search(line) else line
