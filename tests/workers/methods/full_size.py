"""Methods as large as their papers have them, on the label space of DeepFashion's category and attribute benchmark."""

import torch
from torch import nn

from schemas.annotation import LANDMARKS
from workers.contract import Batch, LabelSpace, Sparse, registry
from workers.training.steps.train_step import TrainStep

BENCHMARK = LabelSpace(
    categories=tuple(f"category {n:02}" for n in range(50)),
    attributes=tuple(f"attribute {n:04}" for n in range(1000)),
    landmarks=tuple(sorted(LANDMARKS)),
)


def numbers(*parts: nn.Module) -> int:
    """How many are learnt."""
    return sum(parameter.numel() for part in parts for parameter in part.parameters())


def one_step(name: str) -> dict[str, float]:
    """The loss terms of one step of the last stage on three photos, after which every weight has moved."""
    settings = registry.settings_of(name, {"weights": "random", "learning_rate": 1e-3})
    assert settings.training is not None
    method = registry.build(settings, BENCHMARK)
    step = TrainStep(method, settings.training, torch.device("cpu"))
    step.begin(len(step.stages) - 1, 10)
    step.schedule.kind = "plateau"  # the full rate at once
    landmarks = torch.rand(3, 8, 3, generator=torch.Generator().manual_seed(0))
    landmarks[:, :, 2] = 1
    columns = {
        "landmarks": landmarks,
        "category": torch.tensor([3, 41, 3]),
        "attributes": Sparse(torch.tensor([0, 0, 1]), torch.tensor([7, 600, 999])),
        "product": torch.tensor([1, 1, 2]),
    }
    first = {key: tensor.clone() for key, tensor in method.named_parameters()}
    terms = step.step(Batch(torch.rand(3, 3, 224, 224), columns), 1, 0)
    assert [key for key, tensor in method.named_parameters() if torch.equal(tensor, first[key])] == []
    return {key: float(term) for key, term in terms.items()}
