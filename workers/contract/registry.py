"""How a method is found: the name is the file, the class is `Method`.

Adding a method adds one file under workers/methods; the command line, the tests of the contract and the score
tables follow. A folder `vitrine_methods` anywhere on the Python path adds its files, too.
"""

import pkgutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from importlib import import_module
from typing import Any

import torch

from schemas.errors import MethodError, UsageError
from workers.contract import bounds
from workers.contract.label_space import LabelSpace
from workers.contract.method import Method
from workers.contract.training import EPOCHS, Training

_PACKAGE = "workers.methods"
_WEIGHTS = "weights"  # the setting, of methods that have it, that says where first weights come from


@dataclass(frozen=True)
class Settings:
    """All values that a method is made and trained with.

    method    its name
    config    its Config: the paper's own numbers
    training  None for a method that learns nothing
    """

    method: str
    config: Any
    training: Training | None

    def flat(self) -> dict[str, Any]:
        """Every value by its name, as manifests and checkpoints record them and `settings_of` takes them."""
        trained = asdict(self.training) if self.training else {}
        return asdict(self.config) | {name: value for name, value in trained.items() if value is not None}

    @property
    def learns(self) -> bool:
        """Whether there is anything to do but to keep the first weights."""
        return self.training is not None and self.training.every_epoch > 0


def names() -> tuple[str, ...]:
    """Every method there is, by its file name."""
    return tuple(sorted({module.name for module in pkgutil.iter_modules(import_module(_PACKAGE).__path__)}))


def settings_of(name: str, changes: Mapping[str, object] | None = None) -> Settings:
    """The method's settings with some values changed. Raises MethodError, or UsageError for an unknown value.

    Raises UsageError, too, for a value of another type or out of its bounds (workers/contract/bounds.py).
    """
    module = _module(name)
    config: Any = module.Config()
    training: Training | None = getattr(module, "TRAINING", None)
    own = {field.name for field in fields(config)}
    trained = {key for key, value in asdict(training).items() if value is not None} if training else set()
    for key in changes or {}:
        if key not in own | trained:
            there = [field.name for field in fields(config)] + sorted(trained)
            raise UsageError(f"{name} has no setting {key}", f"it has {', '.join(there)}")
    asked = dict(changes or {})
    values = bounds.checked(type(config), name, {key: value for key, value in asked.items() if key in own})
    values |= bounds.checked(Training, name, {key: value for key, value in asked.items() if key not in own})
    return Settings(
        name,
        replace(config, **{key: value for key, value in values.items() if key in own}),
        training and replace(training, **{key: values[key] for key in values if key in trained}),  # type: ignore[arg-type]
    )


def method_class(name: str) -> type[Method]:
    """The class `Method` of the file: what it reads, and by `issubclass`, what it can do."""
    made: type[Method] = _module(name).Method
    return made


def build(settings: Settings, labels: LabelSpace) -> Method:
    """The method with fresh weights, those that its seed gives."""
    module = _module(settings.method)
    if settings.training is not None:
        torch.manual_seed(settings.training.seed)
    method: Method = module.Method(settings.config, labels)
    return method


def with_weights_replaced(values: Mapping[str, Any]) -> dict[str, Any]:
    """Flat settings of a method whose first weights need not be had, because others are put in their place."""
    return {name: "random" if name == _WEIGHTS else value for name, value in values.items()}


def without_training(name: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Flat settings of the same method as it is before it has learnt anything here: with its first weights.

    A method's file may say in UNFITTED with which settings nothing is left to be fitted either.
    """
    unfitted: Mapping[str, Any] = getattr(_module(name), "UNFITTED", {})
    return dict(values) | {each: 0 for each in EPOCHS if each in values} | dict(unfitted)


def _module(name: str) -> Any:
    if name not in names():
        raise MethodError(name, names())
    return import_module(f"{_PACKAGE}.{name}")
