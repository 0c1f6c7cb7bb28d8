"""Copies to the device that the device's queue does not wait for."""

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
