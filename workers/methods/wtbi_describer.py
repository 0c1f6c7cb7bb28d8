"""What a garment is, told by hand-made features of its parts, an SVM for each attribute, and a field over all of them.

Source: Chen, Gallagher, Girod, "Describing Clothing by Semantic Attributes", ECCV 2012, which comparisons cite for rows
that they call WTBI. The paper of that name is wtbi.py.

parts      the whole photo, the box of all landmarks, a window at each, in the place of torso and arms from a pose
           estimator. Of a photo that is to be described a ridge regression on its gradients tells the landmarks
features   colour, texture, gradients, skin (layers/attributes/region_descriptor.py); side by side they are the vector,
           whose inner product is the chi-square kernel of the paper's SVMs
SVMs       of each attribute and category against the others of its kind, with Platt's chances
field      kinds are nodes, and the category another; chances of all kinds together by belief propagation
Kinds are told by the attributes' names, `kind: value`; of several values of a kind each counts with a share.
Values marked (?) are not published, or not known to us, and are our choice. The paper has 26 attributes of 1,856
photos; an SVM takes seconds for 10,000, so a thousand attributes take hours.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from workers import contract
from workers.contract import Batch, LabelSpace, Training, bounds
from workers.layers.attributes.attribute_crf import AttributeField
from workers.layers.attributes.calibrated_svm import calibrated_svm
from workers.layers.attributes.region_descriptor import (
    GRADIENTS,
    describe,
    gradients,
    length,
    parts_of,
    patches_of,
)

VERSION = 1  # of what this file computes; see workers/contract/recipe.py
SEEN = 1.0
LEAST = 1e-6  # chance of a value that its SVM excludes


@dataclass(frozen=True)
class Config:
    """As published, as far as it is known."""

    image_size: bounds.ImageSize = 224  # (?) px
    window: bounds.Part = 0.25  # (?) of a part at a landmark, share of the photo's side
    ridge: bounds.Scale = 10.0  # (?) what landmarks' weights are held down by
    regularisation: bounds.Scale = 10.0  # (?) C of the SVMs
    rounds: bounds.CountOrNone = 20  # (?) of messages in the field; 0: the SVMs alone
    photos: bounds.Count = 10_000  # (?) at most, that it is fitted on


TRAINING = Training(batch=64, epochs=1)


class Method(contract.Method):
    """No gradient anywhere: a regression, SVMs, counts of what stands together."""

    reads = ("category", "attributes", "landmarks")
    origin = "no weights"
    place_weights: Tensor
    places: Tensor
    seen: Tensor
    weights: Tensor
    bias: Tensor

    def __init__(self, config: Config, labels: LabelSpace) -> None:
        super().__init__()
        labels.require("wtbi_describer", "attributes")
        self.config, self.image_size, self.labels = config, config.image_size, labels
        points, self.categories = len(labels.landmarks), len(labels.categories)
        self.dim = length(points)
        self.register_buffer("place_weights", torch.zeros(GRADIENTS, 2 * points))
        self.register_buffer("places", torch.zeros(2 * points))  # their mean
        self.register_buffer("seen", torch.zeros(points))  # share of photos
        names = self.categories + len(labels.attributes)
        self.register_buffer("weights", torch.zeros(names, self.dim))
        self.register_buffer("bias", torch.zeros(names))
        kinds = [[self.categories + place for place in group] for group in labels.attribute_groups.values()]
        nodes = [list(range(self.categories)), *kinds] if self.categories else kinds
        self.field = AttributeField(nodes, config.rounds)

    def embed(self, batch: Batch) -> Tensor:
        """images (N, 3, H, W) -> features of all parts (N, D), of length 1."""
        return self._features(_unit(batch.images))[0]

    def fit(self, batches: Iterable[Batch]) -> dict[str, float]:
        """Fit landmarks, SVMs and the field on the first photos, at most as many as the setting says.

        Returns places, mean squared distance of landmarks in half sides, and attributes, nats of an SVM on photos that
        it has not learnt from, mean over SVMs.
        """
        images, hot, landmarks = self._collected(batches)
        distance = self._fit_places(images, landmarks)
        parts = [self._features(_unit(some))[0].cpu().numpy() for some in torch.split(images, 64)]
        vectors = np.concatenate(parts) if parts else np.empty((0, self.dim), np.float32)
        losses = [
            self._fit_svm(place, vectors, np.asarray(hot[:, group].any(1)), hot[:, place])
            for group in self.field.groups
            for place in group
        ]
        self.field.count(torch.from_numpy(hot))
        return {"places": distance, "attributes": float(np.mean(losses))}

    def predict(self, batch: Batch) -> Mapping[str, Tensor]:
        """Log chances of categories and attributes, and landmarks with the share of photos in which each is seen."""
        vectors, places = self._features(_unit(batch.images))
        chances = (vectors @ self.weights.T + self.bias).sigmoid().clamp_min(LEAST)
        scores = chances.clone()
        for group in self.field.groups:  # an SVM knows nothing of the others of its kind
            scores[:, group] = (chances[:, group] / chances[:, group].sum(1, keepdim=True)).log()
        told = self.field(scores)
        predicted = {"attributes": told[:, self.categories :]}
        if self.categories:
            predicted["category"] = told[:, : self.categories]
        if len(self.seen):
            seen = self.seen.expand(len(places), -1)[:, :, None]
            predicted["landmarks"] = torch.cat([places, seen], 2)
        return predicted

    def _features(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Vectors (N, D) of length 1, and where landmarks are (N, L, 2), of images in 0..1."""
        with torch.autocast(images.device.type, enabled=False):
            told = torch.from_numpy(gradients(images)).to(images.device) @ self.place_weights + self.places
            places = told.view(len(images), -1, 2).clamp(-1, 1)
            patches = patches_of(images, parts_of(places, self.config.window))
        vectors = torch.from_numpy(describe(patches)).to(images.device)
        return F.normalize(vectors, dim=1), places

    def _collected(self, batches: Iterable[Batch]) -> tuple[Tensor, NDArray[np.bool_], NDArray[np.float32]]:
        """Images (N, 3, S, S) uint8, which names each has (N, S), and landmarks (N, L, 3), of the first photos."""
        images, hot, landmarks, left = [], [], [], self.config.photos
        for batch in batches:
            if left <= 0:
                break
            category = batch.dense("category")[:, None].cpu()
            attributes = batch.multi_hot("attributes", len(self.labels.attributes)).cpu()
            images.append(_bytes(batch.images)[:left])
            hot.append(torch.cat([category == torch.arange(self.categories), attributes], 1)[:left].numpy())
            landmarks.append(batch.dense("landmarks").cpu().numpy()[:left])
            left -= len(batch)
        return torch.cat(images), np.concatenate(hot), np.concatenate(landmarks)

    def _fit_places(self, images: Tensor, landmarks: NDArray[np.float32]) -> float:
        """Ridge regression of each landmark on the gradients of the photos that show it."""
        told = np.concatenate([gradients(_unit(some)) for some in torch.split(images, 64)]).astype(np.float64)
        costs = []
        for number in range(landmarks.shape[1]):
            state = landmarks[:, number, 2]
            shown = state == SEEN
            self.seen[number] = float(shown.sum() / max(1, (state >= 0).sum()))
            if not shown.any():
                continue
            x, y = told[shown], landmarks[shown, number, :2].astype(np.float64)
            middle, mean = x.mean(0), y.mean(0)
            held = (x - middle).T @ (x - middle) + self.config.ridge * np.eye(x.shape[1])
            weights = np.linalg.solve(held, (x - middle).T @ (y - mean))
            which = slice(2 * number, 2 * number + 2)
            self.place_weights[:, which] = torch.from_numpy(weights).to(self.place_weights)
            self.places[which] = torch.from_numpy(mean - middle @ weights).to(self.places)
            costs.append(float(np.square(x @ weights + mean - middle @ weights - y).sum(1).mean()))
        return float(np.mean(costs)) if costs else 0.0

    def _fit_svm(
        self, place: int, vectors: NDArray[np.float32], known: NDArray[np.bool_], true: NDArray[np.bool_]
    ) -> float:
        """The SVM of one name, on the photos of which something of its kind is known."""
        svm = calibrated_svm(vectors[known], true[known], self.config.regularisation)
        self.weights[place] = torch.from_numpy(svm.weights).to(self.weights)
        self.bias[place] = svm.bias
        return svm.loss


def _unit(images: Tensor) -> Tensor:
    """float32 in 0..1."""
    return images.float() / 255 if images.dtype == torch.uint8 else images.float()


def _bytes(images: Tensor) -> Tensor:
    images = images.cpu()
    return images if images.dtype == torch.uint8 else images.mul(255).round().to(torch.uint8)
