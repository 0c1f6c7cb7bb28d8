from decimal import Decimal

import pytest

from crawlers.extract.money.price import currency_of, price_of
from crawlers.extract.money.price_words import follows_before, in_figures


@pytest.mark.parametrize(
    ("text", "figures"),
    [
        ("99p", "£0.99"),
        ("150 p", "£1.50"),
        ("99¢", "0.99 ¤"),
        ("50 ct", "0.50 ¤"),
        ("£1.50", "£1.50"),
        ("£99p", "£99p"),
        ("1080p", "1080p"),
        ("5만원", "50000원"),
        ("5만 9천원", "59000원"),
        ("12만9,000원", "129000원"),
        ("3.5万円", "35000円"),
        ("9千円", "9000円"),
        ("299k", "299000"),
        ("1,5 jt", "1500000"),
        ("Rp 299 ribu", "Rp 299000"),
        ("1.299k", "1299000"),
        ("40 kr", "40 kr"),
        ("5 part", "5 part"),
        ("19,99 €", "19,99 €"),
    ],
)
def test_sizes_are_written_in_figures(text: str, figures: str) -> None:
    assert in_figures(text) == figures


@pytest.mark.parametrize(
    ("text", "meant", "currency"),
    [
        ("99p", "0.99", "GBP"),
        ("only 75p each", "0.75", "GBP"),
        ("5만원", "50000", "KRW"),
        ("₩5만 9천", "59000", "KRW"),
        ("299K ₫", "299000", "VND"),
        ("299.000đ", "299000", "VND"),
        ("299.000 VNĐ", "299000", "VND"),
        ("Rp299rb", "299000", "IDR"),
        ("2.5万円", "25000", "JPY"),
    ],
)
def test_a_price_is_read_with_its_size(text: str, meant: str, currency: str) -> None:
    assert price_of(text) == Decimal(meant)
    assert currency_of("", text) == currency


@pytest.mark.parametrize(
    "text", ["was ", "Was: £", "statt ", "UVP ", "RRP €", "Original price was: $", "定価 ¥", "Avant : "]
)
def test_some_words_make_the_amount_after_them_a_former_one(text: str) -> None:
    assert follows_before(text)


@pytest.mark.parametrize("text", ["", "now £", "nur ", "Sold by RRP Ltd for ", "wash at ", "€60 "])
def test_others_do_not(text: str) -> None:
    assert not follows_before(text)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("Was £60.00 Now £45.00", "45"),
        ("statt 60,00 € nur 45,00 €", "45"),
        ("UVP 79,95 € 49,95 €", "49.95"),
        ("£45 (was £60)", "45"),
        ("Le prix initial était : 60,00 €. Le prix actuel est : 45,00 €.", "45"),
        ("정가 60,000원 판매가 45,000원", "45000"),
        ("van €19,99 tot €49,99", "19.99"),
        ("RRP £60", "60"),
        ("Normaler Preis 59,00 € Angebotspreis 39,00 €", "39"),
        ("Prix habituel 59,00 € Prix promotionnel 39,00 €", "39"),
        ("Precio habitual 59,00 € Precio de oferta 39,00 €", "39"),
        ("Prezzo di listino €59,00 Prezzo scontato €39,00", "39"),
        ("Preço normal R$ 59,00 Preço promocional R$ 39,00", "39"),
        ("Normale prijs €59,00 Aanbiedingsprijs €39,00", "39"),
        ("Tidligere pris 599,- Nå 399,-", "399"),
        ("通常価格 ¥5,900 セール価格 ¥3,900", "3900"),
        ("Spare 20 € 79,99 €", "79.99"),
        ("Save $20 $79.99", "79.99"),
        ("$79.99 (you save $20)", "79.99"),
    ],
)
def test_a_former_amount_is_the_price_only_where_it_stands_alone(text: str, meant: str) -> None:
    assert price_of(text) == Decimal(meant)
