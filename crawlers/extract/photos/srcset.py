"""The candidates of a srcset attribute, as the HTML standard splits it (section "Parsing a srcset attribute")."""

import re
from collections.abc import Iterator

_LONGEST = 20_000  # characters that are read of one attribute
_BETWEEN = " \t\n\r\f,"
_CANDIDATE = re.compile(r"[\s,]*+(\S*[^\s,])(?:,|\s+([^,]*))?")
_DESCRIPTOR = re.compile(r"(\d+(?:\.\d+)?)\s*([wx])")


def candidates(srcset: str) -> Iterator[tuple[str, float, str]]:
    """Read address, number and unit (`w` or `x`) of each; one without a descriptor is `1x`.

    An address may hold commas, as those of image servers do; only one at its end, or behind a descriptor, parts two.
    """
    for match in _CANDIDATE.finditer(srcset[:_LONGEST].strip(_BETWEEN)):
        described = _DESCRIPTOR.match((match[2] or "").strip())
        number, unit = (float(described[1]), described[2]) if described else (1.0, "x")
        yield match[1], number, unit
