"""Prices as a shop writes them for people: "1.299,00 €", "CHF 49.–", "£1,299.00"."""

from decimal import Decimal
from html import escape

from infra.mall.item import Item

SIGNS = {"EUR": "€", "GBP": "£", "USD": "$"}


def local(amount: Decimal, currency: str, language: str) -> str:
    """An amount in the form usual for the currency and the page's language."""
    plain = f"{amount:,.2f}"
    if currency == "CHF":
        swiss = plain.replace(",", "'")
        return f"CHF {swiss.removesuffix('.00') + '.–' if swiss.endswith('.00') else swiss}"
    if language == "de":
        german = plain.translate(str.maketrans(",.", ".,"))
        return f"{german} {SIGNS.get(currency, currency)}"
    return f"{SIGNS[currency]}{plain}" if currency in SIGNS else f"{currency} {plain}"


def tag(item: Item, language: str) -> str:
    """The price in HTML, after the list price struck through; empty when there is none."""
    if item.price is None:
        return ""
    asked = f'<span class="price">{escape(local(item.price, item.currency, language))}</span>'
    if item.list_price is None:
        return asked
    return f'<s class="list-price">{escape(local(item.list_price, item.currency, language))}</s> {asked}'
