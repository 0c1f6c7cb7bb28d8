"""What is known of a photo beyond its shop's words: an importer's ground truth, checked.

Kept by flows/crawl in the table `annotations` of a crawl, and by flows/learn/label.py in that of a label run:
one schema, `schemas.label.ANNOTATIONS`. Places are shares of the upright photo, so they stand at any size.
"""

from dataclasses import dataclass
from typing import Any

import pyarrow as pa

DOMAINS = ("shop", "street")
# The words of published splits: who gave a benchmark said which photo is on which side, and nobody else decides it.
OFFICIAL_SPLITS = ("train", "val", "test", "query", "gallery")

LANDMARK = pa.struct(
    [
        pa.field("name", pa.string(), nullable=False),  # as `left collar`; left is the picture's left
        pa.field("x", pa.float32(), nullable=False),  # share of the width, 0 (left) to 1
        pa.field("y", pa.float32(), nullable=False),  # share of the height, 0 (top) to 1
        pa.field("visible", pa.bool_(), nullable=False),  # false: its place is known, but something covers it
    ]
)
BOX = pa.struct([pa.field(side, pa.float32(), nullable=False) for side in ("left", "top", "right", "bottom")])

# The eight of DeepFashion (Liu et al., CVPR 2016, section 3); other sets may be stored under other names.
LANDMARKS = (
    "left collar",
    "right collar",
    "left sleeve",
    "right sleeve",
    "left waistline",
    "right waistline",
    "left hem",
    "right hem",
)


@dataclass(frozen=True)
class Landmark:
    """A named point of a garment. One outside the photo, or not on this garment, is not listed at all.

    x, y     shares 0..1 of the upright photo's width and height, from its top left
    visible  False where the place is known but something covers it
    """

    name: str
    x: float
    y: float
    visible: bool = True

    def __post_init__(self) -> None:
        if not self.name:
            raise ValueError("a landmark without a name")
        if not (0 <= self.x <= 1 and 0 <= self.y <= 1):
            raise ValueError(f"landmark {self.name} at {self.x}, {self.y} is outside the photo")


@dataclass(frozen=True)
class Box:
    """Where the garment is in the photo: shares 0..1 of its width and height, from its top left."""

    left: float
    top: float
    right: float
    bottom: float

    def __post_init__(self) -> None:
        if not (0 <= self.left < self.right <= 1 and 0 <= self.top < self.bottom <= 1):
            raise ValueError(f"box {self.left}, {self.top}, {self.right}, {self.bottom} is not in the photo")


@dataclass(frozen=True)
class Annotation:
    """All that is known of one photo of one product; false where nothing is.

    split  one of OFFICIAL_SPLITS, of a photo of a published benchmark
    Raises ValueError for a place outside the photo, two landmarks of one name, an unknown domain or split.
    """

    category: str = ""
    attributes: tuple[str, ...] = ()
    landmarks: tuple[Landmark, ...] = ()
    box: Box | None = None
    domain: str = ""
    split: str = ""

    def __post_init__(self) -> None:
        names = [landmark.name for landmark in self.landmarks]
        if len(set(names)) < len(names):
            raise ValueError(f"two landmarks of one name in {', '.join(names)}")
        if self.domain and self.domain not in DOMAINS:
            raise ValueError(f"domain {self.domain} is none of {', '.join(DOMAINS)}")
        if self.split and self.split not in OFFICIAL_SPLITS:
            raise ValueError(f"split {self.split} is none of {', '.join(OFFICIAL_SPLITS)}")

    def __bool__(self) -> bool:
        return self != Annotation()

    def facts(self) -> dict[str, Any]:
        """The columns of ANNOTATIONS without the two ids; JSON values."""
        # Written out: `asdict` copies every number deeply, a fifth of the time of an import.
        return dict(vars(self)) | {
            "landmarks": tuple(dict(vars(landmark)) for landmark in self.landmarks),
            "box": None if self.box is None else dict(vars(self.box)),
        }
