"""The photos of a product, in the shop's order, each address once, with the view it shows."""

from urllib.parse import urljoin

from crawlers.extract.photo_view import view_of
from crawlers.extract.text import printable


def add(photos: dict[str, str], source: str, base: str, caption: str = "", view: str = "") -> None:
    """Put one more into `photos` (view by address). A `data:` picture or a bare reference is none."""
    source = printable(source).strip().replace("&amp;", "&")  # escaped twice, or for HTML inside JSON
    if not source or source[0] == "#" or source[:5].lower() == "data:":
        return
    try:
        address = urljoin(base, source)
        photos.setdefault(address, view or view_of(address, caption))
    except ValueError:  # "http://[broken": the image stage refuses it by name
        photos.setdefault(source, view)
