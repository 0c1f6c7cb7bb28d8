"""Networks of timm (Wightman, "PyTorch Image Models"), for whoever has installed it: `pip install vitrine[timm]`."""

from pathlib import Path
from typing import Any

import torch

from schemas.errors import CheckpointError, InputError
from workers.layers.networks.network import IMAGENET_MEAN, IMAGENET_STD, FirstWeights, Network

VERSION = 1  # of what this file computes; see workers/contract/recipe.py
PREFIX = "timm:"
FILES = ("model.safetensors", "pytorch_model.bin")  # as timm names weights on the hub
TRIED = 64  # px of the black photo that shows whether a network gives maps


def network(name: str) -> Network:
    """Timm's network of this name, without classifier and pooling.

    Raises InputError where timm is not installed, does not know the name, or the network takes photos of one size
    only or gives no maps (N, D, H, W), as many that are not convolutional do.
    """
    try:
        maps = _created(name, pretrained=False).eval()
        with torch.no_grad():
            shape = tuple(maps(torch.zeros(1, 3, TRIED, TRIED)).shape)
    except (AssertionError, RuntimeError, ValueError) as error:
        raise InputError(f"backbone {name}", f"takes no photo of {TRIED} px ({_line(error)})") from error
    if len(shape) != 4 or shape[2] != shape[3]:
        raise InputError(f"backbone {name}", f"gives no maps (N, D, H, W) but {shape}")
    shown = maps.pretrained_cfg
    mean, std = shown.get("mean", IMAGENET_MEAN), shown.get("std", IMAGENET_STD)
    return Network(maps.train(), shape[1], _depths(maps), tuple(mean), tuple(std))


def installed(name: str) -> bool:
    """Whether its weights lie in a cache already."""
    about = _timm().get_pretrained_cfg(name.removeprefix(PREFIX))
    if about is None:
        return False
    if about.hf_hub_id:
        from huggingface_hub import try_to_load_from_cache

        return any(isinstance(try_to_load_from_cache(about.hf_hub_id, file), str) for file in FILES)
    return bool(about.url) and Path(torch.hub.get_dir(), "checkpoints", Path(about.url).name).exists()


def pretrained(name: str) -> FirstWeights:
    """Timm's weights, which it may download; who made them and under which licence stands in the origin."""
    timm = _timm()
    try:
        net = _created(name, pretrained=True)
    except (OSError, RuntimeError, ValueError) as error:
        raise CheckpointError(f"{name} weights", f"cannot be had ({_line(error)})") from error
    about = net.pretrained_cfg
    where = about.get("hf_hub_id") or about.get("url")
    licence = about.get("license") or "licence not told"
    return FirstWeights(net.state_dict(), f"timm {timm.__version__}: {where} ({licence})")


def _timm() -> Any:
    try:
        import timm
    except ImportError:
        raise InputError("backbone timm:...", "timm is not installed: pip install vitrine[timm]") from None
    return timm


def _created(name: str, pretrained: bool) -> Any:
    timm, known = _timm(), name.removeprefix(PREFIX)
    if not timm.is_model(known.split(".")[0]):
        raise InputError(f"backbone {name}", "timm has no such network")
    return timm.create_model(known, pretrained=pretrained, num_classes=0, global_pool="")


def _depths(maps: Any) -> tuple[torch.nn.Module, ...]:
    """One part per group of timm's own coarse grouping by depth, from the input up."""
    from timm.models import group_parameters

    names = group_parameters(maps, maps.group_matcher(coarse=True))
    by_name = dict(maps.named_parameters())
    return tuple(torch.nn.ParameterList(by_name[name] for name in names[depth]) for depth in sorted(names))


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
