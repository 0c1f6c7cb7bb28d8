"""workers/contract/registry.py: methods by their file's name, settings of both kinds by theirs."""

import subprocess
import sys

import pytest

from schemas.errors import InputError, MethodError
from workers.contract import LabelSpace, registry

# What a train run's manifest records, and readers of older runs find.
CORBIERE = set(
    "backbone weights image_size pooling sampling negatives negative_power mask_true optimiser learning_rate momentum "
    "weight_decay schedule ema batch frozen_epochs epochs augment seed".split()
)
HOUSE = (CORBIERE - {"negatives", "negative_power", "mask_true", "augment"}) | set(
    "photo_size projection colour colour_hidden certainty trust scale label_smoothing photos titles products proxies "
    "area tint clutter typical layer_decay wise_ft settling_epochs frozen_depths axes colour_axes".split()
)


@pytest.mark.parametrize(
    ("name", "keys"),
    [("corbiere", CORBIERE), ("house", HOUSE), ("histogram", {"image_size", "grid", "bins"})],
)
def test_recorded_settings_keep_their_names(name: str, keys: set[str]) -> None:
    assert set(registry.settings_of(name).flat()) == keys


def test_text_becomes_what_it_replaces_in_either_kind_of_settings() -> None:
    settings = registry.settings_of(
        "house", {"batch": "32", "trust": "false", "typical": "0.25", "colour": "1"}
    )

    assert settings.training is not None
    assert (settings.training.batch, settings.training.typical) == (32, 0.25)
    assert (settings.config.trust, settings.config.colour) == (False, 1.0)


@pytest.mark.parametrize(
    ("name", "change", "why"),
    [
        ("house", {"batch": "many"}, "house batch: 'many' is no int"),
        ("house", {"trust": "perhaps"}, "house trust: 'perhaps' is no bool"),
        ("corbiere", {"photo_size": 128}, "corbiere has no setting photo_size: it has backbone"),
        ("histogram", {"epochs": 1}, "histogram has no setting epochs: it has image_size, grid, bins"),
    ],
)
def test_what_cannot_be_set_is_refused_in_one_line(name: str, change: dict[str, object], why: str) -> None:
    with pytest.raises(InputError, match=why):
        registry.settings_of(name, change)


def test_an_unknown_method_is_refused_with_those_there_are() -> None:
    with pytest.raises(MethodError, match=r"no method named 'nobody'; there are .*corbiere"):
        registry.settings_of("nobody")


def test_settings_without_training_are_those_of_the_first_weights() -> None:
    flat = registry.settings_of("corbiere", {"epochs": 9, "weights": "imagenet"}).flat()

    untrained = registry.without_training("corbiere", flat)

    assert untrained == flat | {"epochs": 0, "frozen_epochs": 0}
    assert untrained["weights"] == "imagenet"
    assert registry.without_training("histogram", {"grid": 2}) == {"grid": 2}
    house = registry.settings_of("house", {"axes": 8}).flat()
    begun = registry.settings_of("house", registry.without_training("house", house))
    assert not begun.learns and (begun.config.axes, begun.config.colour_axes) == (0, 0)
    assert registry.settings_of("corbiere", flat).learns
    assert not registry.settings_of("histogram").learns


def test_importing_one_method_imports_no_other() -> None:
    program = (
        "import sys; from workers.contract import registry; registry.settings_of('corbiere');"
        "print(*sorted(name for name in sys.modules if name.startswith('workers.methods.')),"
        "'pytorch_metric_learning' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout.split() == ["workers.methods.corbiere", "False"]


def test_a_seed_makes_the_first_weights() -> None:
    labels = LabelSpace(("red",))
    small = {"backbone": "resnet18", "weights": "random", "image_size": 32}
    one, same, other = (
        registry.build(registry.settings_of("corbiere", small | {"seed": seed}), labels) for seed in (1, 1, 2)
    )

    assert bool((one.words.weight == same.words.weight).all())
    assert not bool((one.words.weight == other.words.weight).any())
