"""A page read with a profile: every field by its rule, as one Reading.

A profile that leaves the rest to the page's own markup does not say that the page shows a product: the markup does.
"""

from collections.abc import Iterable
from decimal import Decimal

from parsel import Selector
from scrapy.http import HtmlResponse, TextResponse
from scrapy.utils.response import get_base_url

from crawlers.extract.fact_names import taken
from crawlers.extract.money.price import currency_of, former_prices, price_of
from crawlers.extract.money.struck_price import split_struck
from crawlers.extract.reading import OWN_ID, PROFILE, Reading
from crawlers.extract.text import line_of, text_of, words_listed
from crawlers.profiles.selection import categories_of, facts_of, photos_of, stock_of, tags_of, values
from crawlers.profiles.shop_profile import Profile, Rule

_NOTHING = "fields.{} of the profile finds nothing here"
_LACKING = {
    "title": _NOTHING.format("title"),
    "key": _NOTHING.format("product_id"),
    "photos": _NOTHING.format("images"),
}


def reading_by(profile: Profile, answer: TextResponse) -> Reading:
    """Read what the rules of a profile find on a page; a field without a rule stays empty."""
    return _Page(profile, answer).reading()


def selector_of(answer: TextResponse) -> Selector:
    """Give the tree of a page, also of one whose server calls it something else than HTML."""
    return answer.selector if isinstance(answer, HtmlResponse) else Selector(text=answer.text, type="html")


class _Page:
    """One page and the profile it is read with."""

    def __init__(self, profile: Profile, answer: TextResponse) -> None:
        self._profile = profile
        self._tree = selector_of(answer)
        self._url = answer.url
        self._base = get_base_url(answer)

    def reading(self) -> Reading:
        fields = self._profile.fields
        price, sign, struck = self._price(fields.price)
        list_price, _, former = self._price(fields.list_price)
        facts = facts_of(self._tree, fields.facts)
        # The profile's currency is that of the prices it reads, not of those in a markup.
        usual = "" if self._profile.reads_markup and fields.price is None else self._profile.prices.currency
        return Reading(
            source=PROFILE,
            keys={OWN_ID: self._line(fields.product_id)},
            title=self._line(fields.title),
            description=text_of("\n".join(self._values(fields.description))),
            brand=self._line(fields.brand) or taken(facts, "brand"),
            categories=categories_of(self._values(fields.categories)),
            tags=tags_of(self._values(fields.tags)),
            colour=", ".join(words_listed(self._values(fields.colour))) or taken(facts, "colour"),
            gender=self._line(fields.gender) or taken(facts, "gender"),
            price=price,
            currency=currency_of(self._line(fields.currency)) or usual or sign,
            list_price=former or list_price or struck,
            in_stock=stock_of(self._tree, fields.in_stock),
            attributes=facts | self._attributes(),
            photos=self._photos(),
            unread_price=self._line(fields.price) if price is None else "",
            product=not self._profile.reads_markup,
            lacking=_LACKING,
        )

    def _values(self, rules: Iterable[Rule] | None) -> list[str]:
        return values(self._tree, self._url, rules)

    def _line(self, rules: Iterable[Rule] | None) -> str:
        return line_of(next(iter(self._values(rules)), ""))

    def _price(self, rules: Iterable[Rule] | None) -> tuple[Decimal | None, str, Decimal | None]:
        """Read the first amount that the rules find and do not find struck through, its currency and the struck one.

        Where all is struck, what is struck was meant.
        """
        markups = self._values(rules)
        struck: list[str] = []
        for markup in markups:
            shown, struck_here = split_struck(markup)
            struck += struck_here
            if (amount := self._amount(line_of(shown))) is not None:
                former = [found for each in struck if (found := self._amount(each)) is not None]
                former += self._former(line_of(shown))
                return amount, currency_of(None, line_of(shown)), next(iter(former), None)
        for text in map(line_of, markups):
            if (amount := self._amount(text)) is not None:
                return amount, currency_of(None, text), None
        return None, "", None

    def _amount(self, text: str) -> Decimal | None:
        prices = self._profile.prices
        return price_of(text, prices.decimal or "", prices.currency or "")

    def _former(self, text: str) -> list[Decimal]:
        prices = self._profile.prices
        return former_prices(text, prices.decimal or "", prices.currency or "")

    def _attributes(self) -> dict[str, str]:
        rules = self._profile.fields.attributes.items()
        facts = {label: ", ".join(words_listed(self._values(rule))) for label, rule in rules}
        return {label: text for label, text in facts.items() if text}

    def _photos(self) -> dict[str, str]:
        """Read the shop's photos, then its customers'; none of theirs where the shop shows none."""
        fields = self._profile.fields
        photos = photos_of(self._tree, self._base, fields.images)
        for address in photos_of(self._tree, self._base, fields.customer_images) if photos else ():
            photos.setdefault(address, "customer")
        return photos
