"""workers/layers/networks/alexnet.py: torchvision's network up to fc6, as one cell."""

import torch
from torchvision.models import alexnet

from workers.layers.networks.alexnet import network, renamed
from workers.layers.networks.backbone import Backbone


def test_its_cell_is_fc6_of_torchvision_s_network() -> None:
    torch.manual_seed(0)
    theirs = alexnet(weights=None).eval()
    ours = network("alexnet")
    images = torch.rand(2, 3, 224, 224)

    ours.maps.load_state_dict(renamed(theirs.state_dict()))

    with torch.no_grad():
        fc6 = theirs.classifier[:3](theirs.avgpool(theirs.features(images)).flatten(1))
        cell = ours.maps.eval()(images)
    assert cell.shape == (2, 4096, 1, 1) and ours.dim == 4096
    torch.testing.assert_close(cell[:, :, 0, 0], fc6)


def test_it_is_a_backbone_whose_weights_nobody_downloads_unasked() -> None:
    backbone = Backbone("alexnet", "auto").eval()

    assert backbone.origin == "random" and len(backbone.depths) == 2
    assert sum(parameter.numel() for parameter in backbone.parameters()) == 2_469_696 + 9217 * 4096
