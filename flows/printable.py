"""Words and numbers as people may see them on a terminal: nothing that it would obey, nothing that says nothing."""

from typing import Any

from rich.markup import escape


def harmless(text: str) -> str:
    """Return foreign text on one line, without what steers a terminal or turns the order of what is read.

    Printable characters stay; control characters (an escape sequence needs one), bidirectional
    overrides and invisible ones go; line breaks and tabs become spaces.
    """
    return "".join(char if char.isprintable() else " " if char.isspace() else "" for char in text)


def cell(text: str, width: int) -> str:
    """Return a shop's words for a narrow column: on one line, nothing that a terminal would obey."""
    line = " ".join(harmless(text).split())
    return line if len(line) <= width else line[: width - 1] + "…"


def plain(value: Any) -> str:
    """Return text for a cell; what a shop wrote must neither be read as markup nor steer the terminal."""
    if isinstance(value, dict):
        words = ", ".join(f"{name} {item}" for name, item in value.items()) or "none"
    else:
        words = f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
    return escape(harmless(words))


def percent(share: float) -> str:
    """Words for a chance of 0 to 1, without decimals that say nothing: `97 %`, `0.2 %`, `under 0.01 %`."""
    if 0 < share < 0.0001:
        return "under 0.01 %"
    shown = round(100 * share) if share >= 0.095 else float(f"{100 * share:.1g}")
    return f"{shown:g} %"
