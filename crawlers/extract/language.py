"""Languages as tags of RFC 5646, compared as far as both say something, and the choice among several. No Scrapy here.

A tag is written in lower case with hyphens, `de` or `en-gb`; empty where nothing is said.
"""

import re

X_DEFAULT = "x-default"  # hreflang of the page for everybody else
_TAG = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8}){0,3}")
# ISO 639-1, of which an address may hold one as a mark.
CODES = frozenset(
    "aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en"
    " eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv"
    " ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne"
    " ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st"
    " su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu".split()
)


def tag_of(value: object) -> str:
    """Write a language as a tag; empty for what is none."""
    tag = value.strip().lower().partition(".")[0].replace("_", "-") if isinstance(value, str) else ""
    return tag if _TAG.fullmatch(tag) else ""


def speaks(wanted: str, stated: str) -> bool:
    """Whether a page that states a language is in the wanted one; one that states none is.

    Regions and scripts count where both name them: `en-gb` is not `en-us`, and both are `en`.
    """
    if not wanted or not stated:
        return True
    one, two = wanted.split("-"), stated.split("-")
    return one[0] == two[0] and all(a == b for a, b in zip(one[1:], two[1:], strict=False))


def alternate_tag(value: str) -> str:
    """Write the value of an hreflang as a tag, X_DEFAULT included; empty for what is none."""
    return X_DEFAULT if value.strip().lower() == X_DEFAULT else tag_of(value)


def best_alternate(alternates: list[tuple[str, str]], wanted: str) -> str:
    """Choose the address of the wanted language: its very tag, else without a region, else the first that fits.

    Empty where none is in that language.
    """
    fitting = sorted((tag, url) for tag, url in alternates if tag != X_DEFAULT and speaks(wanted, tag))
    exact = [url for tag, url in fitting if tag == wanted] or [url for tag, url in fitting if "-" not in tag]
    return (exact or [url for _, url in fitting] or [""])[0]
