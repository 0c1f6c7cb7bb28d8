"""What an item looks like, in names and numbers: drawn once per item, never read by a crawler.

The names are the truth that words and scores are checked against; the numbers make two items of one
category and colour differ, so that one item can be found again in another photo.
"""

from dataclasses import dataclass
from random import Random

from infra.mall.garments.palette import TONES, contrasting, jitter

PATTERNS = ("plain", "stripes", "dots", "check", "floral")
PRINTS = ("", "disc", "triangle", "wave", "star", "bars", "mountain", "heart")


@dataclass(frozen=True)
class Choices:
    """What one category may look like; repeated names are likelier."""

    styles: tuple[str, ...]
    sleeves: tuple[str, ...] = ("none",)
    necklines: tuple[str, ...] = ("none",)
    patterns: tuple[str, ...] = ("plain",)
    materials: tuple[str, ...] = ("cotton",)
    details: tuple[str, ...] = ()
    genders: tuple[str, ...] = ("women", "men")


MIXED = ("plain",) * 4 + ("stripes",) * 3 + ("dots", "check", "floral")
WOVEN = ("plain",) * 4 + ("stripes",) * 2 + ("check",) * 3 + ("dots", "floral")
SOFT = ("plain",) * 3 + ("floral",) * 3 + ("dots",) * 2 + ("stripes",) * 2 + ("check",)
CALM = ("plain",) * 7 + ("stripes", "check")
LADY = ("women",)

CATEGORIES: dict[str, Choices] = {
    "tee": Choices(
        ("straight",),
        ("short", "short", "short", "long"),
        ("crew", "crew", "v-neck", "scoop"),
        MIXED,
        details=("pocket", "print", ""),
    ),
    "tank top": Choices(("straight",), ("none",), ("scoop", "v-neck"), MIXED),
    "shirt": Choices(
        ("straight",),
        ("long", "long", "short"),
        ("collar",),
        WOVEN,
        ("cotton", "linen"),
        ("pocket", "pocket", ""),
    ),
    "blouse": Choices(
        ("puff", "straight"),
        ("long", "short", "long"),
        ("v-neck", "scoop", "bow"),
        SOFT,
        ("viscose", "silk"),
        ("buttons", ""),
        LADY,
    ),
    "sweater": Choices(
        ("straight",),
        ("long",),
        ("crew", "turtleneck", "v-neck"),
        ("plain",) * 4 + ("stripes",) * 3 + ("dots",),
        ("knit", "wool"),
        ("cable", ""),
    ),
    "cardigan": Choices(
        ("straight",), ("long",), ("v-neck",), ("plain",) * 4 + ("stripes",), ("knit",), ("pocket", "")
    ),
    "hoodie": Choices(
        ("straight",), ("long",), ("hood",), ("plain",) * 6 + ("stripes",), ("fleece",), ("zip", "print", "")
    ),
    "jacket": Choices(("bomber", "denim", "blazer", "puffer"), ("long",), ("collar",), CALM, ("cotton",)),
    "coat": Choices(("single", "double", "belted"), ("long",), ("lapels",), CALM, ("wool",), ("pocket",)),
    "dress": Choices(
        ("a-line", "a-line", "sheath", "tiered"),
        ("none", "short", "long"),
        ("v-neck", "scoop", "crew", "collar"),
        SOFT,
        ("viscose", "cotton"),
        ("belt", "", ""),
        LADY,
    ),
    "jumpsuit": Choices(
        ("wide", "slim"),
        ("none", "short", "long"),
        ("v-neck", "scoop", "collar"),
        ("plain",) * 4 + ("stripes", "floral", "dots"),
        ("viscose",),
        ("belt",),
        LADY,
    ),
    "skirt": Choices(
        ("a-line", "pencil", "pleated"),
        patterns=SOFT,
        materials=("cotton", "wool"),
        details=("buttons", "belt", ""),
        genders=LADY,
    ),
    "pants": Choices(
        ("straight", "slim", "wide"),
        patterns=("plain",) * 5 + ("check", "stripes"),
        materials=("cotton", "wool", "linen"),
        details=("crease", "belt", ""),
    ),
    "jeans": Choices(("straight", "slim", "wide"), materials=("denim",), details=("fade", "torn", "")),
    "shorts": Choices(
        ("straight", "wide"),
        patterns=("plain",) * 4 + ("check", "stripes", "floral"),
        materials=("cotton", "denim"),
        details=("cord", "belt"),
    ),
    "shoes": Choices(
        ("sneaker", "sneaker", "loafer", "pump"), materials=("leather", "canvas"), details=("laces",)
    ),
    "boots": Choices(("chelsea", "laced", "knee"), materials=("leather",), details=("laces",)),
}


