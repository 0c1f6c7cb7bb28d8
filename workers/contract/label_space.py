"""The names that a method learns, each by its place: the width of every output that has one row per name."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from schemas.annotation import DOMAINS


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
    def mirrored_landmarks(self) -> tuple[int, ...]:
        """(L,) place of the landmark that each becomes in a mirrored picture: left ones right ones, others themselves.

        Left and right in a landmark's name are the picture's.
        """
        places = {name: place for place, name in enumerate(self.landmarks)}
        return tuple(places.get(_mirrored(name), place) for place, name in enumerate(self.landmarks))

    def stored(self) -> dict[str, list[str]]:
        """As plain values, for a checkpoint's header: the words, and of the others those that there are."""
        return {name: list(names) for name, names in asdict(self).items() if names or name == "words"}

    @classmethod
    def restored(cls, values: Mapping[str, Any]) -> "LabelSpace":
        """From what `stored` gave; other keys are not looked at."""
        return cls(**{name: tuple(values.get(name, ())) for name in cls.__dataclass_fields__})


def _mirrored(name: str) -> str:
    words = name.split(" ")
    other = {"left": "right", "right": "left"}
    return " ".join(other.get(word, word) for word in words)


NO_LABELS = LabelSpace()
