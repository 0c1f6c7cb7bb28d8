"""What stands in the way of a product's page: consent, login and age walls, and challenges for robots.

Known by what they say of themselves, or by where a page led: to an address that is told whither to go back. Asked only
of an answer that shows no product. Nothing here gets around a wall; it is named, so that a person can ask the shop.
"""

import re
from urllib.parse import parse_qsl, unquote, urlsplit

from scrapy.http import HtmlResponse, Response

from crawlers.extract.headers import header_of
from crawlers.extract.page_url import place_of

_CHALLENGE_HEADERS = ("cf-mitigated", "x-amzn-waf-action", "x-datadome")
_HEAD = 200_000  # characters of a page that are searched; a challenge is a short page
_LONG = 30_000  # characters of text that no wall has
# Names that challenges carry in their scripts: Cloudflare, DataDome, Imperva, HUMAN (PerimeterX), AWS WAF, Akamai.
_CHALLENGE = re.compile(
    r"_cf_chl_opt|captcha-delivery\.com|_Incapsula_Resource|px-captcha|awsWafCookieDomainList|sec-if-cpt-container"
)
_WORDS = re.compile(
    r"\b(age[- ](?:verification|check|gate)|verify your age|are you (?:over|at least|of legal)|altersprüfung"
    r"|bist du (?:schon )?18|avez-vous (?:plus de )?18|mayor de edad|maggiorenne"
    r"|verify (?:that )?you are (?:a )?human|are you (?:a )?(?:human|robot)|just a moment|attention required"
    r"|access (?:denied|to this page)|please (?:agree|accept|consent|enable cookies)"
    r"|before you continue|bevor sie fortfahren|bitte stimmen sie|avant de (?:continuer|poursuivre)"
    r"|antes de continuar|prima di continuare)\b",
    re.I,
)
_PLACES = re.compile(
    r"(?:^|[/_.-])(consent|cookie-?wall|cookies?|gdpr|age-?(?:gate|check|verif\w*)|verify|log-?in|sign-?in|auth|sso"
    r"|challenge|captcha|blocked|denied|queue|waiting-?room|gate|splash|einwilligung|anmelden|anmeldung|connexion"
    r"|accedi|acceso|password)(?:[/_.-]|$)",
    re.I,
)


def led_to(place: str) -> str:
    """Word that a page led to a place without a product."""
    return f"led to {place}, which shows no product"


def landing(answer: Response, asked: str) -> str:
    """Return the path that an address led to; empty where it is the address itself, whatever its parameters."""
    place = urlsplit(answer.url).path or "/"
    return "" if place.rstrip("/") == (urlsplit(asked).path or "/").rstrip("/") else place


def wall_on(answer: Response, asked: str) -> str:
    """Say which wall an answer is, in words for a reject; empty where it is none.

    asked  the address that was asked first; the answer's own is where it led
    """
    for name in _CHALLENGE_HEADERS:
        if header_of(answer, name) and (answer.status != 200 or name != "x-datadome"):
            return f"answers with a challenge for robots ({name}), status {answer.status}"
    place = landing(answer, asked)
    if place and place != "/" and (_PLACES.search(place) or _goes_back(answer.url, asked)):
        return led_to(place)
    if not isinstance(answer, HtmlResponse):
        return ""
    head = answer.text[:_HEAD]
    if found := _CHALLENGE.search(head):
        return f"answers with a challenge for robots ({found[0]}), status {answer.status}"
    if len(answer.text) <= _LONG and (said := _WORDS.search(" · ".join(_titles(answer)))):
        return led_to(place) if place else f"shows a wall that says {said[0]!r}"
    return ""


def _titles(page: HtmlResponse) -> list[str]:
    return [
        " ".join(text.split())[:200] for text in page.xpath("//title | //h1").xpath("string()").getall()[:4]
    ]


def _goes_back(url: str, asked: str) -> bool:
    """Whether an address is told where the visitor wanted to go."""
    target = place_of(asked)
    path = target.partition("?")[0]
    if len(path) < 2:
        return False
    return any(path in unquote(value) for _, value in parse_qsl(urlsplit(url).query))
