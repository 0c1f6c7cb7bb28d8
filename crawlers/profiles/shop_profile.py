"""A shop's profile: one YAML file that says where on its pages the facts stand. Checked before anything is fetched.

For a shop that publishes no structured data, or whose structured data is wrong in a field or two;
crawlers/profiles/profile_reading.py reads pages with it, and crawlers/shops/_example.yaml shows every key.
"""

import re
from pathlib import Path
from typing import Annotated, Any

import yaml
from cssselect import SelectorError
from parsel.csstranslator import HTMLTranslator
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic import model_validator as checked

from crawlers.fetch.settings import Pace
from crawlers.fetch.shop_names import shop_name
from schemas.errors import InputError

SHOPS = Path(__file__).resolve().parents[1] / "shops"
MOST_BYTES = 1 << 20
NEEDED = ("title", "product_id", "images")  # without structured data
_translator = HTMLTranslator()


def _selector(text: str) -> str:
    try:
        _translator.css_to_xpath(text)
    except SelectorError as error:
        raise ValueError(f"not a CSS selector ({error})") from None
    return text


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"not a regular expression ({error})") from None
    return text


def _several(value: Any) -> Any:
    return value if isinstance(value, list) else [value]


def _spelt_out(value: Any) -> Any:
    return {"css": value} if isinstance(value, str) else value


Css = Annotated[str, Field(min_length=1), AfterValidator(_selector)]
Pattern = Annotated[str, Field(min_length=1), AfterValidator(_pattern)]
Patterns = Annotated[tuple[Pattern, ...], BeforeValidator(_several)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Rule(_Strict):
    """Where a value stands: elements by `css` (their text, or an `attribute`), or the page's address by `url`.

    `regex` then takes its first group, or the whole match, of that value; a value without a match is none.
    """

    css: Css | None = None
    attribute: Annotated[str, Field(min_length=1)] | None = None
    regex: Pattern | None = None
    url: Pattern | None = None

    @checked(mode="after")
    def _one_place(self) -> "Rule":
        if (self.css is None) == (self.url is None):
            raise ValueError("needs css, or url instead of it")
        if self.url is not None and (self.attribute or self.regex):
            raise ValueError("url is itself the regular expression; attribute and regex go with css")
        return self


Rules = Annotated[  # alternatives: the first that gives a value counts
    tuple[Annotated[Rule, BeforeValidator(_spelt_out)], ...], BeforeValidator(_several), Field(min_length=1)
]


class Stock(_Strict):
    """Whether a product can be bought: an element is there, is not there, or its text matches."""

    present: Css | None = None
    absent: Css | None = None
    css: Css | None = None
    text: Pattern | None = None

    @checked(mode="after")
    def _one_way(self) -> "Stock":
        if sum(way is not None for way in (self.present, self.absent, self.css)) != 1:
            raise ValueError("needs one of present, absent, or css with text")
        if (self.css is None) != (self.text is None):
            raise ValueError("css and text go together")
        return self


class Facts(_Strict):
    """A table of facts: `name` and `value` within each of `rows`, or pairwise over the page without rows."""

    rows: Css | None = None
    name: Css
    value: Css


class Fields(_Strict):
    """Rules by field of schemas/product.py; what has no rule stays empty, or is what the page's markup says."""

    title: Rules | None = None
    product_id: Rules | None = None
    images: Rules | None = None
    customer_images: Rules | None = None
    price: Rules | None = None
    list_price: Rules | None = None
    currency: Rules | None = None
    description: Rules | None = None
    brand: Rules | None = None
    categories: Rules | None = None
    tags: Rules | None = None
    colour: Rules | None = None
    gender: Rules | None = None
    in_stock: Stock | None = None
    attributes: dict[str, Rules] = {}
    facts: Facts | None = None


class Urls(_Strict):
    """Regular expressions searched in an address's path and query; `never` counts before the others."""

    product: Patterns = ()
    listing: Patterns = ()
    never: Patterns = ()


class Prices(_Strict):
    """How the shop writes prices, where a page alone leaves it open: `1.299` may be more or less than two."""

    decimal: Annotated[str, Field(pattern=r"^[.,]$")] | None = None
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] | None = None


class Limits(_Strict):
    """Bounds of one crawl; what is None is left to crawlers/fetch/settings.py."""

    delay_s: Annotated[float, Field(ge=0, le=60)] | None = None
    at_once: Annotated[int, Field(ge=1, le=16)] | None = None
    most_pages: Annotated[int, Field(ge=1)] | None = None
    success_floor: Annotated[float, Field(ge=0, le=1)] | None = None

    @property
    def pace(self) -> Pace:
        """How hard the shop may be knocked at."""
        return Pace(self.delay_s, self.at_once)


