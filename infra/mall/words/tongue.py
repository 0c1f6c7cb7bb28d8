"""The shape of one language's vocabulary, and finding it by its file's name."""

from dataclasses import dataclass
from importlib import import_module

Synonyms = dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class Tongue:
    """Words of one language. Keys are the names of garments/design.py; the first synonym is the usual one."""

    categories: Synonyms
    path: dict[str, tuple[str, ...]]
    "category path below the gender, outer first"
    genders: Synonyms
    "the first word heads the category path"
    colours: Synonyms
    patterns: Synonyms
    sleeves: Synonyms
    necklines: Synonyms
    materials: Synonyms
    styles: Synonyms
    details: Synonyms
    lengths: Synonyms
    noise: tuple[str, ...]
    "marketing"
    openings: tuple[str, ...]
    "first sentences; {what} is the item"
    closings: tuple[str, ...]
    titles: tuple[str, ...]
    "templates; a field with no word leaves no gap"
    facts: dict[str, str]
    "labels of the bullet list: colour, pattern, material, sleeve, neckline"
    sizes: tuple[str, ...]
    shoe_sizes: tuple[str, ...]


def tongue(language: str) -> Tongue:
    """The vocabulary in the file of that name."""
    names = {"en": "english", "de": "german"}
    found = import_module(f"infra.mall.words.{names[language]}").TONGUE
    assert isinstance(found, Tongue)
    return found
