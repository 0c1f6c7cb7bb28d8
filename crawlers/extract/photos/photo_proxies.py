"""Addresses of image services that fetch a photo from another address, which they name, and make it smaller.

In a parameter (Next.js, Vercel, Netlify, weserv: `?url=`; older shops' `thumb.php?src=`), as the rest of the path
(Cloudinary `/image/fetch/w_300/https://...`, Cloudflare `/cdn-cgi/image/width=300/https://...`, imgproxy, thumbor), or
by the service's own host (WordPress' `i0.wp.com/shop.example/coat.jpg`).
"""

import re
from typing import NamedTuple
from urllib.parse import SplitResult, parse_qsl, unquote

IMAGE_FILE = re.compile(r"\.(?:jpe?g|jfif|png|webp|avif|gif|tiff?|bmp)(?:$|[?&#/;:@])", re.I)

_NAMES = frozenset(["url", "src", "source", "image", "img", "u", "uri", "file", "path"])
_WHOLE = re.compile(r"https?:/{1,2}(?=[^/])", re.I)
_HOST = re.compile(r"[\w-]+(?:\.[\w-]+)+(?::\d+)?/")
_WORDPRESS = re.compile(r"i\d\.wp\.com", re.I)


class Proxied(NamedTuple):
    """`source` is the photo's own address; `folders` and `query` of the service say what it makes of it."""

    source: str
    folders: tuple[str, ...]
    query: str


def proxied(parts: SplitResult) -> Proxied | None:
    """Read which photo a service's address names; None for any other address. Never raises."""
    path = unquote(parts.path)
    if _WORDPRESS.fullmatch(parts.netloc) and _HOST.match(path, 1):
        return Proxied(f"https:/{path}", (), parts.query)
    if (whole := _WHOLE.search(path, 1)) is not None:
        source = f"{path[whole.start() : whole.end()].rstrip('/')}//{path[whole.end() :]}"
        return Proxied(source, tuple(path[: whole.start()].split("/")), parts.query)
    for name, value in parse_qsl(parts.query) if "=" in parts.query else ():
        if name.lower() in _NAMES and IMAGE_FILE.search(value):
            return Proxied(_absolute(value, parts), (), parts.query)
    return None


def _absolute(value: str, parts: SplitResult) -> str:
    """Give the address that a parameter names: whole, without its scheme, or of the service's own host."""
    if _WHOLE.match(value):
        return value
    if value.startswith("//"):
        return f"https:{value}"
    if not value.startswith("/") and _HOST.match(value):
        return f"https://{value}"
    return f"https://{parts.netloc}/{value.lstrip('/')}"
