"""workers/retrieval/encoder.py: what is embedded in one thread while another makes an encoder ready."""

from threading import Thread

import numpy as np
import pyarrow.fs as pafs

from workers.layers.networks.backbone import Backbone
from workers.layers.networks.folding import folded
from workers.retrieval.encoder import Encoder


def test_photos_are_embedded_while_another_model_is_folded_beside() -> None:
    settings = {"backbone": "resnet18", "weights": "random", "image_size": 32}
    encoder = Encoder(pafs.LocalFileSystem(), "", "corbiere", config=settings)
    photos = np.zeros((1, 3, 32, 32), np.uint8)
    expected = encoder.vectors(photos)
    network = Backbone("resnet18").maps
    folds = Thread(target=lambda: [folded(network, half=False) for _ in range(5)])

    folds.start()
    while folds.is_alive():
        assert np.array_equal(encoder.vectors(photos), expected)
    folds.join()
