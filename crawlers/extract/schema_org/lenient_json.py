"""JSON as people type it into a template, rewritten as JSON: quotes inside strings, 12,90 as a number, bare names.

    {'name': 'Men's coat', "length": "32" inseam", price: 12,90, "gtin": undefined, "sku": 007 "mpn": "7"

A string ends at the quote behind which something goes on that can only stand behind a value: an end, or a comma and a
name with its colon. Ends that lack at the end of a block are added, a few, but no string is: a block that was cut
stays broken. Takes linear time, since of what follows a quote a bounded part is looked at.

json-repair on PyPI reads all this, too, but is quadratic: 16 kB of `{"a": "{a:{a:{a:` hold it for 25 s (0.64.6).
chompjs, hjson and json5 know neither quotes inside strings nor decimal commas.
"""

import re
from collections.abc import Callable

_LONGEST = 1 << 19  # characters of a block that is rewritten
_DEEPEST = 200
_MOST_MISSING = 3  # ends that may lack
_ENDS = {"{": "}", "[": "]"}
_BEGIN = re.compile(r"[\[{]")
# Between tokens: space, comments, marks of HTML and CDATA, and any letter beyond ASCII but a typographer's quote.
_SKIPPED = re.compile(
    r"(?:[\x00-\x20]|//[^\n]*|/\*(?:[^*]|\*(?!/))*+(?:\*/|\Z)|<!--|-->|<!\[CDATA\[|\]\]>|[^\x00-\x7e“”„])*+"
)
_GAP = r"\s{0,500}(?:/\*[^*]{0,200}\*/\s{0,100}|//[^\n]{0,200}\n\s{0,100})?"  # the same where one looks ahead
_NAME = (
    r"(?:\"(?:[^\"\\\n]|\\.){0,200}\"|'(?:[^'\\\n]|\\.){0,200}'|[“”„][^“”„\"\n]{0,200}[“”]|[A-Za-z_$@][\w$@.-]{0,200})"
    r"\s{0,100}:"
)
_KEY = re.compile(_NAME)
_QUOTED = re.compile(r"['\"“”„]")
_NEXT_QUOTE = {
    quote: re.compile(rf"[^{ends}\\]*+(?:\\.[^{ends}\\]*+)*+[{ends}]", re.S)
    for quote, ends in {'"': '"', "'": "'", "`": "`", "“": "“”", "”": "“”", "„": "“”"}.items()
}
_BEHIND = {  # what stands behind a value, in an object and in a list
    "}": re.compile(rf"{_GAP}(?:[}}\]]|\Z|,{_GAP}(?:{_NAME}|[}}\]]|\Z)|{_NAME})"),
    "]": re.compile(
        rf"{_GAP}(?:[}}\]]|\Z|,{_GAP}(?:[\[{{}}\]\"'`“„\d-]|true|false|null|\Z)|\n\s{{0,100}}[\"'“{{])"
    ),
}
_FIGURES = {
    "}": re.compile(r"[-+]?[.,]?\d+(?:[.,]\d+)*\.?(?![^\s,}\]/])"),
    "]": re.compile(r"[-+]?\.?\d+(?:\.\d+)*\.?(?![^\s,}\]/])"),  # in a list a comma parts two numbers
}
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?")
_EXPONENT = re.compile(r"-?\d+(?:\.\d+)?[eE][-+]?\d{1,4}(?![^\s,}\]])")
_BARE = re.compile(r"[^,{}\[\]\"\n\r]{1,500}")
_MEANS = {"true": "true", "false": "false"} | dict.fromkeys(
    ("null", "undefined", "none", "nil", "nan", "infinity", "-infinity", "+infinity"), "null"
)
_TO_ESCAPE = re.compile(r"(\\(?:[\"\\/bfnrt]|u[0-9a-fA-F]{4}))|\\(.?)|\"", re.S)


class _BrokenError(Exception):
    """A value that can be read in no way."""


def rewritten(text: str) -> str:
    """Write the values of a text as JSON, one behind the other; from one that cannot be read on, the text as it is.

    Nothing for a text that is longer than a block is. Never raises.
    """
    if len(text) > _LONGEST:
        return ""
    values: list[str] = []
    at = 0
    while begin := _BEGIN.search(text, at):
        value = _Value(text, begin.start())
        try:
            at = value.read()
        except _BrokenError:
            values.append(text[begin.start() :])
            break
        values.append("".join(value.written))
    return "\n".join(values)


