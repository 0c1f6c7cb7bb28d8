"""folding.py: a folded network gives the same maps, reads pixels as they are, and is seen by nobody."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from workers.contract import NO_LABELS, Batch, registry
from workers.layers.joined_batch import share_batch_statistics
from workers.layers.networks.backbone import Backbone
from workers.layers.networks.folding import fold, folded, reading_pixels

PHOTOS = torch.rand(4, 3, 64, 64, generator=torch.Generator().manual_seed(3))
LEVELS = torch.randint(0, 256, (4, 3, 64, 64), dtype=torch.uint8, generator=torch.Generator().manual_seed(4))
ALIKE = 0.9999  # cosine of vectors


def moved(module: nn.Module) -> nn.Module:
    """A network whose batch normalisations have something to fold."""
    torch.manual_seed(0)
    for part in module.modules():
        if isinstance(part, nn.BatchNorm2d):
            assert part.running_mean is not None and part.running_var is not None
            nn.init.normal_(part.running_mean, std=0.1)
            nn.init.uniform_(part.running_var, 0.5, 1.5)
            nn.init.uniform_(part.weight, 0.5, 1.5)
            nn.init.normal_(part.bias, std=0.1)
    return module.eval()


def trunk(backbone: str = "resnet18") -> Backbone:
    torch.manual_seed(0)
    made = moved(Backbone(backbone))
    assert isinstance(made, Backbone)
    return made


def norms(network: nn.Module) -> list[nn.Module]:
    return [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]


@pytest.mark.parametrize("backbone", ["resnet18", "efficientnet_lite0"])  # read by torch.fx, and not
@pytest.mark.parametrize("half", [False, True])
def test_a_folded_network_gives_the_same_maps_without_normalising(backbone: str, half: bool) -> None:
    whole = trunk(backbone)
    with torch.inference_mode():
        wanted = whole(PHOTOS)
        network = folded(whole.maps, half)
        whole.use(network)
        with torch.autocast("cpu", torch.bfloat16, enabled=half):
            found = whole(PHOTOS)

    assert not norms(network) and norms(whole.maps)
    bound = (0.03 if backbone == "resnet18" else 0.1) if half else 1e-5  # as far as autocast is off, too
    assert (found.float() - wanted).norm() < bound * wanted.norm()
    assert all(parameter.dtype == torch.float32 for parameter in whole.maps.parameters())


def test_a_network_of_several_workers_is_folded_by_what_it_remembers() -> None:
    plain, shared = trunk(), trunk()
    share_batch_statistics(shared)

    network = folded(shared.maps, False)

    shared.use(network)
    torch.testing.assert_close(shared(PHOTOS), plain(PHOTOS), atol=1e-4, rtol=1e-2)
    assert not any(type(module) is nn.BatchNorm2d for module in shared.maps.modules())


@pytest.mark.parametrize("backbone", ["resnet18", "efficientnet_lite0"])
def test_normalising_is_part_of_the_first_convolution(backbone: str) -> None:
    plain = trunk(backbone)
    with torch.inference_mode():
        wanted = plain(LEVELS)
        network = reading_pixels(folded(plain.maps, False), plain.mean, plain.std, 64)
        assert network is not None

        torch.testing.assert_close(network(LEVELS), wanted, atol=2e-4, rtol=1e-3)
        torch.testing.assert_close(network(LEVELS / 255), network(LEVELS), atol=2e-4, rtol=1e-3)


def test_a_network_that_begins_otherwise_normalises_as_before() -> None:
    patches = nn.Sequential(nn.PixelUnshuffle(4), nn.Conv2d(48, 4, 1), nn.BatchNorm2d(4)).eval()

    assert reading_pixels(folded(patches, False), torch.zeros(1, 3, 1, 1), torch.ones(1, 3, 1, 1), 8) is None


@pytest.mark.parametrize(
    ("method", "settings"),
    [
        ("corbiere", {"backbone": "resnet18"}),
        ("house", {"backbone": "efficientnet_lite0", "colour": 0.5}),
        ("darn", {"backbone": "resnet18"}),
        ("histogram", {}),
    ],
)
def test_vectors_of_a_folded_method_stand_beside_those_of_the_whole_one(
    method: str, settings: dict[str, object]
) -> None:
    small = {"weights": "random", "image_size": 64} if settings else {}
    made = moved(registry.build(registry.settings_of(method, settings | small), NO_LABELS))
    batch = Batch(LEVELS, {"domain": torch.zeros(len(LEVELS), dtype=torch.int64)})
    states = {name: value.clone() for name, value in made.state_dict().items()}

    def vectors() -> Tensor:
        with torch.inference_mode():
            found: Tensor = made.embed(batch)
        return found

    wanted = vectors()
    fold(made, half=False)

    assert F.cosine_similarity(vectors(), wanted).min() > 1 - 1e-5
    assert all(torch.equal(value, states[name]) for name, value in made.state_dict().items())
    if settings.get("backbone") == "resnet18":  # others are further off, folded or not
        fold(made, half=True)
        with torch.autocast("cpu", torch.bfloat16):
            assert F.cosine_similarity(vectors(), wanted).min() > ALIKE
