"""A fully connected layer as VGG has them: ReLU behind it, and dropout."""

from torch import nn

VERSION = 1  # of what this file computes; see workers/contract/recipe.py


def fully_connected(inputs: int, outputs: int, dropout: float = 0.0) -> nn.Sequential:
    """(N, inputs) -> (N, outputs), none below 0."""
    return nn.Sequential(nn.Linear(inputs, outputs), nn.ReLU(), nn.Dropout(dropout))