class _Value:
    """One object or list and all inside it, being rewritten.

    open  the ends of what is open, the innermost last
    """

    def __init__(self, text: str, begin: int) -> None:
        self._text = text
        self._at = begin
        self._open: list[str] = []
        self._comma = False  # before the next member
        self.written: list[str] = []

    def read(self) -> int:
        """Rewrite it; returns where it ends. Raises _BrokenError."""
        step: Callable[[], bool] = self._value
        while True:
            was_value = step()
            if not self._open:
                return self._at
            self._skip()
            step = self._behind_value() if was_value else self._member

    def _skip(self) -> None:
        match = _SKIPPED.match(self._text, self._at)
        self._at = match.end() if match else self._at

    def _next(self) -> str:
        return self._text[self._at : self._at + 1]

    def _behind_value(self) -> Callable[[], bool]:
        """Pass commas, or what is written instead of one: nothing."""
        if self._next() in ("", ";"):
            return self._end_of_all
        self._comma = True
        return self._member

    def _member(self) -> bool:
        """Read a name with its value, a value of a list, or an end; returns whether it was whole."""
        while self._next() == ",":
            self._at += 1
            self._skip()
        first = self._next()
        if first in ("}", "]"):
            return self._end(first)
        if self._open[-1] == "]":
            return self._value()
        key = _KEY.match(self._text, self._at)
        if key is None:
            raise _BrokenError
        name = key[0][:-1].rstrip()
        self._put(f"{_string(name[1:-1] if _QUOTED.match(name) else name)}:")
        self._at = key.end()
        self._skip()
        if self._next() in (",", "}", "]"):
            self.written.append("null")
            return True
        return self._value()

    def _value(self) -> bool:
        first = self._next()
        if first in _ENDS:
            if len(self._open) == _DEEPEST:
                raise _BrokenError
            self._put(first)
            self._open.append(_ENDS[first])
            self._at += 1
            return False
        self._put(self._quoted(first) if first in _NEXT_QUOTE else self._bare())
        return True

    def _put(self, written: str) -> None:
        self.written.append(f",{written}" if self._comma else written)
        self._comma = False

    def _quoted(self, quote: str) -> str:
        """Read a string up to the quote that ends it."""
        begin = end = self._at + 1
        behind = _BEHIND[self._open[-1]]
        while match := _NEXT_QUOTE[quote].match(self._text, end):
            end = match.end()
            if behind.match(self._text, end):
                self._at = end
                return _string(self._text[begin : end - 1])
        raise _BrokenError

    def _bare(self) -> str:
        """Read a number, a word that means one of JSON's, or a text without quotes."""
        exponent = _EXPONENT.match(self._text, self._at)
        figures = exponent or _FIGURES[self._open[-1]].match(self._text, self._at)
        match = figures or _BARE.match(self._text, self._at)
        if match is None:
            raise _BrokenError
        self._at = match.end()
        words = match[0].strip()
        if figures:
            return words if _NUMBER.fullmatch(words) else _string(words)
        return _MEANS.get(words.lower()) or _string(words)

    def _end(self, end: str) -> bool:
        """Close what an end closes, with what is open inside it; an end of nothing is passed over."""
        self._at += 1
        self._comma = False
        if end in self._open[-_MOST_MISSING - 1 :]:
            while (closed := self._open.pop()) != end:
                self.written.append(closed)
            self.written.append(end)
        return True

    def _end_of_all(self) -> bool:
        if len(self._open) > _MOST_MISSING:
            raise _BrokenError
        self.written += reversed(self._open)
        self._open.clear()
        return True


def _string(content: str) -> str:
    """Write what stood between quotes as a string of JSON: `\\'` is `'`, and `"` is escaped."""
    return f'"{_TO_ESCAPE.sub(_escaped, content)}"'


def _escaped(match: re.Match[str]) -> str:
    if match[1]:
        return match[1]
    return '\\"' if match[2] is None else match[2]
