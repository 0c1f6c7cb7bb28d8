"""Every method there is, those of the tests included, built small."""

import pytest
from torch import Tensor

from tests.workers.contract.labelled_photos import LABELS, small
from workers.contract import (
    LabelSpace,
    Method,
    registry,
)


def state(method: Method) -> dict[str, Tensor]:
    return {name: tensor.clone() for name, tensor in method.state_dict().items()}


METHOD = pytest.mark.parametrize("name", registry.names())


def methods_that(protocol: type) -> pytest.MarkDecorator:
    """Run the test for every method that declares a protocol."""
    classes = {name: registry.method_class(name) for name in registry.names()}
    named = [name for name, made in classes.items() if isinstance(made.__new__(made), protocol)]
    return pytest.mark.parametrize("name", named)


def built(name: str, labels: LabelSpace = LABELS, **changes: object) -> Method:
    return registry.build(small(name, **changes), labels)


def declares(name: str, protocol: type) -> bool:
    return isinstance(built(name), protocol)
