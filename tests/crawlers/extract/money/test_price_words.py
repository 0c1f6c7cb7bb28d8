from decimal import Decimal

import pytest

from crawlers.extract.money.price import currency_of, former_prices, price_of
from crawlers.extract.money.price_words import Worth, in_figures, worth_of


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
    assert worth_of(text, "") == Worth.FORMER


@pytest.mark.parametrize("text", ["now £", "jetzt nur ", "Sale price: $", "maintenant ", "판매가 "])
def test_some_say_that_it_is_asked_now(text: str) -> None:
    assert worth_of(text, "") == Worth.NOW


@pytest.mark.parametrize("text", ["", "nur ", "Sold by RRP Ltd for ", "wash at ", "€60 "])
def test_others_do_not(text: str) -> None:
    assert worth_of(text, "") == Worth.PLAIN


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


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("税抜 11,636円（税込 12,800円）", 12800),
        ("11,636円（税込12,800円）", 12800),
        ("本体価格 11,636円 税込 12,800円", 12800),
        ("£107.50 ex VAT £129.00 inc VAT", 129),
        ("£129.00 inc VAT £107.50 ex VAT", 129),
        ("107,50 € HT / 129,00 € TTC", 129),
        ("107,50 € netto 129,00 € brutto", 129),
        ("£107.50 ex VAT", 107.5),
        ("£107.50 ex VAT (2 left)", 107.5),
        ("6x de R$ 21,65 ou R$ 129,90 à vista", 129.9),
        ("R$ 129,90 ou 6x de R$ 21,65", 129.9),
        ("4 payments of $32.25 or $129.00", 129),
        ("4 interest-free payments of $32.25 or $129.00", 129),
        ("dès 3x 43,00 € ou 129,00 €", 129),
        ("ab 10,75 €/Monat oder 129,00 €", 129),
        ("Grundpreis: 4,99 € / Paar 14,97 €", 14.97),
        ("14,97 € (4,99 € / Paar)", 14.97),
        ("129 €/Stück", 129),
        ("Compare at $199.00 $129.00", 129),
        ("Retail price: $199 $129", 129),
        ("Comp. value $199.00 $129.00", 129),
        ("Bisheriger Preis: 199,00 € 129,00 €", 129),
        ("Unverb. Preisempf.: 199,00 € 129,00 €", 129),
        ("Prix conseillé 199 € 129 €", 129),
        ("Prix barré : 199 € 129 €", 129),
        ("Prezzo consigliato 199 € 129 €", 129),
        ("Precio recomendado 199 € 129 €", 129),
        ("De R$ 199,90 por R$ 129,90", 129.9),
        ("メーカー希望小売価格 19,900円 12,900円", 12900),
        ("소비자가 59,000원 판매가 39,000원", 39000),
        ("Najniższa cena z 30 dni: 179,99 zł Cena: 199,99 zł", 199.99),
        ("Najniższa cena z 30 dni przed obniżką: 179,99 zł Cena: 199,99 zł", 199.99),
        ("Niedrigster Preis der letzten 30 Tage: 119,00 € 129,00 €", 129),
        ("129,00 € Niedrigster Preis der letzten 30 Tage: 119,00 €", 129),
        ("De 129 €", 129),
        ("à partir de 129 €", 129),
        ("Lieferung in 3 Tagen 129 €", 129),
        ("3 days 129 €", 129),
        ("was £199 now £129", 129),
        ("19–49 €", 19),
        ("$129.00", 129),
        ("129 € inkl. MwSt. zzgl. Versand", 129),
        ("UVP 199 € inkl. MwSt. 129 €", 129),
        ("10 % off $129", 129),
        ("2 x 129 €", 129),
        ("129,00 € pro Paar", 129),
        ("1 299 kr", 1299),
        ("129 kr inkl. moms", 129),
        ("$32.25/mo", 32.25),
    ],
)
def test_of_several_amounts_the_one_that_is_asked_for_one_piece_with_tax_counts(
    text: str, asked: float
) -> None:
    assert price_of(text) == Decimal(str(asked))


@pytest.mark.parametrize(
    ("text", "asked", "former"),
    [
        ("129 € statt 199 €", 129, [199]),
        ("statt 199,00 € nur 129,00 €", 129, [199]),
        ("199 € jetzt nur 129 €", 129, [199]),
        ("£199 now only £129", 129, [199]),
        ("129 kr istället för 199 kr", 129, [199]),
        ("Nu 129,- Før 199,-", 129, [199]),
        ("129 kr (veil. pris 199 kr)", 129, [199]),
        ("129 zł zamiast 199 zł", 129, [199]),
        ("129 € au lieu de 199 €", 129, [199]),
        ("129 € anziché 199 €", 129, [199]),
        ("129 € en lugar de 199 €", 129, [199]),
        ("van € 199 voor € 129", 129, [199]),
        ("De R$ 199,90 por R$ 129,90", "129.90", ["199.90"]),
        ("129,90 лв. вместо 199,90 лв.", "129.90", ["199.90"]),
        ("정가 59,000원 → 판매가 39,000원", 39_000, [59_000]),
        ("希望小売価格 19,800円 販売価格 12,800円", 12_800, [19_800]),
        ("Regular price $199.00 Sale price $129.00", 129, [199]),
        ("was £199", 199, []),
        ("Save $70.00 Now $129.00", 129, []),
        ("Niedrigster Preis der letzten 30 Tage: 119,00 € 129,00 €", 129, []),
        ("19–49 €", 19, []),
        ("6x de R$ 21,65 ou R$ 129,90 à vista", "129.90", []),
        ("129.00", 129, []),
        ("1.999,00 TL yerine 1.299,00 TL", 1299, [1999]),
        ("19 990 Ft helyett 12 990 Ft", 12_990, [19_990]),
        ("now £107.50 ex VAT £129.00 inc VAT", 129, []),
        ("129 € mit Code SAVE20 statt 149 €", 129, [149]),
        ("-35% 129 € statt 199 €", 129, [199]),
    ],
)
def test_words_tell_the_former_price_beside_the_asked_one(
    text: str, asked: object, former: list[object]
) -> None:
    assert price_of(text) == Decimal(str(asked))
    assert former_prices(text) == [Decimal(str(amount)) for amount in former]