@dataclass(frozen=True)
class Assortment:
    """What a shop has more of.

    categories   how many of each come in a turn
    colours      how often each is drawn, beside the others
    """

    categories: dict[str, int]
    colours: dict[str, int]

    def turn(self) -> list[str]:
        """The categories of one turn."""
        return [name for name, times in self.categories.items() for _ in range(times)]

    def tones(self) -> list[str]:
        """What a colour is drawn from."""
        return [name for name, times in self.colours.items() for _ in range(times)]


EVEN = Assortment(dict.fromkeys(CATEGORIES, 1), dict.fromkeys(TONES, 1))
ASSORTMENTS = {
    "even": EVEN,
    # A usual shop sells more dresses than anything else, few jumpsuits, and more black than olive.
    "usual": Assortment(
        dict.fromkeys(CATEGORIES, 2)
        | {"dress": 8, "tee": 5, "blouse": 4, "sweater": 4, "pants": 4, "shoes": 4, "shirt": 3, "jeans": 3}
        | {"jacket": 3, "skirt": 3, "jumpsuit": 1},
        dict.fromkeys(TONES, 1)
        | {"black": 4, "white": 3, "navy": 3, "blue": 3, "red": 3, "grey": 2, "beige": 2, "pink": 2}
        | {"green": 2},
    ),
}
JEANS_TONES = ("blue", "blue", "navy", "black", "grey", "white")
LENGTHS = (("short", 0.28), ("medium", 0.70), ("long", 1.01))


@dataclass(frozen=True)
class Design:
    """One item. Numbers without a unit run from 0 to 1 between the extremes its category knows."""

    category: str
    style: str
    gender: str
    colour: str
    tone: str
    accent_name: str
    accent: str
    third: str
    pattern: str
    scale: float
    "size of the pattern's repeat, 1 is usual"
    sleeve: str
    neckline: str
    material: str
    detail: str
    extent: float
    "from shortest to longest hem"
    width: float
    flare: float
    depth: float
    "of the neckline"
    sleeve_length: float
    sleeve_angle: float
    buttons: int
    print_shape: str
    print_size: float
    side: int
    "-1 or 1: where the pocket or the badge sits"
    key: str
    "names the small random choices of drawing"

    @property
    def length(self) -> str:
        """short, medium or long, for its category."""
        return next(name for name, limit in LENGTHS if self.extent < limit)

    @property
    def attributes(self) -> tuple[str, ...]:
        """Everything about it that has a name, as `pattern: stripes`."""
        facts = ("style", "gender", "colour", "pattern", "sleeve", "neckline", "material", "detail", "length")
        values = [(fact, getattr(self, fact)) for fact in facts] + [("print", self.print_shape)]
        return tuple(f"{fact}: {value}" for fact, value in values if value not in ("", "none"))


def design(rng: Random, category: str, key: str, assortment: Assortment = EVEN) -> Design:
    """Draw one item of a category."""
    may = CATEGORIES[category]
    style, detail = rng.choice(may.styles), rng.choice(may.details or ("",))
    colour = rng.choice(JEANS_TONES if category == "jeans" else assortment.tones())
    if style == "denim":
        colour = rng.choice(JEANS_TONES)
    accent, third = contrasting(rng, colour), contrasting(rng, colour)
    pattern = rng.choice(may.patterns) if style not in ("denim", "puffer") else "plain"
    has_print = detail == "print" and pattern == "plain"
    return Design(
        category=category,
        style=style,
        colour=colour,
        tone=jitter(rng, colour),
        pattern=pattern,
        detail=detail,
        gender="women" if style in ("pump", "knee") else rng.choice(may.genders),
        accent_name=accent,
        accent=jitter(rng, accent),
        third=jitter(rng, third),
        scale=rng.uniform(0.7, 1.5),
        sleeve=rng.choice(may.sleeves),
        neckline=rng.choice(may.necklines),
        material="denim" if style == "denim" else rng.choice(may.materials),
        extent=rng.random(),
        width=rng.random(),
        flare=rng.random(),
        depth=rng.random(),
        sleeve_length=rng.random(),
        sleeve_angle=rng.random(),
        buttons=rng.randint(3, 7),
        print_shape=rng.choice(PRINTS[1:]) if has_print else "",
        print_size=rng.uniform(0.75, 1.3),
        side=rng.choice((-1, 1)),
        key=key,
    )
