"""What a server packed is unpacked by what the bytes are; what its Content-Encoding says is only the first guess.

Servers call plain bytes gzip, gzip Brotli, or pack twice; some write a character set there. Browsers show such pages,
so people never notice. An answer that ends within its packing is a connection that was cut, and no shorter page.
"""

import struct
import zlib
from gzip import BadGzipFile, GzipFile
from io import BytesIO

import brotli
from scrapy import Request
from scrapy.downloadermiddlewares.httpcompression import HttpCompressionMiddleware
from scrapy.exceptions import IgnoreRequest, ResponseDataLossError
from scrapy.http import Response, TextResponse

GZIP, ZSTD = b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd"
_MOST_ROUNDS = 3  # of packing around one answer
_CHUNK = 1 << 16
_BEGINNING = 512  # bytes by which text is told from packed bytes
_NOT_IN_TEXT = bytes(set(range(32)) - set(b"\t\n\x0b\x0c\r\x1b"))
_PICTURES = (b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"RIFF", b"BM", b"II*\0", b"MM\0*")


class CutAnswerError(ResponseDataLossError):
    """An answer that ends, or breaks, within its packing."""


class Unpacking(HttpCompressionMiddleware):
    """Scrapy's middleware, its bounds included, that does not believe a label."""

    def process_request(self, request: Request) -> None:  # type: ignore[override]
        """Ask for what is told apart and known to be whole: a cut zstd looks like a short one."""
        request.headers.setdefault("Accept-Encoding", "gzip, deflate, br")

    def process_response(self, request: Request, response: Response) -> Request | Response:  # type: ignore[override]
        """Give the answer unpacked, with a flag where its label lies.

        Raises IgnoreRequest beyond the bound on bytes, CutAnswerError for one that is cut.
        """
        if response.body.startswith(GZIP) and isinstance(response, TextResponse):
            response.headers.setdefault(
                "Content-Encoding", "gzip"
            )  # a packed file, served as if it were none
        labels, packed = _labels(response.headers.getlist("Content-Encoding")), response.body
        answer = super().process_response(request, response)
        if (
            isinstance(answer, Response)
            and packed
            and any(_belies(label, packed, answer) for label in labels[-1:])
        ):
            answer.flags.append(
                f"its Content-Encoding says {labels[-1].decode('latin-1')[:40]}, which its bytes are not"
            )
        return answer

    def _handle_encoding(
        self, body: bytes, content_encoding: list[bytes], max_size: int
    ) -> tuple[bytes, list[bytes]]:
        labels = _labels(content_encoding)
        for label in reversed(labels[-_MOST_ROUNDS:]):
            body = self._unpacked(body, label, max_size)
        for _ in range(_MOST_ROUNDS - 1):
            if not body.startswith(GZIP):
                break
            try:
                body = gunzipped(body, max_size)
            except CutAnswerError:  # a file that is packed in itself: who reads it says what is wrong with it
                break
        return body, []

    def _unpacked(self, body: bytes, label: bytes, max_size: int) -> bytes:
        if body.startswith(GZIP):
            return gunzipped(body, max_size)
        if body.startswith(ZSTD):
            return self._decode(body, b"zstd", max_size)
        # What the label says comes first: a few packed bytes may well look like text.
        if label in _UNMARKED and (unpacked := _UNMARKED[label](body, max_size)):
            return unpacked
        if _is_plain(body):
            return body
        for unpack in (unpack for encoding, unpack in _UNMARKED.items() if encoding != label):
            if unpacked := unpack(body, max_size):
                return unpacked
        if label in _UNMARKED:
            raise CutAnswerError(f"its {label.decode()} is cut or broken")
        return body


def _labels(content_encoding: list[bytes]) -> list[bytes]:
    return [label.strip().lower() for each in content_encoding for label in each.split(b",")]


def _belies(label: bytes, packed: bytes, answer: Response) -> bool:
    """Whether bytes are not what a label calls them; `identity` and names of nothing call them nothing."""
    marks = {b"gzip": GZIP, b"x-gzip": GZIP, b"zstd": ZSTD}
    if label in marks:
        return not packed.startswith(marks[label])
    return label in _UNMARKED and answer.body == packed


def gunzipped(body: bytes, max_size: int) -> bytes:
    """Unpack gzip; a wrong checksum and bytes behind its end are let pass, as browsers do. Raises as `Unpacking`."""
    file, pieces, size = GzipFile(fileobj=BytesIO(body)), [], 0
    try:
        while piece := file.read1(_CHUNK):
            size += len(piece)
            _check(size, max_size)
            pieces.append(piece)
    except BadGzipFile as error:
        if not pieces:
            raise CutAnswerError("its gzip is broken") from error
    except (EOFError, zlib.error, struct.error) as error:
        raise CutAnswerError("its gzip is cut or broken") from error
    return b"".join(pieces)


def inflated(body: bytes, max_size: int) -> bytes:
    """Unpack deflate, with zlib's head or bare; empty where the stream does not come to its end."""
    for wbits in (zlib.MAX_WBITS, -zlib.MAX_WBITS):
        stream, pieces, size, rest = zlib.decompressobj(wbits), [], 0, body
        try:
            while rest and not stream.eof:
                piece = stream.decompress(rest, _CHUNK)
                size += len(piece)
                _check(size, max_size)
                pieces.append(piece)
                rest = stream.unconsumed_tail
        except zlib.error:
            continue
        if stream.eof:
            return b"".join(pieces)
    return b""


def unbrotlied(body: bytes, max_size: int) -> bytes:
    """Unpack Brotli; empty where the stream does not come to its end."""
    stream, pieces, size, rest = brotli.Decompressor(), [], 0, body
    try:
        while not stream.is_finished():
            piece = stream.process(rest, output_buffer_limit=_CHUNK)
            size += len(piece)
            _check(size, max_size)
            pieces.append(piece)
            if not piece and not rest:
                return b""
            rest = b""
    except brotli.error:
        return b""
    return b"".join(pieces)


# How bytes are tried that do not begin with a mark.
_UNMARKED = {b"br": unbrotlied, b"deflate": inflated}


def _check(size: int, max_size: int) -> None:
    if max_size and size > max_size:
        raise IgnoreRequest(f"unpacks to more than {max_size:,} bytes")


def _is_plain(body: bytes) -> bool:
    """Whether bytes are text or a picture, and so were not packed at all."""
    beginning = body[:_BEGINNING]
    is_text = beginning == beginning.translate(None, _NOT_IN_TEXT)
    wide = beginning.startswith((b"\xff\xfe", b"\xfe\xff"))
    return is_text or wide or body.startswith(_PICTURES) or body[4:8] == b"ftyp"
