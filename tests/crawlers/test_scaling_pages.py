"""Every reader of a page's HTML takes time in proportion to it; of its JSON-LD: test_scaling_nodes.py."""

import pytest
from scrapy.http import HtmlResponse

from crawlers.discover.links import visits_from
from crawlers.doctor.profile_draft import draft
from crawlers.doctor.shop_links import card_links
from crawlers.extract import opengraph
from crawlers.extract.page_url import address_of
from crawlers.extract.photos.page_photos import photos_on
from crawlers.extract.schema_org import microdata
from crawlers.fetch.optout import opt_outs
from crawlers.profiles.profile_reading import reading_by
from crawlers.profiles.shop_profile import checked_profile
from tests.crawlers.growth import MOST, Case, growth, of_page


def of_profile(part: str, **fields: object) -> Case:
    """A page of n parts, read with a profile of these fields."""
    profile = checked_profile(
        {"urls": {"product": "^/p"}, "fields": {"title": "h1", "product_id": "h2", "images": "img"} | fields},
        "x",
    )
    return of_page(lambda page: reading_by(profile, page), lambda number: part.replace("{}", str(number)))


def drafted(page: HtmlResponse) -> object:
    return draft("acme", "https://shop.example/", [page], [page])


def letters(number: int) -> str:
    """A name without digits."""
    return "".join(chr(ord("a") + int(digit)) for digit in str(number))


