"""workers/contract/stage.py: a method's usual stages, rates by depth, and depths that stay as they are."""

from torch import nn

from workers.contract import SETTLING, Training, head_first
from workers.contract.stage import shares_by_depth


class Net(nn.Module):
    """Two depths, a head, and a gain that is part of no depth."""

    def __init__(self) -> None:
        super().__init__()
        self.low, self.high, self.head = nn.Linear(2, 2), nn.Linear(2, 2), nn.Linear(2, 1)


def test_each_depth_learns_at_a_share_of_the_one_above_it_and_the_head_at_all() -> None:
    net = Net()
    parameters = (*net.low.parameters(), *net.high.parameters(), *net.head.parameters())

    assert shares_by_depth(parameters, (net.low, net.high), 0.5) == (0.25, 0.25, 0.5, 0.5, 1, 1)
    assert shares_by_depth(parameters[::-1], (net.low, net.high), 0.5)[0] == 1
    assert shares_by_depth(parameters, (), 0.5) == (1,) * 6


def test_the_head_learns_alone_first_at_its_full_rate() -> None:
    net = Net()
    training = Training(layer_decay=0.1, frozen_epochs=2, epochs=3)

    alone, everything = head_first("head", net.head, net, training, "photos", (net.low, net.high))

    assert (alone.epochs, alone.frozen, alone.groups[0].shares) == (2, (net,), ())
    assert alone.groups[0].parameters == tuple(net.head.parameters())
    assert everything.groups[0].shares == shares_by_depth(
        everything.groups[0].parameters, (net.low, net.high), 0.1
    )
    one_rate = head_first("head", net.head, net, Training(), "photos", (net.low, net.high))[1]
    assert one_rate.groups[0].shares == ()


def test_the_first_depths_stay_as_they_are_in_every_stage() -> None:
    net = Net()
    training = Training(frozen_depths=1, layer_decay=0.5)

    everything = head_first("head", net.head, net, training, "photos", (net.low, net.high))[1]

    assert everything.frozen == (net.low,)
    assert everything.groups[0].parameters == (*net.high.parameters(), *net.head.parameters())
    assert everything.groups[0].shares == (0.5, 0.5, 1, 1)
    whole = head_first("head", net.head, net, Training(frozen_depths=9), "photos", (net.low, net.high))[1]
    assert whole.groups[0].parameters == tuple(net.head.parameters())


def test_the_head_settles_on_whole_photos_where_that_is_asked() -> None:
    net = Net()

    *_, settling = head_first("head", net.head, net, Training(settling_epochs=2), "photos")

    assert (settling.name, settling.epochs, settling.whole, settling.frozen) == (SETTLING, 2, True, (net,))
    assert settling.groups[0].parameters == tuple(net.head.parameters())
    for none in (None, 0):
        stages = head_first("head", net.head, net, Training(settling_epochs=none), "photos")
        assert [stage.name for stage in stages] == ["head", "all"]
