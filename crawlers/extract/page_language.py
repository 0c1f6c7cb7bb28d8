"""The language that a page says it is in, and the addresses of the same page in others."""

from scrapy.http import TextResponse
from scrapy.utils.response import get_base_url

from crawlers.extract.headers import header_of
from crawlers.extract.language import X_DEFAULT, alternate_tag, tag_of
from crawlers.extract.page_url import is_web, joined

_STATED = (
    "/html/@lang",
    "/html/@*[name()='xml:lang' or local-name()='lang']",
    "//meta[translate(@http-equiv, 'CLNT', 'clnt')='content-language']/@content",
    "//meta[@property='og:locale']/@content",
)
_ALTERNATES = "//link[@hreflang][contains(concat(' ', @rel, ' '), ' alternate ')]"
_MOST_ALTERNATES = 500  # of one page


def language_of(page: TextResponse) -> str:
    """Read which language a page says that it is in: its `lang`, its meta tags, its header."""
    for path in _STATED:
        for value in page.xpath(path).getall()[:1]:
            if tag := tag_of(value):
                return tag
    return tag_of(header_of(page, "Content-Language"))


def alternates_of(page: TextResponse) -> list[tuple[str, str]]:
    """Read the hreflang links of a page, tag and address; tags are those of `tag_of`, and X_DEFAULT."""
    base = get_base_url(page)
    found = []
    for link in page.xpath(_ALTERNATES)[:_MOST_ALTERNATES]:
        tag, url = alternate_tag(link.attrib["hreflang"]), joined(base, link.attrib.get("href", "").strip())
        if tag and is_web(url):
            found.append((tag, url))
    return found


def main_language(home: TextResponse) -> str:
    """Say which language a shop's home page is in: as it states, else by the hreflang of its own or of x-default."""
    if stated := language_of(home):
        return stated
    alternates = alternates_of(home)
    default = [url for tag, url in alternates if tag == X_DEFAULT]
    places = {url.rstrip("/") for url in (home.url, *default)}
    return next((tag for tag, url in alternates if tag != X_DEFAULT and url.rstrip("/") in places), "")