CASES = {
    "canonical links": of_page(address_of, lambda number: f"<link rel=canonical href=/p/{number}>"),
    "microdata items": of_page(
        microdata.nodes_on, lambda number: f"<p itemscope itemtype=Product><b itemprop=name>{number}</b></p>"
    ),
    "microdata nested": of_page(
        microdata.nodes_on, lambda number: "<b itemprop=a itemscope itemtype=Product>x"
    ),
    "microdata texts in texts": of_page(
        microdata.nodes_on, lambda number: "<i itemprop=b>x", "<p itemscope itemtype=Product>{}</p>"
    ),
    "microdata prices in prices": of_page(
        microdata.nodes_on, lambda number: "<b itemprop=price>5 <del>6</del>", "<p itemscope itemtype=Product>{}</p>"
    ),
    "microdata parts of a price": of_page(
        microdata.nodes_on,
        lambda number: f"<s>{number}</s> <b>{number}</b>",
        "<p itemscope itemtype=Product><b itemprop=price>{}</b></p>",
    ),
    "microdata struck": of_page(
        microdata.nodes_on, lambda number: "<del><b itemprop=price>5", "<p itemscope itemtype=Product>{}</p>"
    ),
    "microdata items that refer to one place": of_page(
        microdata.nodes_on,
        lambda number: "<i itemscope itemtype=Product itemref=x></i><b itemprop=name>5</b>",
        "<p id=x>{}</p>",
    ),
    "microdata references": of_page(
        microdata.nodes_on, lambda number: f"<p itemscope itemtype=Product itemref='{number} 1' id={number}>"
    ),
    "RDFa nested": of_page(
        lambda page: microdata.nodes_on(page, microdata.RDFA), lambda number: "<b property=a typeof='Product'>x"
    ),
    "RDFa prices": of_page(
        lambda page: microdata.nodes_on(page, microdata.RDFA),
        lambda number: "<b property=price>5 <del>6</del>",
        "<p typeof='schema:Product'>{}</p>",
    ),
    "choices": of_page(
        microdata.nodes_on,
        lambda number: f"<option> {number}",
        "<p itemscope itemtype=Product><select itemprop=color>{}</select></p>",
    ),
    "OpenGraph": of_page(
        opengraph.reading_on,
        lambda number: f"<meta property=og:image content={number}.jpg><meta property=product:tag content=a{number}>",
        "<meta property=og:type content=product>{}",
    ),
    "opt-outs": of_page(
        lambda page: opt_outs(page.headers, page.selector), lambda number: "<meta name=robots content=noai,>"
    ),
    "links": of_page(
        lambda page: list(visits_from(page, [], "shop.example")),
        lambda number: f"<a href=/c/{number}?page=2><img></a><a href=/p/{number}>x</a>",
    ),
    "prices in one element": of_page(
        lambda page: list(visits_from(page, [], "shop.example")),
        lambda number: f"<b>{number} €</b>",
        "<body><main><p>{}</p></main>",
    ),
    "prices and links in one element": of_page(
        lambda page: list(visits_from(page, [], "shop.example")),
        lambda number: f"<a>x</a><b>{number} €</b>",
        "<body><main><p>{}<a href=/p/1>x</a></p></main>",
    ),
    "cards": of_page(
        lambda page: card_links([page]), lambda number: f"<p><a href=/p/{number}><img></a> {number} €</p>"
    ),
    "links in one element": of_page(
        lambda page: card_links([page]), lambda number: f"<a href=/p/{number}>x</a>", "<main>{}</main>"
    ),
    "one link many times": of_page(
        lambda page: card_links([page]), lambda number: "<a href=/p/1>x</a>", "<main>{}</main>"
    ),
    "drafts: names of photos": of_page(
        drafted, lambda number: f"<p class={letters(number)}><img src=/{number}.jpg></p>"
    ),
    "drafts: prices": of_page(
        drafted,
        lambda number: f"<p class=price{letters(number)}>{number},00 €</p>",
        "<h1>Coat</h1><b class=sku>1</b><img src=/1.jpg>{}",
    ),
    "profile: values": of_profile("<h1>x{}</h1><img src=/{}.jpg alt=front>"),
    "profile: elements inside one another": of_profile("<div class=a>x<h1>y", title=".a", description=".a", tags="h1"),
    "profile: rows inside one another": of_profile(
        "<table class=a><tr><th>a</th><td>b<td>", facts={"rows": ".a tr", "name": "th", "value": "td"}
    ),
    "profile: stock inside stock": of_profile("<div class=a>sold", in_stock={"css": ".a", "text": "never"}),
    "profile: srcset": of_page(
        lambda page: reading_by(
            checked_profile(
                {"urls": {"product": "a"}, "fields": {"title": "h1", "product_id": "h1", "images": "img"}}, "x"
            ),
            page,
        ),
        lambda number: f"/{number}.jpg {number}w, ",
        "<img srcset='{}'>",
    ),
    "photos in a gallery": of_page(
        lambda page: photos_on(page, ["https://shop.example/p/1.jpg"]),
        lambda number: f"<a href=/p/{number}.jpg><img src=/t/{number}.jpg data-zoom=/z/{number}_2x.jpg></a>",
        "<div class=gallery>{}</div>",
    ),
    "photos in galleries in galleries": of_page(
        lambda page: photos_on(page, ["https://shop.example/p/1.jpg"]),
        lambda number: f"<div class=gallery><img src=/p/{number}.jpg>",
    ),
    "sources that stand in each other": of_page(
        lambda page: photos_on(page, ["https://shop.example/p/1.jpg"]),
        lambda number: f"<source srcset='/p/{number}.jpg 2x'><img src=/t/{number}.jpg>",
        "<picture>{}</picture>",
    ),
    "microdata photos around photos": of_page(
        microdata.nodes_on, lambda number: "<a itemprop=image>", "<p itemscope itemtype=Product>{}</p>"
    ),
    "drafts: struck prices": of_page(
        drafted,
        lambda number: f"<p class=price{letters(number)}><del>{number},50 €</del> <ins>{number},00 €</ins></p>",
        "<h1>Coat</h1><b class=sku>1</b><img src=/1.jpg>{}",
    ),
    "profile: facts": of_profile(
        "<dt>a{}</dt><dd>b</dd>", facts={"name": "dt", "value": "dd"}, categories="dt", tags="dt", colour="dd"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_four_times_as_much_takes_about_four_times_as_long(name: str) -> None:
    ratios = growth(CASES[name])

    assert min(ratios, default=0.0) <= MOST, ratios
