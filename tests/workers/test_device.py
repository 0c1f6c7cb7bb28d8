"""Learning on a GPU without one: torch's fake tensors know their device and refuse to be mixed."""

from collections.abc import Iterator

import pytest
import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.fx.experimental.symbolic_shapes import ShapeEnv

from schemas.annotation import LANDMARKS
from workers.contract import Batch, KnowsFrequencies, LabelSpace, Predicts, Sparse, Trains, registry
from workers.data.augment import Ranges, Transforms, draw_transforms, transformed
from workers.device import sent

WORDS, PHOTOS = 30, 6
SMALL = {"backbone": "resnet18", "weights": "random", "image_size": 32}
CUDA = torch.device("cuda")


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeTensorMode]:
    """Within it no tensor holds numbers, and each is on the device that it is said to be on."""
    monkeypatch.setattr(torch.Tensor, "pin_memory", lambda tensor: tensor)  # what fake tensors lack
    with FakeTensorMode(allow_non_fake_inputs=True, shape_env=ShapeEnv()) as mode:
        yield mode


def on_gpu(module: nn.Module) -> nn.Module:
    """The module with its parameters and buffers on a fake GPU; `.to` cannot swap fake ones in place."""
    for part in module.modules():
        for parameters in (part._parameters, part._buffers):
            for name, tensor in list(parameters.items()):
                if tensor is not None:
                    there = torch.empty(tensor.shape, dtype=tensor.dtype, device=CUDA)
                    parameters[name] = nn.Parameter(there) if parameters is part._parameters else there
    return module


def zeros(*shape: int) -> Tensor:
    return torch.zeros(*shape, dtype=torch.int64, device=CUDA)


@pytest.fixture
def transforms() -> Transforms:
    return draw_transforms(PHOTOS, torch.Generator().manual_seed(0), Ranges(clutter=0.5))


def test_photos_are_changed_on_the_gpu_that_they_are_on(transforms: Transforms, fake: FakeTensorMode) -> None:
    photos = torch.zeros(PHOTOS, 3, 40, 40, dtype=torch.uint8, device=CUDA)

    seen = transformed(photos, transforms, 32)

    assert len(transforms.elsewhere) and seen.device.type == "cuda" and seen.shape == (PHOTOS, 3, 32, 32)


def test_what_is_left_on_the_cpu_is_refused(fake: FakeTensorMode) -> None:
    with pytest.raises(RuntimeError, match="on the same device"):
        torch.zeros(3, device=CUDA).mul_(torch.zeros(3))
    assert torch.zeros(3, device=CUDA).mul_(sent(torch.zeros(3), CUDA)).device.type == "cuda"


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("corbiere", {}),
        ("house", {}),
        ("house", {"titles": 0.1, "projection": 16, "label_smoothing": 0.1}),
    ],
)
def test_every_term_is_computed_on_the_gpu(
    name: str, settings: dict[str, object], fake: FakeTensorMode
) -> None:
    labels = LabelSpace(tuple(f"word {n}" for n in range(WORDS)))
    module = on_gpu(registry.build(registry.settings_of(name, SMALL | settings), labels))
    if isinstance(module, KnowsFrequencies):
        module.count({"words": torch.ones(WORDS, dtype=torch.int64)}, PHOTOS)
    images = torch.zeros(PHOTOS, 3, 32, 32, device=CUDA)
    columns = {"words": Sparse(zeros(9), zeros(9)), "word": zeros(PHOTOS), "product": zeros(PHOTOS)}
    assert isinstance(module, Trains)

    terms = module.loss(Batch(images, columns), "all", "all")

    assert {term.device.type for term in terms.values()} == {"cuda"}


@pytest.mark.parametrize("name", ["fashion_grammar", "fashionnet"])
def test_every_term_of_annotations_is_computed_on_the_gpu(name: str, fake: FakeTensorMode) -> None:
    labels = LabelSpace(categories=("dress", "tee"), attributes=("plain",), landmarks=LANDMARKS)
    module = on_gpu(registry.build(registry.settings_of(name, {"width": 1 / 16, "image_size": 32}), labels))
    assert (
        isinstance(module, KnowsFrequencies) and isinstance(module, Trains) and isinstance(module, Predicts)
    )
    module.count({"attributes": torch.ones(1, dtype=torch.int64)}, PHOTOS)
    columns = {
        "landmarks": torch.zeros(PHOTOS, 8, 3, device=CUDA),
        "category": zeros(PHOTOS),
        "attributes": Sparse(zeros(9), zeros(9)),
        "product": zeros(PHOTOS),
    }
    batch = Batch(torch.zeros(PHOTOS, 3, 32, 32, device=CUDA), columns)

    terms, told = module.loss(batch, "all", "all"), module.predict(batch)

    assert {term.device.type for term in (*terms.values(), *told.values())} == {"cuda"}
