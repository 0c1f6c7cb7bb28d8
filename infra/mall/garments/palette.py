"""The colours clothes come in, and arithmetic on them. A colour is "#rrggbb"."""

from random import Random

# One tone a person names at a glance; an item's own tone is this one, moved a little.
TONES = {
    "black": "#2a2a2e",
    "white": "#f4f3ef",
    "grey": "#8f9296",
    "navy": "#1f2d54",
    "blue": "#2f66c4",
    "turquoise": "#2bb3ad",
    "green": "#2f8f4e",
    "olive": "#6f6f38",
    "yellow": "#f0c52f",
    "orange": "#ea7a27",
    "red": "#d02a30",
    "burgundy": "#701f33",
    "pink": "#f094b4",
    "purple": "#7443a3",
    "brown": "#74492c",
    "beige": "#d9c4a0",
}
LEAF = "#4c8a4a"


def channels(tone: str) -> tuple[int, int, int]:
    """Red, green and blue, 0 to 255."""
    return int(tone[1:3], 16), int(tone[3:5], 16), int(tone[5:7], 16)


def tone_of(red: float, green: float, blue: float) -> str:
    """The colour of three channels, each held to 0..255."""
    return "#" + "".join(f"{min(255, max(0, round(c))):02x}" for c in (red, green, blue))


def mix(tone: str, other: str, share: float) -> str:
    """`tone` with a share of `other`, 0 to 1."""
    pairs = zip(channels(tone), channels(other), strict=True)
    red, green, blue = (a + (b - a) * share for a, b in pairs)
    return tone_of(red, green, blue)


def luma(tone: str) -> float:
    """Perceived lightness, 0 black to 1 white."""
    red, green, blue = channels(tone)
    return (0.299 * red + 0.587 * green + 0.114 * blue) / 255


def darker(tone: str, share: float) -> str:
    """Towards black; never pure black, which hides every seam."""
    return mix(tone, "#08080c", share)


def lighter(tone: str, share: float) -> str:
    """Towards white."""
    return mix(tone, "#ffffff", share)


def line(tone: str) -> str:
    """A colour for seams and outlines on cloth of this tone: darker, or lighter where the cloth is dark."""
    return lighter(tone, 0.24) if luma(tone) < 0.22 else darker(tone, 0.42)


def jitter(rng: Random, name: str) -> str:
    """An item's own tone of a named colour: near enough that its name stays right."""
    shift = rng.uniform(-10, 10)
    red, green, blue = (c + shift + rng.uniform(-7, 7) for c in channels(TONES[name]))
    return tone_of(red, green, blue)


def contrasting(rng: Random, name: str) -> str:
    """The name of a second colour that shows on cloth of the first."""
    own = luma(TONES[name])
    far = [n for n, tone in TONES.items() if abs(luma(tone) - own) > 0.28]
    # White on dark and navy or black on light is what shops sell most.
    usual = ["white", "beige"] if own < 0.5 else ["navy", "black", "red"]
    return rng.choice([n for n in usual if n in far] * 2 + far)
