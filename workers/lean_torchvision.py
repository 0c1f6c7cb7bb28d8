"""torchvision without torch's compiler: its networks and its decoder, as `models` and `io`.

As it is imported, torchvision's `ops` take one function from torch._dynamo, and with it come sympy and FSDP: a third of
the CPU that a worker takes to start (docs/MEASURED.md). That function is called only where regions are pooled on a GPU
by deterministic algorithms, which nothing here does. Whoever compiles imports the compiler itself, then.
"""

import importlib
import sys
from types import ModuleType

import torch  # noqa: F401  what it imports of itself is not to be met with a stand-in

_ASKED = "torch._dynamo.utils"


def _compiles(device_type: str) -> bool:
    """Say of every device that nothing is compiled on it, in the words of torch._dynamo.utils."""
    return False


def _import() -> None:
    """Import torchvision; a stand-in for the compiler is there for as long as that takes."""
    if _ASKED in sys.modules or "torchvision" in sys.modules:
        return
    stand_in = ModuleType(_ASKED)
    stand_in.is_compile_supported = _compiles  # type: ignore[attr-defined]
    sys.modules[_ASKED] = stand_in
    try:
        importlib.import_module("torchvision")
    except ImportError:  # of a version that takes more from there: then with all of it
        pass
    finally:
        del sys.modules[_ASKED]


_import()
from torchvision import io, models  # noqa: E402

__all__ = ["io", "models"]
