"""The names under which shops state a colour, a gender or a brand among their own attributes."""

_NAMES = {
    "colour": (
        "color colour colours colors colorway colourway couleur couleurs farbe farben farbton kleur kleuren colore"
        " colori cor cores colores väri färg farve farge litur kolor barva farba szín culoare renk boja spalva krāsa"
        " värv χρώμα цвет цвят колір боја 色 颜色 顏色 カラー 색상 색 اللون צבע warna màu"
    ),
    "gender": "gender geschlecht genre género genero gênero genere sex sexe sexo geslacht kön køn kjønn sukupuoli"
    " płeć pohlaví nem cinsiyet пол стать φύλο 性別 性别 성별 الجنس",
    "brand": "brand marke hersteller marque merk marca märke mærke merke merkki marka značka márka бренд марка"
    " μάρκα ブランド 品牌 브랜드",
}
_COLUMNS = {name.casefold(): column for column, names in _NAMES.items() for name in names.split()}


def column_of(name: str) -> str:
    """Name the column that an attribute of this name fills: colour, gender, brand; empty for others.

    The whole name must be known: a "colour of the lining" is not the colour.
    """
    plain = name.strip().rstrip(":").rstrip().casefold()
    return _COLUMNS.get(plain.removeprefix("attribute_").removeprefix("pa_"), "")
