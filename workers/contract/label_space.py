"""The names that a method learns, each by its place: the width of every output that has one row per name."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from schemas.annotation import DOMAINS
from schemas.errors import InputError


@dataclass(frozen=True)
class LabelSpace:
    """What may be said of a photo of one label run.

    words       the vocabulary, index = word_id
    categories, attributes, landmarks  names in the run's `annotations`, sorted; empty where the method reads none
    """

    words: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    attributes: tuple[str, ...] = ()
    landmarks: tuple[str, ...] = ()

    @property
    def domains(self) -> tuple[str, ...]:
        """Who took a photo."""
        return DOMAINS

    @property
    def attribute_groups(self) -> dict[str, tuple[int, ...]]:
        """Places of the attributes of each kind, as of `pattern: dotted` or `pattern=dotted`, by the kind's name.

        Attributes that name no kind are of the kind "".
        """
        groups: dict[str, list[int]] = {}
        for place, name in enumerate(self.attributes):
            groups.setdefault(_kind_and_value(name)[0], []).append(place)
        return {kind: tuple(places) for kind, places in groups.items()}

    def attribute_place(self, kind: str, value: str) -> int:
        """Place of the attribute of this kind and value. Raises InputError, with those that there are, for others."""
        if not (places := self.attribute_groups.get(kind)):
            there = sorted(filter(None, self.attribute_groups))
            raise InputError(f"attribute {kind}", f"was not learnt; there are {', '.join(there) or 'none'}")
        values = {_kind_and_value(self.attributes[place])[1]: place for place in places}
        if value not in values:
            raise InputError(f"{kind} {value}", f"was not learnt; there are {', '.join(sorted(values))}")
        return values[value]

    @property
    def mirrored_landmarks(self) -> tuple[int, ...]:
        """(L,) place of the landmark that each becomes in a mirrored picture: left ones right ones, others themselves.

        Left and right in a landmark's name are the picture's.
        """
        places = {name: place for place, name in enumerate(self.landmarks)}
        return tuple(places.get(_mirrored(name), place) for place, name in enumerate(self.landmarks))

    def require(self, method: str, *kinds: str) -> None:
        """Refuse a label space that lacks names of a kind, as a crawl's without annotations does.

        kinds  of categories, attributes, landmarks
        Raises InputError, which names the method and what it lacks.
        """
        if missing := [kind for kind in kinds if not getattr(self, kind)]:
            what = " and ".join(kinds)
            raise InputError(method, f"learns from {what}, and the photos have no {' and no '.join(missing)}")

    def stored(self) -> dict[str, list[str]]:
        """As plain values, for a checkpoint's header: the words, and of the others those that there are."""
        return {name: list(names) for name, names in asdict(self).items() if names or name == "words"}

    @classmethod
    def restored(cls, values: Mapping[str, Any]) -> "LabelSpace":
        """From what `stored` gave; other keys are not looked at."""
        return cls(**{name: tuple(values.get(name, ())) for name in cls.__dataclass_fields__})


def _kind_and_value(name: str) -> tuple[str, str]:
    kind, _, value = name.replace("=", ":", 1).partition(":")
    return (kind.strip(), value.strip()) if value else ("", name)


def _mirrored(name: str) -> str:
    words = name.split(" ")
    other = {"left": "right", "right": "left"}
    return " ".join(other.get(word, word) for word in words)


NO_LABELS = LabelSpace()
