"""workers/contract/label_space.py: names by their place."""

import pytest

from schemas.errors import InputError
from workers.contract import LabelSpace


def test_a_mirror_swaps_left_and_right_where_both_are_there() -> None:
    labels = LabelSpace(landmarks=("left collar", "left hem", "neck", "right collar"))

    assert labels.mirrored_landmarks == (3, 1, 2, 0)


def test_what_is_stored_is_restored_and_empty_kinds_are_left_out() -> None:
    labels = LabelSpace(("blue", "red"), attributes=("plain",))

    assert labels.stored() == {"words": ["blue", "red"], "attributes": ["plain"]}
    assert LabelSpace.restored({"method": "house"} | labels.stored()) == labels
    assert LabelSpace().stored() == {"words": []}


def test_what_a_method_cannot_do_without_is_named_with_what_is_missing() -> None:
    LabelSpace(categories=("dress",), landmarks=("neck",)).require("any", "categories", "landmarks")

    with pytest.raises(InputError) as caught:
        LabelSpace(categories=("dress",)).require("any", "categories", "landmarks")

    assert str(caught.value) == "any: learns from categories and landmarks, and the photos have no landmarks"


def test_attributes_are_of_the_kind_that_their_name_says() -> None:
    labels = LabelSpace(attributes=("colour: red", "dotted", "neck=round", "neck=v", "odd:", "colour: blue"))

    assert labels.attribute_groups == {"colour": (0, 5), "": (1, 4), "neck": (2, 3)}
    assert LabelSpace().attribute_groups == {}
    assert labels.attribute_place("colour", "red") == 0 and labels.attribute_place("neck", "v") == 3
    with pytest.raises(InputError) as of_kind:
        labels.attribute_place("sleeve", "long")
    assert str(of_kind.value) == "attribute sleeve: was not learnt; there are colour, neck"
    with pytest.raises(InputError) as of_value:
        labels.attribute_place("colour", "green")
    assert str(of_value.value) == "colour green: was not learnt; there are blue, red"
