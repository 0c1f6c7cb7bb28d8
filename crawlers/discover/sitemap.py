"""Sitemaps by the protocol at sitemaps.org, as shops serve them: XML, gzip or one address a line.

The XML is read as a stream in which nothing stays: 50,000 addresses need no more memory than ten.
Entities are never expanded, and no document type is loaded.
"""

import io
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lxml.etree import LxmlError, iterparse

from crawlers.extract.language import alternate_tag

MOST_BYTES = 64 << 20  # unpacked; the protocol allows 50 MB
_CHUNK = 64 << 10
_HEAD = 4096
_LONGEST = 8_000  # characters of an address
_MOST_ALTERNATES = 200  # of one page
_ROOT = re.compile(rb"<(?:[\w.-]+:)?(urlset|sitemapindex)[\s>/]", re.I)
_ROOT_END = re.compile(
    rb"</(?:[\w.-]+:)?(urlset|sitemapindex)\s*>|<(?:[\w.-]+:)?(urlset|sitemapindex)[^>]*/>", re.I
)
_LINE = re.compile(rb"https?://\S+\s*(?:[\r\n]|\Z)", re.I)
_BLANK = b"\xef\xbb\xbf \t\r\n\x00"
_GZIP = b"\x1f\x8b"


@dataclass(frozen=True)
class Entry:
    """One address that a sitemap names; `index`: it is a sitemap itself. `lastmod` as written.

    alternates  the same page in other languages, itself among them: tag and address (xhtml:link with hreflang)
    """

    url: str
    lastmod: str = ""
    index: bool = False
    alternates: tuple[tuple[str, str], ...] = ()


class CutError(ValueError):
    """A sitemap that ends before it should; what it named until then was read."""


def is_sitemap(body: bytes) -> bool:
    """Whether an answer looks like a sitemap, by its first bytes."""
    head = _head(body)
    return bool(_ROOT.search(head) or (_LINE.match(head) and b"<" not in head))


def entries(body: bytes) -> Iterator[Entry]:
    """Read what a sitemap names, in order. Raises CutError after the last whole entry of one cut or too long."""
    stream = _Stream(body)
    head = stream.start()
    if _LINE.match(head):
        yield from _lines(stream)
        return
    last: Entry | None = None
    try:
        for entry in _parsed(stream):
            if last:
                yield last
            last = entry  # the last entry of a cut file may be a part of an address
    except LxmlError as error:
        raise CutError(f"the sitemap is not XML to its end: {error}") from None
    if stream.failure or not _ROOT_END.search(stream.tail.replace(b"\0", b"")):
        raise CutError(stream.failure or "the sitemap ends before its last element")
    if last:
        yield last


class _Stream(io.RawIOBase):
    """A body as unpacked bytes, a piece at a time, without what may stand before an XML declaration.

    tail     the last bytes read
    failure  why it ended early; empty when it did not
    """

    def __init__(self, body: bytes) -> None:
        self._pieces = _unpacked(_unpacked(_pieces(body), self._fail), self._fail)  # some servers pack twice
        self._ready = b""
        self._left = MOST_BYTES
        self.tail = b""
        self.failure = ""

    def start(self) -> bytes:
        """Read the first bytes, which are read again afterwards."""
        while len(self._ready) < _HEAD and (piece := next(self._pieces, b"")):
            self._ready = (self._ready + piece).lstrip(_BLANK) if not _is_wide(piece) else self._ready + piece
        return self._ready[:_HEAD]

    def read(self, size: int = -1) -> bytes:
        """Read the next bytes; nothing at the end, or once there are too many."""
        piece = self._ready or next(self._pieces, b"")
        size = _CHUNK if size < 0 else size
        given, self._ready = piece[:size], piece[size:]
        self._left -= len(given)
        if self._left < 0:
            self._fail(f"the sitemap has more than {MOST_BYTES} bytes")
            return b""
        self.tail = (self.tail + given)[-_HEAD:]
        return given

    def _fail(self, why: str) -> None:
        self.failure = why


def _head(body: bytes) -> bytes:
    return _Stream(body[: 4 * _CHUNK]).start().replace(b"\0", b"")


def _is_wide(piece: bytes) -> bool:
    """UTF-16, which the parser tells by the mark it begins with."""
    return piece[:2] in (b"\xff\xfe", b"\xfe\xff")


def _pieces(body: bytes) -> Iterator[bytes]:
    view = memoryview(body)
    for at in range(0, len(body), _CHUNK):
        yield bytes(view[at : at + _CHUNK])


def _unpacked(pieces: Iterator[bytes], fail: Any) -> Iterator[bytes]:
    """Give the same bytes without gzip, told by content: names and headers are often wrong."""
    first = next(pieces, b"")
    if first[:2] != _GZIP:
        yield first
        yield from pieces
        return
    gzip = zlib.decompressobj(wbits=31)
    piece = first
    try:
        while piece:
            yield from filter(None, [gzip.decompress(piece, _CHUNK)])
            piece = gzip.unconsumed_tail
            if gzip.eof and gzip.unused_data[:2] == _GZIP:  # several files, one after the other
                piece, gzip = gzip.unused_data, zlib.decompressobj(wbits=31)
            elif not gzip.eof:
                piece = piece or next(pieces, b"")
        if not gzip.eof:
            fail("the gzip file ends early")
    except zlib.error as error:
        fail(f"the gzip file is broken: {error}")


def _lines(stream: _Stream) -> Iterator[Entry]:
    rest = b""
    while piece := stream.read():
        *lines, rest = (rest + piece).splitlines(keepends=True)
        yield from _line_entries(lines)
        if len(rest) > _LONGEST:
            rest = rest[:_LONGEST]
    if stream.failure:
        raise CutError(stream.failure)
    yield from _line_entries([rest])


def _line_entries(lines: list[bytes]) -> Iterator[Entry]:
    for line in lines:
        url = line.decode(errors="replace").strip("\ufeff \t\r\n")
        if re.match(r"https?://|/", url, re.I):
            yield Entry(url[:_LONGEST])


def _parsed(stream: _Stream) -> Iterator[Entry]:
    """Entries of <urlset> and <sitemapindex>, whatever their namespace is; each element is freed once it has ended."""
    options = {"resolve_entities": False, "load_dtd": False, "no_network": True, "huge_tree": False}
    walk = iterparse(stream, events=("end",), recover=True, remove_comments=True, remove_pis=True, **options)
    url = lastmod = ""
    alternates: list[tuple[str, str]] = []
    for _, element in walk:
        name, above = _name(element), element.getparent()
        if (
            name == "loc" and len(element) == 0 and _name(above) in ("url", "sitemap")
        ):  # an image has a loc, too
            url = (element.text or "").strip()[:_LONGEST]
        elif name == "lastmod" and len(element) == 0:
            lastmod = (element.text or "").strip()[:64]
        elif name == "link" and len(alternates) < _MOST_ALTERNATES:
            if (tag := alternate_tag(element.get("hreflang", ""))) and (
                href := element.get("href", "").strip()
            ):
                alternates.append((tag, href[:_LONGEST]))
        elif name in ("url", "sitemap"):
            if url:
                yield Entry(url, lastmod, name == "sitemap", tuple(alternates))
            url, lastmod, alternates = "", "", []
        element.clear()
        while above is not None and element.getprevious() is not None:
            del above[0]


def _name(element: Any) -> str:
    """Give an element's name in lower case, without its namespace or an undeclared prefix."""
    tag = getattr(element, "tag", "")
    return re.split("[}:]", tag)[-1].lower() if isinstance(tag, str) else ""
