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
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return device.type == "cpu" and torch.cpu._is_avx512_bf16_supported()


def cuda_devices() -> int:
    """How many GPUs torch can use here."""
    return torch.cuda.device_count()


def compute_type(device: torch.device | str) -> str:
    """What vectors are computed in on a device, as it enters their fingerprint: "bfloat16" or "float32"."""
    return "bfloat16" if bfloat16_pays(torch.device(device)) else "float32"


def prepare_for_training(device: torch.device) -> None:
    """Let this process use a GPU's fastest convolutions: tried out at each new shape, and in TF32 where not bfloat16.

    Matrices in float32 are multiplied in full: what is one within a training has left autocast to be exact.
    """
    if device.type == "cuda":
        torch.backends.cudnn.benchmark = True
        torch.backends.cudnn.conv.fp32_precision = "tf32"  # type: ignore[attr-defined]
