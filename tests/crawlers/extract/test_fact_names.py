import pytest

from crawlers.extract.fact_names import column_of


@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("Color", "colour"),
        ("COLOUR", "colour"),
        (" Farbe: ", "colour"),
        ("pa_color", "colour"),
        ("attribute_pa_farbe", "colour"),
        ("Couleur", "colour"),
        ("Väri", "colour"),
        ("ЦВЕТ", "colour"),
        ("カラー", "colour"),
        ("颜色", "colour"),
        ("Geschlecht", "gender"),
        ("género", "gender"),
        ("Marke", "brand"),
        ("Hersteller", "brand"),
        ("Colour of lining", ""),
        ("Decor", ""),
        ("Size", ""),
        ("pa_", ""),
        ("", ""),
    ],
)
def test_a_name_means_a_column_in_any_language_and_only_as_a_whole(name: str, column: str) -> None:
    assert column_of(name) == column
