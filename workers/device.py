"""What a device wants: copies that its queue does not wait for, and numbers that it is fast with."""

import torch
from torch import Tensor


def sent(tensor: Tensor, device: torch.device) -> Tensor:
    """The tensor on that device; the same tensor where it is there already.

    A copy from ordinary memory to a GPU first waits for all that the GPU still has to compute; one from pinned
    memory is queued behind it.
    """
    if device.type == "cuda" and tensor.device.type == "cpu":
        tensor = tensor.pin_memory()
    return tensor.to(device, non_blocking=True)


def bfloat16_pays(device: torch.device) -> bool:
    """Whether the device multiplies bfloat16; emulated, it is slower than float32."""
    return device.type == "cuda" or (device.type == "cpu" and torch.cpu._is_avx512_bf16_supported())
