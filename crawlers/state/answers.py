"""What a spider makes of an answer, and all that passes from it to the pipeline: one of these for each request.

A spider reads and knows no state; the recorders (page_recorder.py, photo_recorder.py) write what is said here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from crawlers.discover.visit import Found, Visit
from crawlers.fetch.validators import NOTHING, Validators
from crawlers.state.tables.frontier import READ, Task
from schemas.reject import Reject

NOT_MODIFIED = "not_modified"  # the outcome of a 304; the frontier keeps what was read before


@dataclass(frozen=True)
class HomeAnswer:
    """The home page, which is asked anew whenever a crawl begins or goes on: what reads the shop, and where to begin.

    probe_failed  a question by which a platform is recognised failed by a fault of the moment: what was asked
                  for may be there all the same
    linked        the visits are links of a page that people read, not of a feed or a sitemap
    language      of the crawl, as crawlers.extract.language writes it; empty where nobody knows
    market        the folder of the home page's address, whose pages come first
    otherwise     links to follow where all that the visits lead to is no product
    """

    platform: str
    visits: tuple[Visit, ...]
    probe_failed: bool = False
    linked: bool = False
    language: str = ""
    market: str = "/"
    otherwise: tuple[Visit, ...] = ()


@dataclass(frozen=True)
class PageAnswer:
    """What a listing or product page answered: READ with its items, NOT_MODIFIED, or a reason with its reject row.

    gone      the server says that there is no such page (404, 410)
    linked    its links are those of a page that people read, not of a feed or a sitemap
    language  that the page says it is in; empty where it says none
    no_product  the refusal of a product page that shows none; None for a page that shows one
    """

    task: Task
    outcome: str
    items: tuple[Found, ...] = ()
    validators: Validators = NOTHING
    gone: bool = False
    linked: bool = False
    language: str = ""
    no_product: Reject | None = None


@dataclass(frozen=True)
class PhotoAnswer:
    """What a photo address answered: READ with the photo's id, NOT_MODIFIED, or a reason with its reject row.

    url   the address, or for an import a name that stays the same when the file's rows move
    row   schemas.image.IMAGES; None where the bytes are stored already
    task  None for an import, which asks nothing
    """

    url: str
    outcome: str = READ
    image_id: str = ""
    row: Mapping[str, Any] | None = None
    task: Task | None = None
    validators: Validators = NOTHING
    reject: Reject | None = None


Answer = HomeAnswer | PageAnswer | PhotoAnswer
