"""A shop's copywriter: from the truth about an item to the words on its page, mistakes included."""

import html
import re
from dataclasses import dataclass
from random import Random

from infra.mall.garments.design import CATEGORIES, Design
from infra.mall.garments.palette import TONES
from infra.mall.words.tongue import Synonyms, Tongue, tongue

WRONG = 0.05  # share of items whose words name a wrong colour or category
UNSAID = 0.25  # share of words left out where a title has room for them
TYPO = 0.05
NOISE = 0.28


@dataclass(frozen=True)
class Words:
    """Everything a shop says about one item."""

    title: str
    description_html: str
    categories: tuple[str, ...]
    tags: tuple[str, ...]
    colour: str
    gender: str
    sizes: tuple[str, ...]
    wrong: str
    "category or colour, where the words lie; empty otherwise. Never served"


def write(rng: Random, look: Design, language: str, brand: str) -> Words:
    """The words for one item."""
    voice = tongue(language)
    wrong = rng.choice(("category", "colour")) if rng.random() < WRONG else ""
    category = (
        rng.choice([c for c in CATEGORIES if c != look.category]) if wrong == "category" else look.category
    )
    colour = rng.choice([c for c in TONES if c != look.colour]) if wrong == "colour" else look.colour
    said = {
        "brand": brand,
        "category": pick(rng, voice.categories, category),
        "colour": pick(rng, voice.colours, colour),
        "gender": pick(rng, voice.genders, look.gender),
        "pattern": pick(rng, voice.patterns, look.pattern),
        "material": pick(rng, voice.materials, look.material),
        "sleeve": pick(rng, voice.sleeves, look.sleeve) if has_sleeves(look) else "",
        "neckline": pick(rng, voice.necklines, look.neckline),
        "style": pick(rng, voice.styles, look.style),
        "detail": pick(rng, voice.details, look.detail),
        "length": pick(rng, voice.lengths, look.length)
        if look.category in ("dress", "skirt", "coat", "jumpsuit")
        else "",
    }
    spoken = {
        name: word if name == "category" or rng.random() > UNSAID else "" for name, word in said.items()
    }
    shoes = look.category in ("shoes", "boots")
    return Words(
        title=title(rng, voice, spoken),
        description_html=description(rng, voice, said),
        categories=path(look, language),
        tags=tags(rng, said),
        colour=said["colour"] if rng.random() > 0.15 else "",
        gender=voice.genders[look.gender][0],
        sizes=tuple((voice.shoe_sizes if shoes else voice.sizes)[rng.randint(0, 1) : rng.randint(4, 6)]),
        wrong=wrong,
    )


def path(look: Design, language: str) -> tuple[str, ...]:
    """The shop's categories for an item, whom it is for first."""
    voice = tongue(language)
    return (voice.genders[look.gender][0], *voice.path[look.category])


def has_sleeves(look: Design) -> bool:
    """Whether a shop would speak of sleeves at all."""
    return "long" in CATEGORIES[look.category].sleeves or look.category == "tank top"


def pick(rng: Random, words: Synonyms, name: str) -> str:
    """One of a name's synonyms; the usual one half of the time; "" where the language has no word for it."""
    known = words.get(name, ("",))
    return known[0] if rng.random() < 0.5 else rng.choice(known)


def title(rng: Random, voice: Tongue, spoken: dict[str, str]) -> str:
    """A template filled with what is said, sometimes louder, sometimes with a typo."""
    text = tidy(rng.choice(voice.titles).format(**spoken))
    if rng.random() < TYPO:
        text = misspelt(rng, text)
    if rng.random() < NOISE:
        noise = rng.choice(voice.noise)
        text = rng.choice((f"{noise} {text}", f"{text} {noise}", f"{text} ({noise})", f"{noise}! {text}"))
    return text.upper() if rng.random() < 0.03 else text


def tidy(text: str) -> str:
    """Removes what empty fields leave: doubled spaces, commas and dashes without neighbours."""
    text = re.sub(r"\s+", " ", text)
    text = re.sub(r"\s+,", ",", text)
    text = re.sub(r"(,\s*)+,", ",", text)
    text = re.sub(r"(\w)- (?=[A-ZÄÖÜ])", r"\1-", text)  # German compounds: Bomber- Jacke
    text = re.sub(r"\b(in|aus)\s*($|,)", "", text)
    text = re.sub(r"^[\s,|\-]+|[\s,|]+$|\s-\s*$", "", text)
    return text.strip()


def misspelt(rng: Random, text: str) -> str:
    """Two letters swapped, or one lost, inside a longer word."""
    words = text.split(" ")
    long = [n for n, word in enumerate(words) if len(word) > 4 and word.isalpha()]
    if not long:
        return text
    number = rng.choice(long)
    word, at = words[number], rng.randint(1, len(words[number]) - 3)
    swapped = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    words[number] = swapped if rng.random() < 0.5 else word[:at] + word[at + 1 :]
    return " ".join(words)


def description(rng: Random, voice: Tongue, said: dict[str, str]) -> str:
    """A paragraph, sometimes a list of facts, in HTML with entities."""
    parts = ("colour", "pattern", "category", "detail") if rng.random() < 0.7 else ("category", "neckline")
    what = html.escape(tidy(" ".join(said[part] for part in parts if said[part])))
    text = f"<p>{rng.choice(voice.openings).format(what=what)}</p>"
    if rng.random() < 0.6:
        facts = [name for name in voice.facts if said[name] and rng.random() > UNSAID]
        rows = "".join(f"<li><b>{voice.facts[name]}:</b> {html.escape(said[name])}</li>" for name in facts)
        text += f"<ul>{rows}</ul>" if rows else ""
    for closing in rng.sample(voice.closings, rng.randint(0, 2)):
        text += f"<p>{closing}</p>" if rng.random() < 0.7 else f"<br />{closing}"
    return text


def tags(rng: Random, said: dict[str, str]) -> tuple[str, ...]:
    """Some of the words again, and one that only the shop understands."""
    chosen = [
        said[name].lower()
        for name in ("category", "colour", "pattern", "material", "style")
        if rng.random() < 0.55
    ]
    inner = rng.choice(("ss26", "fw26", "core", "outlet", "new", "wk-42", "eco"))
    return tuple(dict.fromkeys([word for word in chosen if word] + [inner]))
