"""The end of the page stage: of what each page said one catalogue is made, the same whichever page came first.

Pages in another language than the crawl's are refused, a product that several pages show becomes what all of them say
(crawlers/extract/union.py), and what many pages led to instead of a product is named. Done again after a kill it
changes nothing.
"""

from collections.abc import Sequence
from urllib.parse import urlsplit

from crawlers.extract.canonical_url import canonical
from crawlers.extract.language import speaks
from crawlers.extract.union import united
from crawlers.state.recorder import Recorder
from crawlers.state.tables.collected import Shown
from crawlers.state.tables.frontier import DISCOVER, PAGE, Kind
from crawlers.state.tables.previous_crawl import Fate
from schemas.product import Product
from schemas.reject import Reject

WALL_FROM = 3  # pages that led to one place which shows no product
UNLIKE_FROM = 4  # pages that say one product id, and no word of their titles is the same
_FEW = 0.1  # of the pages in the most frequent language: a shop's main language has more


def unite_pages(recorder: Recorder) -> None:
    """Make one product of all its pages, in one language, and count each page once. Raises RejectedError."""
    state = recorder.state
    _refuse_other_languages(recorder, settle_language(recorder))
    for product_id in state.shared.half_read():
        _keep(recorder, product_id)
    unlike = [product_id for product_id in state.collected.shown_twice() if not _unite(recorder, product_id)]
    if unlike:
        recorder.tell(
            f"pages of different things state one product id, {unlike[0]}"
            + (f" and {len(unlike) - 1:,} others" if unlike[1:] else "")
            + ": they became one product; a profile that names product_id tells them apart"
        )
    _name_walls(recorder)


def settle_language(recorder: Recorder) -> str:
    """Decide which language the crawl has read, write it as the state's note and return it; empty for any.

    It is what was asked for or what the home page says, unless hardly a page says the same: a shop that states one
    language wrongly for all its pages is read all the same, in the language that most of them state.
    """
    state = recorder.state
    language: str = state.read_note("language") or ""
    counts = state.collected.languages()
    if not counts:
        return language
    # Products that did not change were read in the language that the crawl began with.
    ours = state.previous.fate_counts()[Fate.UNCHANGED]
    ours += sum(number for tag, number in counts.items() if speaks(language, tag))
    most, pages = min(counts.items(), key=lambda item: (-item[1], item[0]))
    if recorder.policy.language:
        is_spoken = ours > 0 or len({tag.partition("-")[0] for tag in counts}) > 1
    else:
        is_spoken = ours >= _FEW * pages
    if language and is_spoken:
        return language
    if not speaks(asked := recorder.policy.language, most):
        recorder.tell(
            f"no product page says that it is in {asked}, all say {most}, so they are read as they are"
        )
    state.write_note("language", most)
    return most


def _refuse_other_languages(recorder: Recorder, language: str) -> None:
    state = recorder.state
    for tag in sorted(state.collected.languages()):
        if speaks(language, tag):
            continue
        for product_id in state.collected.products_in(tag):
            rows = state.collected.pages_of(product_id)
            others = [row for row in rows if row.language == tag]
            _count_no_more(recorder, product_id, rows, others)
            for row in others:
                state.frontier.skip(Kind.PRODUCT, row.page, "language")
                detail = f"in the language {tag}; the crawl reads {language}"
                recorder.refuse(Reject(PAGE, "language", _address(recorder, row), product_id, detail))


def _count_no_more(recorder: Recorder, product_id: str, rows: Sequence[Shown], gone: Sequence[Shown]) -> None:
    """Drop rows of a product, which were counted as one product and further pages of it."""
    recorder.state.collected.drop(product_id, gone)
    if further := min(len(gone), len(rows) - 1):
        recorder.take_back(DISCOVER, further)
    if len(gone) == len(rows):
        recorder.take_back(PAGE)
        recorder.state.previous.keep(product_id)


def _keep(recorder: Recorder, product_id: str) -> None:
    """Let a product stay as it was: a page that is a part of it could not be read now."""
    collected = recorder.state.collected
    rows = collected.pages_of(product_id)
    _count_no_more(recorder, product_id, rows, rows)
    for row in rows:
        collected.add_page_of(product_id, row.page)
        recorder.count_out(DISCOVER)


def _unite(recorder: Recorder, product_id: str) -> bool:
    """Fold a product's pages, the most trusted first; one that adds nothing to those before is a duplicate.

    Returns whether the pages seem to be about one thing.
    """
    collected = recorder.state.collected
    market: str = recorder.state.read_note("market") or "/"
    first, *further = sorted(collected.pages_of(product_id), key=lambda row: _trust(row, market))
    product = whole = collected.product_shown(first)
    common = _name_of(product)
    for row in further:
        shown = collected.product_shown(row)
        common &= _name_of(shown)
        more = united(whole, shown)
        if more is whole:
            recorder.take_back(DISCOVER)
            detail = "the same product id was read before"
            recorder.refuse(Reject(PAGE, "duplicate", _address(recorder, row), product_id, detail))
        whole = more
        collected.add_page_of(product_id, row.page)
    collected.drop(product_id, further)
    if whole is not product:
        collected.rewrite(first, whole)
    return len(further) < UNLIKE_FROM - 1 or bool(common)


def _name_of(product: Product) -> set[str]:
    """The words of a title without the maker's: pages of one thing have some of them in common."""
    return {*product.title.casefold().split()} - {*product.brand.casefold().split()}


def _trust(row: Shown, market: str) -> tuple[bool, bool, int, str, str, int]:
    """Order a product's pages by what they are, never by when they came.

    Those of the shop's market come first, of these the ones that are their own canonical address, of these the
    shortest: a product's own page, or its group's, has a shorter address than that of one of its variants.
    """
    try:
        inside = urlsplit(row.url).path.startswith(market)
    except ValueError:
        inside = False
    is_own = row.url == row.page or canonical(row.url) == row.page
    return not inside, not is_own, len(row.url), row.url, row.page, row.n


def _address(recorder: Recorder, row: Shown) -> str:
    """Return where a product was read: its own page, or for a feed's product the address that the feed gives."""
    has_page = recorder.state.frontier.outcome_of(Kind.PRODUCT, row.page) is not None
    return row.page if has_page and canonical(row.url) != row.page else row.url


def _name_walls(recorder: Recorder) -> None:
    """Call it a wall where many product pages led to one place that shows no product. Raises RejectedError."""
    state = recorder.state
    if not (urls := state.collected.name_walls(WALL_FROM)):
        return
    for url in urls:
        state.frontier.skip(Kind.PRODUCT, canonical(url), "consent_wall")
    recorder.count_rejects()
    recorder.tally(PAGE).check_floor(PAGE)
