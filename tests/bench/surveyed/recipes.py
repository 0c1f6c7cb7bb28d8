"""How each method is trained on garments that the mall drew: small enough for one core and a minute or two.

What is not named here is the method's own. Methods on a backbone take EfficientNet-Lite0 with its packaged ImageNet
weights, as their papers take ImageNet's; those on VGG begin from random weights, of which no package has others.
"""

from dataclasses import dataclass
from typing import Any

SIZE = "128x160"  # px, of drawn photos
PRODUCTS = {
    "deepfashion-c": 700,
    "consumer2shop": 800,
    "in-shop": 500,
}  # drawn; some have no landmarks, some no photo

LITE = {"backbone": "efficientnet_lite0", "weights": "imagenet", "image_size": 64, "batch": 64}
ADAM = {"optimiser": "adamw", "learning_rate": 1e-3, "schedule": "cosine", "weight_decay": 0.01}
VGG = {
    "vgg": "vgg11",
    "width": 0.125,
    "batch_norm": True,
    "weights": "random",
    "image_size": 64,
    "photo_size": 72,
}
VGG |= {"learning_rate": 3e-3, "batch": 32}
WORDS = LITE | ADAM | {"sampling": "photos", "frozen_epochs": 1, "epochs": 6}
HOUSE = LITE | ADAM | {"photo_size": 72, "frozen_epochs": 1, "epochs": 6}
FASHIONNET = VGG | {"rounds": 2, "frozen_epochs": 4, "epochs": 4}
GRAMMAR = VGG | {"kernel": 5, "epochs": 16}
PROXIES = LITE | {"photo_size": 72, "embedding": 128, "epochs": 6}
DUAL = LITE | ADAM | {"cells": 2, "fc1": 256, "fc2": 64, "epochs": 8}
SIMILARITY = LITE | {"hidden": 128, "frozen_epochs": 8, "epochs": 4}
GRAPH = LITE | ADAM | {"scales": 2, "node": 32, "layers": 2, "epochs": 8}
EDITS = LITE | {"embedding": 128, "entry": 32, "embedder_units": 128, "edit_units": 256, "edit_rate": 3e-3}
EDITS |= {"learning_rate": 1e-3, "epochs": 6, "frozen_epochs": 15}
# With the method's own weights nothing changes at this size: vectors learnt from a thousand photos bear less blur.
EDITS |= {"noise": 0.5, "others": 2.0, "near": 0.1, "cycle": 1.0, "identity": 1.0}


@dataclass(frozen=True)
class Recipe:
    """A method on a benchmark: its settings, less the seed."""

    benchmark: str
    method: str
    settings: dict[str, Any]


RECIPES = (
    Recipe("deepfashion-c", "fashion_grammar", GRAMMAR),
    Recipe(
        "deepfashion-c", "fashionnet", FASHIONNET | {"sampling": "photos"}
    ),  # every photo is a product there
    Recipe("consumer2shop", "proxy_anchor", PROXIES),
    Recipe("consumer2shop", "flam", EDITS),
    Recipe("consumer2shop", "grnet", GRAPH),
    Recipe("deepfashion-c", "wtbi_describer", {"image_size": 64}),
    Recipe("consumer2shop", "darn", DUAL),
    Recipe("consumer2shop", "wtbi", SIMILARITY),
    Recipe("deepfashion-c", "corbiere", WORDS),
    Recipe("deepfashion-c", "house", HOUSE),
    Recipe("consumer2shop", "fashionnet", FASHIONNET),
    Recipe("consumer2shop", "corbiere", WORDS),
    Recipe("consumer2shop", "house", HOUSE),
    Recipe("in-shop", "proxy_anchor", PROXIES),
    Recipe("in-shop", "fashionnet", FASHIONNET),
    Recipe("in-shop", "corbiere", WORDS),
)
