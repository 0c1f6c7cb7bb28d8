"""Which first weights "auto" means here, decided once, before any worker starts."""

from schemas.errors import InputError
from workers.contract import registry
from workers.layers.networks.backbone import installed

AUTO = "auto"


def decided(settings: registry.Settings) -> registry.Settings:
    """The settings with ImageNet's weights in the place of "auto" where they are installed here, else random ones.

    So a manifest says which they were, and all workers have the same. Raises InputError where a network of random
    weights would be frozen, which nobody can have meant: random has to be asked for by its name then.
    """
    flat = settings.flat()
    if flat.get("weights") != AUTO or "backbone" not in flat:
        return settings
    backbone = str(flat["backbone"])
    if installed(backbone):
        return registry.settings_of(settings.method, flat | {"weights": "imagenet"})
    if settings.training and settings.training.frozen_epochs:
        raise InputError(
            f"no weights of {backbone} are installed",
            f"and {settings.method} has epochs with a frozen network: "
            "--set weights=imagenet may download them, --set weights=random begins without, "
            "or --set weights=FILE, or another --set backbone=",
        )
    return registry.settings_of(settings.method, flat | {"weights": "random"})


def said(settings: registry.Settings) -> str:
    """Where a training with these settings begins, for the line that people watch."""
    weights = settings.flat().get("weights", "random")
    named = {"random": "random weights", "imagenet": "ImageNet weights", AUTO: "installed weights, if any"}
    return named.get(str(weights), "weights of a file")
