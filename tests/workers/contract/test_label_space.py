"""workers/contract/label_space.py: names by their place."""

from workers.contract import LabelSpace


def test_a_mirror_swaps_left_and_right_where_both_are_there() -> None:
    labels = LabelSpace(landmarks=("left collar", "left hem", "neck", "right collar"))

    assert labels.mirrored_landmarks == (3, 1, 2, 0)


def test_what_is_stored_is_restored_and_empty_kinds_are_left_out() -> None:
    labels = LabelSpace(("blue", "red"), attributes=("plain",))

    assert labels.stored() == {"words": ["blue", "red"], "attributes": ["plain"]}
    assert LabelSpace.restored({"method": "house"} | labels.stored()) == labels
    assert LabelSpace().stored() == {"words": []}
