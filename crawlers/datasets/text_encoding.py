"""Bytes of a text table -> what they are written in, and what stands between their columns; both by evidence.

UTF-8 proves itself. What is not UTF-8 is Windows-1252 where its odd bytes stand alone among letters, as accents do;
else charset-normalizer chooses among the encodings that shops' programs write.
"""

import codecs
import csv
import re
from collections.abc import Iterable
from io import BufferedReader
from itertools import islice

from charset_normalizer import from_bytes

from schemas.errors import UsageError

DELIMITERS = (",", ";", "\t", "|")
NAMES = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "pipes"}
_WORDS = {"comma": ",", "semicolon": ";", "tab": "\t", "\\t": "\t", "pipe": "|"}
_CANDIDATES = ["cp949", "cp932", "euc_jp", "gb18030", "big5", "cp1251", "cp1253", "cp1250", "cp1252"]
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # begins as UTF-16 does
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_BLOCK = 1 << 20
_SAMPLE = 64 << 10  # bytes of lines that are not ASCII; more says nothing new
_LONGEST_LINE = 4 << 10  # of a line that the sample takes
_ALONE = re.compile(rb"(?<=[\x00-\x7f])[\xc0-\xfd](?=[\x00-\x7f]|$)")  # an accented letter of Windows-1252
_HIGH = re.compile(rb"[\x80-\xff]")
_NO_LETTER = frozenset(b"\x81\x8d\x8f\x90\x9d\xfe\xff")  # in no word of a shop that writes Windows-1252
_JUDGED_ROWS = 200
_JUDGED_CHARACTERS = 256 << 10


def encoding_of(stream: BufferedReader) -> str:
    """Tell the encoding of a text, as Python names it, reading it up to the first 64 KiB of lines that are not ASCII.

    One damaged byte does not make another encoding of UTF-8: it is the row's fault that has it.
    """
    head = stream.read(_BLOCK)
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding
    if zeros := head[:4096].count(0):
        return _without_mark(head[:4096], zeros)
    sample = list(_telling_lines(head, stream))
    damaged = [line for line in sample if not _is_utf8(line)]
    if len(sample) - len(damaged) >= len(damaged):
        return "utf-8"
    high = _HIGH.findall(b"\n".join(damaged))
    if all(byte[0] in _NO_LETTER for byte in high):
        return "utf-8"
    alone = sum(len(_ALONE.findall(line)) for line in damaged)
    if 2 * alone > len(high):
        return "cp1252"
    text = b"\n".join(damaged)
    # Unbounded, since half a page of kana and commas counts as a mess of a fifth, and the least one is wanted.
    best = from_bytes(text, steps=1, chunk_size=len(text), threshold=1.0, cp_isolation=_CANDIDATES).best()
    return best.encoding if best else "cp1252"


def known_encoding(name: str) -> str:
    """Return an encoding that the user named; raises InputError where Python knows none of that name."""
    try:
        "".encode(name)
        return codecs.lookup(name).name
    except (LookupError, UnicodeError, ValueError) as error:
        raise UsageError(
            f"--encoding {name}", "no such encoding; cp949, utf-16 or latin-1 are some"
        ) from error


def known_delimiter(written: str) -> str:
    """Return a delimiter that the user named, by itself or as `tab`; raises InputError for more than one character."""
    delimiter = _WORDS.get(written.lower(), written)
    if len(delimiter) != 1 or delimiter in '"\r\n':
        raise UsageError(f"--delimiter {written}", "one character is wanted, or tab")
    return delimiter


def delimiter_of(lines: Iterable[str]) -> str:
    """Tell what separates the columns: what cuts the most rows into as many parts as the header, and the most parts.

    csv.Sniffer guesses by how often a character stands in a line, which a description full of commas betrays.
    """
    judged, characters = [], 0
    for line in islice(lines, _JUDGED_ROWS):
        judged.append(line)
        characters += len(line)
        if characters > _JUDGED_CHARACTERS:
            break
    return max(DELIMITERS, key=lambda delimiter: _fit(judged, delimiter))


def _fit(lines: list[str], delimiter: str) -> tuple[float, int]:
    try:
        rows = [len(row) for row in csv.reader(lines, delimiter=delimiter) if row]
    except csv.Error:
        return 0.0, 0
    columns = rows[0] if rows else 0
    if columns < 2:
        return 0.0, columns
    # The last of the rows may be cut off in the middle of a quoted cell.
    return round(sum(length == columns for length in rows) / len(rows), 1), columns


def _without_mark(head: bytes, zeros: int) -> str:
    """Tell UTF-16 without a mark by which of each two bytes is zero; anything else with zeros is no text."""
    if 5 * zeros < len(head):
        return "utf-8"
    return "utf-16-be" if head[0::2].count(0) > head[1::2].count(0) else "utf-16-le"


def _telling_lines(head: bytes, stream: BufferedReader) -> Iterable[bytes]:
    taken, rest, block = 0, b"", head
    while block and taken < _SAMPLE:
        if not block.isascii() or not rest.isascii():
            lines = (rest + block).split(b"\n")
            rest = lines.pop()[: 2 * _LONGEST_LINE]
            for line in lines:
                if not line.isascii() and taken < _SAMPLE:
                    taken += min(len(line), _LONGEST_LINE)
                    yield _cut(line)
        else:
            rest = block[block.rfind(b"\n") + 1 :][: 2 * _LONGEST_LINE]
        block = stream.read(_BLOCK)
    if rest and not rest.isascii() and taken < _SAMPLE:
        yield _cut(rest)


def _cut(line: bytes) -> bytes:
    """Cut a line before a byte that is the second of no character, whichever encoding it is: a blank, a comma."""
    if len(line) <= _LONGEST_LINE:
        return line
    at = _LONGEST_LINE
    while at and line[at] >= 0x30:
        at -= 1
    return line[:at] or line[:_LONGEST_LINE]


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True
