"""workers/contract/bounds.py: settings are checked by the types of their fields."""

import pytest

from schemas.errors import InputError
from workers.contract import registry
from workers.contract.bounds import checked
from workers.contract.training import Training
from workers.layers.networks.backbone import BACKBONES
from workers.layers.networks.timm_network import PREFIX
from workers.methods.house import Config as HouseConfig


@pytest.mark.parametrize(
    ("method", "change", "why"),
    [
        ("house", {"image_size": "0"}, r"house image_size 0: must be .* 16 \(16 to 2,048\)"),
        ("house", {"image_size": -5}, r"house image_size -5: must be .* 16"),
        ("house", {"batch": "0"}, r"house batch 0: must be .* 1 \(1 to 65,536\)"),
        ("house", {"optimiser": "foo"}, "house optimiser foo: must be 'sgd', 'adamw' or 'muon'"),
        ("house", {"schedule": "cosin"}, "must be 'plateau' or 'cosine'"),
        ("house", {"backbone": "vit"}, "house backbone vit: there are resnet18, .*timm:<name>"),
        ("house", {"sampling": "some"}, "must be 'words', 'photos', 'pk' or 'pairs'"),
        ("house", {"pooling": "mean"}, "must be 'gap', 'gem' or 'max'"),
        ("house", {"learning_rate": "0"}, "must be greater than 0"),
        ("house", {"learning_rate": "nan"}, "must be"),
        ("house", {"momentum": "1"}, "must be less than 1"),
        ("house", {"epochs": "-1"}, "must be .* 0"),
        ("house", {"epochs": "1.5"}, "house epochs: '1.5' is no int"),
        ("house", {"typical": "7"}, "must be less than or equal to 1"),
        ("house", {"area": "0"}, "must be greater than 0"),
        ("corbiere", {"negatives": "-1"}, "must be"),
        ("corbiere", {"seed": "-1"}, "must be"),
        ("corbiere", {"weight_decay": "-0.1"}, "must be"),
        ("histogram", {"bins": "0"}, r"must be .* 1 \(1 to 16\)"),
        ("histogram", {"grid": "99"}, "must be"),
    ],
)
def test_a_value_out_of_bounds_is_refused_with_them(method: str, change: dict[str, object], why: str) -> None:
    with pytest.raises(InputError, match=why) as caught:
        registry.settings_of(method, change)

    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("method", registry.names())
def test_every_method_is_within_its_own_bounds(method: str) -> None:
    settings = registry.settings_of(method)

    assert registry.settings_of(method, settings.flat()) == settings


def test_text_becomes_what_the_field_is() -> None:
    values = checked(Training, "house", {"batch": "64", "learning_rate": "1e-3", "schedule": "cosine"})

    assert values == {"batch": 64, "learning_rate": 0.001, "schedule": "cosine"}


@pytest.mark.parametrize("backbone", [*BACKBONES, "timm:vit_small_patch16_224"])
def test_every_network_that_there_is_may_be_asked_for(backbone: str) -> None:
    assert registry.settings_of("house", {"backbone": backbone}).config.backbone == backbone


def test_a_refusal_names_every_network_that_is_built() -> None:
    with pytest.raises(InputError, match=f"there are {', '.join(BACKBONES)}, {PREFIX}<name>$"):
        checked(HouseConfig, "house", {"backbone": PREFIX})
