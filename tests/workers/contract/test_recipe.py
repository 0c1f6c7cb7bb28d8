import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from torch import nn

from tests.workers.contract.every_method import METHOD, built
from workers.contract.recipe import recipe_of
from workers.layers import colour, pixels
from workers.layers.networks import backbone, efficientnet_lite, resnet
from workers.methods import house


@METHOD
def test_every_file_that_a_method_is_made_of_has_a_version(name: str) -> None:
    method = built(name)

    recipe = recipe_of(method)

    own = type(method).__module__
    assert own.removeprefix("workers.") in recipe
    is_foreign = "vitrine_methods" in str(sys.modules[own].__file__)
    for file, constants in recipe.items():
        assert is_foreign or isinstance(constants["VERSION"], int), file


@pytest.mark.parametrize(
    ("module", "constant", "value"),
    [
        (colour, "BORDER", 11.0),
        (colour, "BINS", (17, 17, 19)),
        (colour, "_WHITE", (0.9504, 1.0, 1.0888)),
        (house, "VERSION", 99),
        (resnet, "VERSION", 2),
        (pixels, "VERSION", 2),  # a function that a layer calls
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_a_constant_or_version_of_any_file_that_takes_part_moves_the_recipe(
    module: Any, constant: str, value: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    method = built("house", backbone="resnet18")
    before = recipe_of(method)

    monkeypatch.setattr(module, constant, value)

    assert recipe_of(method) != before


def test_what_takes_no_part_moves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    method = built("house", backbone="resnet18")
    before = recipe_of(method)

    monkeypatch.setattr(efficientnet_lite, "EPSILON", 1.0)
    monkeypatch.setattr(backbone, "BACKBONES", (*backbone.BACKBONES, "another"))
    monkeypatch.setattr(import_module("workers.methods.corbiere"), "VERSION", 9)

    assert recipe_of(method) == before


def test_how_the_method_was_made_is_part_of_it() -> None:
    method = nn.Linear(1, 1)

    assert recipe_of(method) == {}
    assert recipe_of(method, house.Config()) != recipe_of(method, house.Config(colour=0.5))


@pytest.mark.parametrize("room", ["layers", "methods"])
def test_a_file_goes_by_its_own_name_which_no_other_has(room: str) -> None:
    """So that a file may move to another room, and all vectors stay comparable."""
    top = Path(next(iter(import_module(f"workers.{room}").__path__)))
    names = [file.stem for file in top.rglob("*.py") if file.stem != "__init__"]

    assert len(names) > 9 and len(names) == len(set(names))
    assert "layers.resnet" in recipe_of(built("house", backbone="resnet18"))
