"""workers/training/weights/weights_choice.py: "auto" becomes what is there, or is refused, and is said."""

import pytest

from schemas.errors import InputError
from workers.contract import registry
from workers.layers.networks import efficientnet_lite
from workers.training.weights.weights_choice import decided, said

LITE = {"backbone": "efficientnet_lite0", "weights": "auto"}


def settings(name: str = "house", **changes: object) -> registry.Settings:
    return registry.settings_of(name, changes)


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Lite's weights are, or are not, on this machine."""
    monkeypatch.setattr(efficientnet_lite, "installed", lambda name: request.param)


@pytest.mark.parametrize("here", [True], indirect=True)
def test_installed_weights_are_taken_by_their_name(here: None) -> None:
    for method in ("house", "corbiere"):
        chosen = decided(settings(method, **LITE))
        assert chosen.flat() == settings(method, **LITE | {"weights": "imagenet"}).flat()
        assert said(chosen) == "ImageNet weights"


@pytest.mark.parametrize("here", [False], indirect=True)
def test_without_them_a_training_of_everything_is_one_from_random_weights_and_says_so(here: None) -> None:
    chosen = decided(settings(**LITE))

    assert chosen.config.weights == "random" and said(chosen) == "random weights"


@pytest.mark.parametrize("here", [False], indirect=True)
def test_nobody_learns_words_on_a_frozen_random_network_without_asking_for_it(here: None) -> None:
    why = "no weights of efficientnet_lite0 are installed.*--set weights=imagenet .*--set weights=random"
    with pytest.raises(InputError, match=why) as caught:
        decided(settings("corbiere", **LITE))
    assert "\n" not in str(caught.value)
    with pytest.raises(InputError, match=why):
        decided(settings("house", **LITE, frozen_epochs=1))

    asked = settings("corbiere", backbone="efficientnet_lite0", weights="random")
    assert decided(asked) == asked
    assert decided(settings("corbiere", **LITE, frozen_epochs=0)).config.weights == "random"


@pytest.mark.parametrize("weights", ["random", "imagenet", "some/file.pt"])
def test_what_is_asked_for_by_name_stays(weights: str) -> None:
    asked = settings(weights=weights)

    assert decided(asked) is asked
    assert said(asked) == {"random": "random weights", "imagenet": "ImageNet weights"}.get(
        weights, "weights of a file"
    )


def test_a_method_without_weights_has_nothing_to_decide() -> None:
    assert decided(settings("histogram")) == settings("histogram")


def test_an_unknown_backbone_is_refused_before_anything_starts() -> None:
    with pytest.raises(InputError, match="backbone vgg16: there are resnet18"):
        decided(settings(backbone="vgg16", weights="auto"))
