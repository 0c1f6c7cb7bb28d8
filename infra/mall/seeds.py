"""Chance that is the same in every process: a generator named by what it decides.

Python's own hash() is salted per process, so names go through SHA-256 instead.
"""

import hashlib
from random import Random


def digest(*names: object) -> str:
    """Hex SHA-256 of the names, in order."""
    return hashlib.sha256("\x1f".join(map(str, names)).encode()).hexdigest()


def chance(*names: object) -> Random:
    """A generator that depends on the names alone: chance(7, "photo", sku)."""
    return Random(int(digest(*names)[:16], 16))


def number(*names: object) -> int:
    """A positive integer below 2**40 that depends on the names alone; platform ids look like that."""
    return int(digest(*names)[:10], 16)
