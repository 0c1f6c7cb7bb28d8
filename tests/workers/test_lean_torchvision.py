"""workers/lean_torchvision.py: what a worker starts with holds no compiler, and whoever compiles has it whole."""

import subprocess
import sys

from tests.flows.processes import ROOT

STARTED = """
import sys
import workers.training.worker, workers.retrieval.embed
from workers.lean_torchvision import io, models
from workers.layers.networks.backbone import Backbone
Backbone("resnet18", "random")
asked = {"torchvision.io", "torchvision.models", "torch._dynamo", "torch._dynamo.utils", "sympy"}
print(sorted(asked & set(sys.modules)))
import torch
print(torch.compile(lambda x: x + 1, backend="eager")(torch.ones(1)).item(), bool(torch._dynamo.utils.__file__))
"""


def test_a_worker_starts_without_torchs_compiler_which_compiles_when_it_is_asked() -> None:
    done = subprocess.run(
        [sys.executable, "-c", STARTED], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert done.stdout.splitlines() == ["['torchvision.io', 'torchvision.models']", "2.0 True"], done.stderr
