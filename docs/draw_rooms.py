"""Draws one picture per big folder, docs/<folder>.svg: its rooms as the import contracts of pyproject.toml stack them.

    python docs/draw_rooms.py          draws the pictures anew
    python docs/draw_rooms.py --check  ends with 1 where a picture shows another house than the code

A room imports from the rooms below it only. What a box says is the first line of the room's docstring; below it
stand its files, except where one file is one platform, one method or one command: there is no end to those.
"""

import ast
import sys
import textwrap
import tomllib
from collections.abc import Iterator, Mapping
from html import escape
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("crawlers", "workers", "flows", "infra", "infra.mall")
OPEN_ROOMS = {f"{name}s": f"one file a {name}" for name in ("platform", "method", "command", "dialect")}
OPEN_ROOMS["mall"] = "a picture of its own: mall.svg"
MOST_BESIDE = 4  # rooms in a row

WIDTH, MARGIN, GAP, PADDING = 1040, 16, 12, 12  # px
LINE, FONT_WIDTH = 17, 6.9  # px; of the text's size 12.5
STYLE = """
text{font:12.5px system-ui,-apple-system,"Segoe UI",Helvetica,Arial,sans-serif;fill:#333}
.room{font-weight:650;font-size:15px;fill:#14213d}.files{fill:#5b6472;font-family:ui-monospace,Menlo,Consolas,monospace;
font-size:11.5px}.head{font-size:13px;fill:#5b6472}
"""


class Room(NamedTuple):
    """A folder or file of a big folder: its name, what it says it is, and the files in it."""

    name: str
    says: str
    files: str


def layers_of(folder: str) -> list[list[str]]:
    """Names of a folder's rooms, top layer first, from the contract that has the folder as its container."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        contracts: list[dict[str, Any]] = tomllib.load(file)["tool"]["importlinter"]["contracts"]
    contract = next(each for each in contracts if each.get("containers") == [folder])
    return [[name.strip() for name in layer.replace(":", "|").split("|")] for layer in contract["layers"]]


def room_of(folder: str, name: str) -> Room:
    """What the box of a room says."""
    place = ROOT.joinpath(*folder.split("."), name)
    source = place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
    says = (ast.get_docstring(ast.parse(source.read_text(encoding="utf-8"))) or "").partition("\n\n")[0]
    if not place.is_dir():
        return Room(f"{name}.py", says, "")
    names = sorted(each.stem for each in place.iterdir() if each.suffix == ".py" and each.stem != "__init__")
    names += sorted(f"{each.name}/" for each in place.iterdir() if (each / "__init__.py").is_file())
    return Room(f"{name}/", says, OPEN_ROOMS.get(name, " ".join(names)))


def wrapped(text: str, width: float) -> list[str]:
    """Lines of a text that fit into `width` px."""
    return textwrap.wrap(" ".join(text.split()), max(12, int(width / FONT_WIDTH)), break_long_words=False)


def box(room: Room, x: float, y: float, width: float, height: float) -> Iterator[str]:
    """The SVG of one room."""
    yield f'<rect x="{x:.0f}" y="{y}" width="{width:.0f}" height="{height}" rx="8" fill="#fff" stroke="#c8d0dc"/>'
    baseline = y + PADDING + 13
    yield f'<text class="room" x="{x + PADDING:.0f}" y="{baseline}">{escape(room.name)}</text>'
    for kind, text in (("says", room.says), ("files", room.files)):
        for line in wrapped(text, width - 2 * PADDING):
            baseline += LINE
            yield f'<text class="{kind}" x="{x + PADDING:.0f}" y="{baseline}">{escape(line)}</text>'


def height_of(room: Room, width: float) -> int:
    """Height of a room's box in px."""
    lines = sum(len(wrapped(text, width - 2 * PADDING)) for text in (room.says, room.files))
    return 2 * PADDING + 16 + LINE * lines


def picture(folder: str) -> str:
    """The SVG of one folder."""
    parts: list[str] = []
    y = MARGIN + 30
    for layer in layers_of(folder):
        rows = -(-len(layer) // MOST_BESIDE)
        columns = -(-len(layer) // rows)
        width = (WIDTH - 2 * MARGIN - GAP * (columns - 1)) / columns
        rooms = [room_of(folder, name) for name in layer]
        for first in range(0, len(rooms), columns):
            beside = rooms[first : first + columns]
            height = max(height_of(room, width) for room in beside)
            for n, room in enumerate(beside):
                parts += box(room, MARGIN + n * (width + GAP), y, width, height)
            y += height + (GAP if first + columns >= len(rooms) else GAP // 3)
    head = f"{folder.replace('.', '/')}/ - a room imports from the rooms below it, never from those above or beside it"
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{y + MARGIN}" '
        f'viewBox="0 0 {WIDTH} {y + MARGIN}">\n<style>{STYLE}</style>\n'
        f'<rect width="100%" height="100%" rx="10" fill="#eef2f7"/>\n'
        f'<text class="head" x="{MARGIN}" y="{MARGIN + 14}">{escape(head)}</text>\n{body}\n</svg>\n'
    )


def pictures() -> Mapping[Path, str]:
    """Every picture by the file it belongs in."""
    return {ROOT / "docs" / f"{folder.rpartition('.')[2]}.svg": picture(folder) for folder in FOLDERS}


def main() -> int:
    """Write the pictures, or check them; the exit code."""
    stale = [path for path, svg in pictures().items() if not path.is_file() or path.read_text("utf-8") != svg]
    if "--check" in sys.argv[1:]:
        for path in stale:
            print(f"{path.name} shows another house than the code: run `make pictures`", file=sys.stderr)
        return 1 if stale else 0
    for path in stale:
        path.write_text(pictures()[path], encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
