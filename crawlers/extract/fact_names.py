"""The names under which shops state a colour, a gender or a brand among their own attributes, and lists of values."""

import re
from collections.abc import Iterable, MutableMapping

_NAMES = {
    "colour": (
        "color colour colours colors colorway colourway colorname colourname couleur couleurs farbe farben farbton"
        " farbname kleur kleuren colore"
        " colori cor cores colores väri färg farve farge litur kolor barva farba szín culoare renk boja spalva krāsa"
        " värv χρώμα цвет цвят колір боја 色 颜色 顏色 カラー 색상 색 اللون צבע warna màu màusắc"
    ),
    "gender": "gender geschlecht genre género genero gênero genere sex sexe sexo geslacht kön køn kjønn sukupuoli"
    " płeć pohlaví nem cinsiyet пол стать φύλο 性別 性别 성별 الجنس",
    "brand": "brand marke hersteller marque merk marca märke mærke merke merkki marka značka márka бренд марка"
    " μάρκα ブランド 品牌 브랜드",
}
_COLUMNS = {name.casefold(): column for column, names in _NAMES.items() for name in names.split()}
_BETWEEN = re.compile(r"[\s_-]+")
_COMMA = re.compile(r",(?!\d)|(?<!\d),")  # 38,5 is one size
_LONGEST = 200  # characters of a name that may be known


def column_of(name: str) -> str:
    """Name the column that an attribute of this name fills: colour, gender, brand; empty for others.

    The whole name must be known: a "colour of the lining" is not the colour.
    """
    plain = name[:_LONGEST].strip().rstrip(":").rstrip().casefold()
    return _COLUMNS.get(_BETWEEN.sub("", plain.removeprefix("attribute_").removeprefix("pa_")), "")


def taken(facts: MutableMapping[str, str], column: str) -> str:
    """Take the first fact that fills a column out of `facts`; empty where none does.

    Of the options of one product a second one is another thing: "Colour" of the coat and "Color" of its lining.
    """
    name = next((name for name in facts if column_of(name) == column), None)
    return "" if name is None else facts.pop(name)


def every_taken(facts: MutableMapping[str, str], column: str) -> str:
    """Take all facts that fill a column: of many nodes, each may spell the name of one property in its own way."""
    values = [facts.pop(name) for name in list(facts) if column_of(name) == column]
    return joined(values) if len(values) > 1 else "".join(values)


def joined(values: Iterable[str]) -> str:
    """Join values, and lists of them with commas between, by ", ": each once, however its letters are written."""
    words: dict[str, str] = {}
    for value in values:
        for part in _COMMA.split(value):
            if word := part.strip():
                words.setdefault(word.casefold(), word)
    return ", ".join(words.values())
