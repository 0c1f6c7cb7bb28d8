"""What of the code decides a method's vectors, as it enters their fingerprint.

A checkpoint's hash covers what was learnt, not what is computed with it: with another BORDER or another reading of
HASHED, vectors of one checkpoint do not compare. Of every file of methods/ and layers/ that the method at hand is made
of count its `VERSION`, which a change of what it computes raises, and its numbers, which nobody has to remember.
"""

import re
import sys
from collections.abc import Iterator
from dataclasses import asdict, is_dataclass
from types import FunctionType
from typing import Any

from torch import nn

_OURS = ("workers.methods.", "workers.layers.")
_CONSTANT = re.compile(r"_?[A-Z][A-Z0-9_]*")
Recipe = dict[str, dict[str, object]]


def recipe_of(method: nn.Module, config: Any = None) -> Recipe:
    """Name the constants of each file that a method's vectors come from: its modules' own, and the functions they use.

    config  a dataclass: how the method was made
    Numbers, and tuples of numbers, count; names do not, so that one more backbone leaves all vectors as they are, and a
    file that moves to another room does, too: it goes by its own name, which no other layer or method has.
    """
    recipe: Recipe = {}
    waiting = {type(module).__module__ for module in method.modules()}
    waiting |= {getattr(module, "drawn_in", "") for module in method.modules()}
    while waiting:
        name = waiting.pop()
        if name.startswith(_OURS) and (file := _file(name)) not in recipe:
            names = vars(sys.modules[name])
            recipe[file] = {key: value for key, value in sorted(names.items()) if _is_number_of(key, value)}
            waiting.update(_modules_of_functions(names))
    if is_dataclass(config) and not isinstance(config, type):
        recipe["config"] = asdict(config)
    return recipe


def _file(module: str) -> str:
    """layers.resnet of workers.layers.networks.resnet."""
    _, *rooms, file = module.split(".")
    return ".".join([*rooms[:1], file])


def _modules_of_functions(names: dict[str, Any]) -> Iterator[str]:
    return (value.__module__ for value in names.values() if isinstance(value, FunctionType))


def _is_number_of(name: str, value: object) -> bool:
    return _CONSTANT.fullmatch(name) is not None and _is_number(value)


def _is_number(value: object) -> bool:
    if isinstance(value, tuple):
        return bool(value) and all(map(_is_number, value))
    return isinstance(value, int | float)
