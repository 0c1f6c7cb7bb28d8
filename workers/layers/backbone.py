"""ResNet without its classifier, and where its first weights come from."""

import hashlib
from pathlib import Path

import torch
from torch import Tensor, nn
from torchvision.models import ResNet, get_model, get_model_weights

from schemas.errors import CheckpointError, InputError

BACKBONES = ("resnet18", "resnet50")


class Backbone(nn.Module):
    """images (N, 3, H, W), normalised -> maps (N, D, H/32, W/32).

    weights  "imagenet": torchvision's weights API, which may download
             "auto":     torchvision's weights if they lie in its cache already, else random; never downloads
             "random":   as torchvision initialises
             else:       path of a state-dict file
    `origin` says which it became. Raises CheckpointError for weights that do not fit or cannot be had.
    """

    def __init__(self, backbone: str, weights: str = "random") -> None:
        super().__init__()
        if backbone not in BACKBONES:
            raise InputError(f"backbone {backbone}", f"there are {', '.join(BACKBONES)}")
        net = get_model(backbone, weights=None)
        self.origin = _fill(net, backbone, weights)
        self.dim = net.fc.in_features
        self.maps = nn.Sequential(
            net.conv1, net.bn1, net.relu, net.maxpool, net.layer1, net.layer2, net.layer3, net.layer4
        )

    def forward(self, images: Tensor) -> Tensor:
        """Feature maps of the last stage."""
        maps: Tensor = self.maps(images)
        return maps


def _fill(net: ResNet, backbone: str, weights: str) -> str:
    if weights == "random":
        return "random"
    if weights in ("imagenet", "auto"):
        known = get_model_weights(backbone).DEFAULT
        cached = Path(torch.hub.get_dir(), "checkpoints", Path(known.url).name)
        if weights == "auto" and not cached.exists():
            return "random"
        try:
            state = known.get_state_dict(progress=False, check_hash=True)
        except (OSError, RuntimeError) as error:
            raise CheckpointError(f"{backbone} imagenet weights", f"cannot be had ({error})") from error
        net.load_state_dict(state)
        return f"torchvision:{known}"
    return _from_file(net, weights)


def _from_file(net: ResNet, path: str) -> str:
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        origin = f"file:{hashlib.sha256(Path(path).read_bytes()).hexdigest()}"
    except FileNotFoundError:
        raise CheckpointError(path, "no such weights file") from None
    except (OSError, RuntimeError, ValueError, EOFError, Exception) as error:
        raise CheckpointError(path, f"is no state dict ({type(error).__name__})") from error
    try:
        missing, surplus = net.load_state_dict(state, strict=False)
    except TypeError as error:
        raise CheckpointError(path, f"is no state dict ({type(state).__name__})") from error
    except RuntimeError as error:
        raise CheckpointError(
            path, f"weights of another shape: {str(error).splitlines()[-1].strip()}"
        ) from error
    if [name for name in [*missing, *surplus] if not name.startswith("fc.")]:
        raise CheckpointError(
            path, f"weights of another network ({len(missing)} missing, {len(surplus)} unknown)"
        )
    return origin
