"""What a step asks of a GPU can be asked without waiting for an answer: shown on fake CUDA tensors, which have none.

Where an operation must read a number back from the device (a size that depends on values, `.item()`), the host stands
still until all queued work is done; a fake tensor has no number to read, and raises. No GPU is needed. The way back is
autograd's own, which asks for a real device, so gradients are made up.
"""

from typing import Any

import pytest
import torch
from torch._subclasses.fake_tensor import DynamicOutputShapeException, FakeTensorMode

from workers.contract import Batch, LabelSpace, Sparse, registry
from workers.data.augment import Ranges, draw_transforms, transformed
from workers.methods.house import Method as House
from workers.training.steps.train_step import TrainStep

CUDA = torch.device("cuda")
PHOTOS, SIDE = 8, 32
SETTINGS = {
    "backbone": "resnet18", "weights": "random", "image_size": SIDE, "batch": PHOTOS, "frozen_epochs": 0, "epochs": 1,
}  # fmt: skip
CASES = [
    ("house", {}),
    ("house", {"titles": 0.2, "ema": 0.9}),
    ("corbiere", {"sampling": "photos", "optimiser": "adamw"}),
    ("corbiere", {"sampling": "words", "optimiser": "adamw"}),
]


def fake_batch() -> Batch:
    """Photos as they are after an augmentation, with a word or two each."""
    numbers = torch.arange(PHOTOS, device=CUDA)
    words = Sparse(torch.cat([numbers, numbers]), torch.cat([numbers % 5, numbers % 3]))
    return Batch(
        torch.rand(PHOTOS, 3, SIDE, SIDE, device=CUDA),
        {"words": words, "word": numbers % 5, "product": numbers},
    )


def step_of(method: str, changes: dict[str, Any]) -> TrainStep:
    """One whose method lies on the device; call it within a FakeTensorMode."""
    chosen = registry.settings_of(method, SETTINGS | changes)
    assert chosen.training is not None
    with CUDA:
        made = registry.build(chosen, LabelSpace(tuple(f"word {n}" for n in range(5))))
    step = TrainStep(made, chosen.training, CUDA)
    step.begin(0, 10)
    return step


@pytest.mark.parametrize(("method", "changes"), CASES, ids=[f"{name} {changes}" for name, changes in CASES])
def test_a_step_reads_nothing_back_from_the_device(method: str, changes: dict[str, Any]) -> None:
    with FakeTensorMode():
        step = step_of(method, changes)
        step.method.train()
        for _ in range(2):
            with torch.autocast("cuda", torch.bfloat16):
                terms = step.losses[0](fake_batch())
            for parameter in step.method.parameters():
                parameter.grad = torch.zeros_like(parameter)
            step.optimisers[0].set_rate(0.1)
            step.optimisers[0].step()
            step.average.update()

        assert {term.device.type for term in terms.values()} == {"cuda"}
        assert {each.device.type for each in step.method.parameters()} == {"cuda"}
        assert all(group["fused"] for group in step.optimisers[0].parts[0].param_groups)


def test_a_method_that_reads_back_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    def waits(self: House, batch: Batch, stage: str, group: str) -> dict[str, torch.Tensor]:
        images = batch.images[batch.images.amax((1, 2, 3)) > 0.5]
        return {"words": self._learnt(images).sum()}

    monkeypatch.setattr(House, "loss", waits)
    with FakeTensorMode(), pytest.raises(DynamicOutputShapeException):
        step_of("house", {}).losses[0](fake_batch())


@pytest.mark.parametrize("clutter", [0.0, 1.0])
def test_photos_are_changed_on_the_device_without_reading_back(clutter: float) -> None:
    drawn = draw_transforms(PHOTOS, torch.Generator().manual_seed(0), Ranges(clutter=clutter))
    with FakeTensorMode() as fake:
        there = type(drawn)(*(fake.from_tensor(part).to(CUDA) for part in drawn))
        images = torch.zeros(PHOTOS, 3, SIDE, SIDE, dtype=torch.uint8, device=CUDA)

        changed = transformed(images, there, 24)

        assert (changed.device.type, tuple(changed.shape)) == ("cuda", (PHOTOS, 3, 24, 24))
