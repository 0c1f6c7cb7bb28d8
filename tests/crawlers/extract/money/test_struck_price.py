import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml.html import fragment_fromstring  # type: ignore[import-untyped]

from crawlers.extract.money.struck_price import is_struck, split_struck, unescaped

SCRAPS = st.sampled_from(
    [
        "<del>",
        "</del>",
        "<s class=sr-only>",
        "<b>",
        "</b>",
        "<sup>",
        "</sup>",
        "<b class=cents>",
        "60 €",
        "99",
        " ",
        "<",
        "<!-- 5 -->",
        "\x00",
        "<?p",
        "&nbsp;",
        "<br>",
    ]
)


@pytest.mark.parametrize(
    ("markup", "asked", "struck"),
    [
        ("60 €", "60 €", []),
        ("<b>60</b> €", "60 €", []),
        ("<del>60 €</del> <ins>45 €</ins>", "45 €", ["60 €"]),
        ("<ins>45 €</ins><s><b>60</b> €</s>", "45 €", ["60 €"]),
        ("<b><strike>80</strike> <s>60</s> 45</b>", "45", ["80", "60"]),
        ("<span class='screen-reader-text'>was 60</span> 45", "45", []),
        ("from <span class='a sr-only'>45 €</span>", "from 45 €", []),
        ("<del>60</del>", "", ["60"]),
        ("<del> </del>45", "45", []),
        ("<span class='price--old'>60</span><span class='new'>45</span>", "45", ["60"]),
        ("<b style='text-decoration: line-through'>60</b>45", "45", ["60"]),
        ("<b class='sold wash golden'>60</b>", "60", []),
        ("49<sup>99</sup> €", "49.99 €", []),
        ("49 <sup> 99 </sup>€", "49.99 €", []),
        ("<b class='int'>49</b> <b class='cents'>99</b>", "49.99", []),
        ("<b>49</b><b class='price__decimals'>99</b>", "49.99", []),
        ("1.299<sup>99</sup>", "1.299,99", []),
        ("1,299<sup>99€</sup>", "1,299.99€", []),
        ("<del>60<sup>50</sup></del> 49<sup>99</sup>", "49.99", ["60.50"]),
        ("49,<sup>99</sup>", "49,99", []),
        ("49,90<sup>1</sup> €", "49,90 €", []),
        ("49.90<sup>12)</sup>", "49.90", []),
        ("49€<sup>99</sup>", "49€99", []),
        ("<sup>49</sup>", "49", []),
        ("49<b class='decent'>99</b>", "4999", []),
        ("1&nbsp;299,00&nbsp;€", "1\xa0299,00\xa0€", []),
        ("1&amp;#160;299", "1\xa0299", []),
        ("&lt;del&gt;60 €&lt;/del&gt; 45 €", "45 €", ["60 €"]),
        ("<!-- 60 -->", "", []),
        ("<!-- 60 --><b>45</b>", "45", []),
        ("", "", []),
    ],
)
def test_what_is_struck_is_set_apart(markup: str, asked: str, struck: list[str]) -> None:
    assert split_struck(markup) == (asked, struck)


def test_an_element_is_struck_where_one_above_it_is_up_to_its_item() -> None:
    item = fragment_fromstring("<p><del><i><b>60</b></i></del><u>45</u></p>")
    around = fragment_fromstring("<del><p><b>60</b></p></del>")

    assert is_struck(item.find(".//b"), item)
    assert not is_struck(item.find("u"), item)
    assert not is_struck(around.find(".//b"), around.find("p"))


@given(st.lists(SCRAPS, max_size=30).map("".join))
def test_no_markup_breaks_it(markup: str) -> None:
    left, struck = split_struck(markup)

    assert left == unescaped(markup) if "<" not in markup else left == " ".join(left.split())
    assert all(struck)


@pytest.mark.parametrize(
    ("markup", "asked", "struck"),
    [
        ("<b class=price--non-sale>$199</b> <b class=price--withTax>$129</b>", "$129", ["$199"]),
        ("<b class=price--rrp>$199</b> <b>$129</b>", "$129", ["$199"]),
        ("<b class=list-price>$199</b> <b>$129</b>", "$129", ["$199"]),
        ("<b class=compare-at-price>$199</b> <b>$129</b>", "$129", ["$199"]),
        ("<b class=originalPrice>$199</b> <b class=newPrice>$129</b>", "$129", ["$199"]),
        ("<b class=price-standard>$199</b> <b class=price-sales>$129</b>", "$129", ["$199"]),
        ("<b class=regular-price>$199</b> <b class=current-price-value>$129</b>", "$129", ["$199"]),
        ("<b class=price-item--regular>$199</b> <ins>$129</ins>", "$129", ["$199"]),
        ("<b class=wasPrice>$199</b> <b class=nowPrice>$129</b>", "$129", ["$199"]),
        ("<b class=ProductListPrice>$199</b> <b>$129</b>", "$129", ["$199"]),
        ("<b class=priceBefore>$199</b> <b>$129</b>", "$129", ["$199"]),
        # A theme's name for any price, beside what is no other.
        ("<b class=regular-price>$129</b> <small>$4.30 / 100 g</small>", "$129 $4.30 / 100 g", []),
        (
            "<b class=regular-price>129 €</b> <small>zzgl. 4,90 € Versand</small>",
            "129 € zzgl. 4,90 € Versand",
            [],
        ),
        ("<b class=normal-price>$129</b> or 3 payments of $43", "$129 or 3 payments of $43", []),
        ("<ul class=price-list><li>$129</li></ul>", "$129", []),
    ],
)
def test_a_class_says_that_a_price_is_a_former_one(markup: str, asked: str, struck: list[str]) -> None:
    assert split_struck(markup) == (asked, struck)