class Profile(_Strict):
    """One shop's file.

    start          addresses to begin at; the home page and the sitemaps that robots.txt names by default
    urls           which addresses are products and listings
    product_links  CSS of links to products, for a shop whose addresses do not tell
    next           CSS of links to a listing's next page
    markup         whether pages are read by their structured data, and `fields` names what comes before it;
                   so by default where `fields` names none of title, product_id and images
    """

    start: Annotated[
        tuple[Annotated[str, Field(min_length=1)], ...], BeforeValidator(_several), Field(min_length=1)
    ] = ("",)
    urls: Urls = Urls()
    product_links: Css | None = None
    next: Css | None = None
    markup: bool | None = None
    fields: Fields
    prices: Prices = Prices()
    limits: Limits = Limits()

    @property
    def reads_markup(self) -> bool:
        """Whether what a page states of itself is read too, after what the fields here find."""
        fields = self.fields
        return (
            not (fields.title or fields.product_id or fields.images) if self.markup is None else self.markup
        )

    @property
    def finds_products(self) -> bool:
        """Whether the profile says which pages are products; otherwise the shop is walked as if it had none."""
        return bool(self.urls.product or self.product_links)

    @checked(mode="after")
    def _reads_products(self) -> "Profile":
        missing = [name for name in NEEDED if getattr(self.fields, name) is None]
        if missing and not (self.reads_markup and self.fields.model_fields_set):
            more = f" (and {len(missing) - 1} more)" if len(missing) > 1 else ""
            raise ValueError(
                f"fields.{missing[0]}: is missing{more}; with markup: true the page's structured data says it"
            )
        if self.fields.customer_images and not self.fields.images:
            raise ValueError("fields.customer_images: goes with images")
        return self

    @checked(mode="after")
    def _finds_them(self) -> "Profile":
        walks = self.model_fields_set & {"start", "urls", "next"} or not self.reads_markup
        if walks and not self.finds_products:
            raise ValueError("needs urls.product or product_links: nothing says which pages are products")
        return self


def load(path: str) -> Profile:
    """Read and check a profile. Raises InputError naming the file, the key and what is wrong with it."""
    file = Path(path).expanduser()
    try:
        if file.stat().st_size > MOST_BYTES:
            raise InputError(path, "is no profile: larger than a megabyte")
        given = yaml.safe_load(file.read_text("utf-8"))
    except OSError as error:
        raise InputError(path, error.strerror or "cannot be read") from error
    except UnicodeDecodeError as error:
        raise InputError(path, "is not UTF-8 text") from error
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise InputError(path, f"is not YAML ({_place(error)})") from error
    if not isinstance(given, dict):
        raise InputError(path, "is no profile: it must be keys and values, see crawlers/shops/_example.yaml")
    return checked_profile(given, path)


def checked_profile(given: dict[Any, Any], path: str) -> Profile:
    """Make a profile from what its file says; raises InputError like `load`."""
    try:
        return Profile.model_validate(given)
    except ValidationError as error:
        faults = error.errors(include_url=False)
        fault = faults[0]
        where = _key(given, fault["loc"])
        more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        raise InputError(path, f"{where}{': ' if where else ''}{_why(fault)}{more}") from None


def find(shop: str, given: str = "") -> str:
    """Find path of a shop's profile: the file given, else crawlers/shops/<shop>.yaml; empty where there is none."""
    file = SHOPS / f"{shop_name(shop)}.yaml"
    return given or (str(file) if file.is_file() else "")


def _why(fault: Any) -> str:
    kind, shown = fault["type"], f"{fault.get('input')!r:.60}"
    if kind == "missing":
        return "is missing"
    if kind == "extra_forbidden":
        return "no such key"
    if kind in ("too_short", "string_too_short"):
        return "is empty"
    words = str(fault["msg"]).removeprefix("Value error, ").removeprefix("Input ")
    if kind == "value_error" and isinstance(fault.get("input"), dict):
        return words
    return f"{shown} is {words}" if words.startswith("not ") else f"{shown} {words}"


def _key(given: Any, place: tuple[int | str, ...]) -> str:
    """`fields.price.2.css`: the key as the file writes it, alternatives numbered from 1 where there are several."""
    shown: list[str] = []
    for step in place:
        if isinstance(step, int):
            if isinstance(given, list):
                shown.append(str(step + 1))
                given = given[step] if step < len(given) else None
            continue
        if isinstance(given, str) and step == "css":  # the short form of a rule
            continue
        shown.append(step)
        given = given.get(step) if isinstance(given, dict) else None
    return ".".join(shown)


def _place(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = str(getattr(error, "problem", "") or error).split("\n")[0]
    return f"line {mark.line + 1}: {problem}" if mark is not None else problem
