"""trunk.py: a frozen network is folded, a learning one is not, and neither is seen from outside."""

import copy
from typing import Any

import torch
from torch import Tensor, nn

from tests.workers.training.tiny_training import CPU, examples, pixels
from workers.contract import Batch, LabelSpace, Method, registry
from workers.data.dataloader import BatchLoader
from workers.layers.networks.backbone import Backbone
from workers.training.steps.train_step import TrainStep
from workers.training.steps.trunk import compiled

SETTINGS = {
    "backbone": "resnet18", "weights": "random", "image_size": 32, "batch": 8, "frozen_epochs": 1, "epochs": 1,
    "sampling": "photos", "optimiser": "adamw",
}  # fmt: skip
PHOTOS = torch.rand(4, 3, 32, 32, generator=torch.Generator().manual_seed(3))


def moved(backbone: str = "resnet18") -> Backbone:
    """A network whose batch normalisations have something to fold."""
    torch.manual_seed(0)
    trunk = Backbone(backbone)
    for module in trunk.modules():
        if isinstance(module, nn.BatchNorm2d):
            assert module.running_mean is not None and module.running_var is not None
            nn.init.normal_(module.running_mean, std=0.1)
            nn.init.uniform_(module.running_var, 0.5, 1.5)
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias, std=0.1)
    return trunk.eval()


def made(frozen_epochs: int = 1) -> tuple[Method, TrainStep, Batch]:
    chosen = registry.settings_of("corbiere", SETTINGS | {"frozen_epochs": frozen_epochs})
    assert chosen.training is not None
    method = registry.build(chosen, LabelSpace(tuple(f"word {n}" for n in range(5))))
    step = TrainStep(method, chosen.training, CPU)
    step.half = False
    loader = BatchLoader(pixels(8, size=32), examples(8), 8, method=method)  # type: ignore[arg-type]
    return method, step, loader.for_stage(step.stages[0]).make(1, 0).batch


def trunk_of(method: Method) -> Any:
    trunk: Any = method.trunk
    return trunk


def test_a_compiled_network_learns_the_same_and_is_no_part_of_the_state() -> None:
    def gradient(trunk: Backbone) -> Tensor:
        trunk.zero_grad()
        trunk.train()(PHOTOS).square().mean().backward()
        found = next(trunk.parameters()).grad
        assert found is not None
        return found.clone()

    plain, trunk = moved(), moved()
    trunk.use(compiled(trunk.maps, backend="eager"))

    assert torch.equal(gradient(trunk), gradient(plain))
    assert list(trunk.state_dict()) == list(plain.state_dict())
    assert torch.equal(trunk.state_dict()["maps.1.running_mean"], plain.state_dict()["maps.1.running_mean"])


def test_the_frozen_stage_learns_by_the_folded_network_and_the_next_one_by_the_whole() -> None:
    method, step, batch = made()
    before = {name: tensor.clone() for name, tensor in method.state_dict().items()}

    step.begin(0, 4)
    (each,) = step.trunks.instead
    assert each[0] is trunk_of(method)
    folded_terms = step.step(batch, 1, 0)
    names = {name for name, tensor in method.state_dict().items() if not torch.equal(tensor, before[name])}
    assert names == {"words.weight"}

    method.load_state_dict(before)
    step.begin(0, 4)
    step.trunks.instead.clear()
    torch.testing.assert_close(step.step(batch, 1, 0), folded_terms, atol=1e-5, rtol=1e-5)

    step.begin(1, 4)
    assert not step.trunks.instead
    step.step(batch, 2, 0)
    assert not torch.equal(next(trunk_of(method).parameters()), before[next(iter(before))])


def test_a_training_resumed_in_its_frozen_stage_folds_the_weights_that_it_loads() -> None:
    _, step, batch = made()
    step.begin(0, 4)
    step.step(batch, 1, 0)
    saved = copy.deepcopy(step.state_dict())
    wanted = step.step(batch, 1, 1)
    other, again, _ = made()
    for parameter in other.parameters():
        nn.init.normal_(parameter, std=0.01)

    again.load_state_dict(saved)

    assert torch.equal(again.step(batch, 1, 1)["words"], wanted["words"])
