"""Small folders in DeepFashion's formats, drawn by the mall, and what is done to them."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from crawlers.datasets.deepfashion.opening import open_tree
from crawlers.datasets.product_file import PhotoRow
from infra.mall.catalogue import draw_catalogue
from infra.mall.export import consumer2shop, deepfashion_c, in_shop
from schemas.reject import Reject

SIZE = (96, 120)  # px
WRITERS: dict[str, Callable[..., int]] = {
    "deepfashion-c": deepfashion_c.export,
    "in-shop": in_shop.export,
    "consumer2shop": consumer2shop.export,
}


def drawn(benchmark: str, root: Path, products: int = 24) -> Path:
    """A folder that the mall wrote."""
    WRITERS[benchmark]([draw_catalogue(products, 3, size=SIZE)], str(root / "tree"))
    return root / "tree"


def change(file: Path, line: int, pattern: str, by: str) -> str:
    """Rewrite a part of a line, counted from 1; returns the line as it is now."""
    lines = file.read_text().split("\n")
    lines[line - 1], done = re.subn(pattern, by, lines[line - 1], count=1)
    assert done
    file.write_text("\n".join(lines))
    return lines[line - 1]


def read(benchmark: str, root: Path, **options: Any) -> tuple[list[PhotoRow], list[Reject]]:
    """What an import would take and refuse of the text files."""
    taken: list[PhotoRow] = []
    refused: list[Reject] = []
    for row in open_tree(benchmark, str(root), "s", **options).read():
        for photo in [row] if isinstance(row, Reject) else row:
            (refused if isinstance(photo, Reject) else taken).append(photo)  # type: ignore[arg-type]
    return taken, refused
