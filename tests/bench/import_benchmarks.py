"""Imports of benchmark folders of published size: seconds and peak memory, all photos links to a few small ones.

    .venv/bin/python tests/bench/import_benchmarks.py [deepfashion-c | consumer2shop] [--rows N] [--read]

deepfashion-c: 289,222 lines in five files, one of 870 MB; consumer2shop: 239,557 photos, 195,540 pairs. `--read` stops
short of the tables: the text files alone. Ends with 1 above 5 minutes or 1 GiB.
"""

import argparse
import io
import json
import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

from crawlers.datasets.deepfashion.opening import open_tree
from flows.crawl.import_products import import_file
from flows.parameters.crawl import ImportParameters

MOST_SECONDS, MOST_MIB = 300, 1024
PHOTOS = 64  # distinct ones
ATTRIBUTES = 1000
ITEMS = 33_881


def main() -> int:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument(
        "benchmark", nargs="?", default="deepfashion-c", choices=["deepfashion-c", "consumer2shop"]
    )
    options.add_argument("--rows", type=int, default=0)
    options.add_argument("--read", action="store_true")
    chosen = options.parse_args()
    rows = chosen.rows or {"deepfashion-c": 289_222, "consumer2shop": 239_557}[chosen.benchmark]
    with tempfile.TemporaryDirectory() as place:
        tree = Path(place) / "tree"
        {"deepfashion-c": category_and_attribute, "consumer2shop": consumer_to_shop}[chosen.benchmark](
            tree, rows
        )
        begun, before = time.monotonic(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        if chosen.read:
            opened = open_tree(chosen.benchmark, str(tree), "bench")
            taken = sum(isinstance(row, list) for row in opened.read())
        else:
            wanted = ImportParameters(
                path=str(tree), lake=f"{place}/lake", shop="bench", benchmark=chosen.benchmark, cut=False
            )
            taken = import_file.fn(wanted)["rows"]
        seconds = time.monotonic() - begun
        # A crawl is a process of its own; its peak is that of the largest child.
        own, child = (
            resource.getrusage(of).ru_maxrss // 1024
            for of in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
        )
    peak = own if chosen.read else child
    used = resource.getrusage(resource.RUSAGE_SELF if chosen.read else resource.RUSAGE_CHILDREN)
    told = {"benchmark": chosen.benchmark, "rows": rows, "taken": taken, "read_only": chosen.read}
    told |= {"seconds": round(seconds, 1), "cpu_seconds": round(used.ru_utime + used.ru_stime, 1)}
    print(json.dumps(told | {"peak_mib": peak, "mib_before": before}))
    return int(seconds > MOST_SECONDS or peak > MOST_MIB or taken != rows)


def category_and_attribute(root: Path, rows: int) -> None:
    photos = _photos(root)
    names = [f"img/Ruffled_Blouse_No_{row // 40}/img_{row % 40 + 1:08d}.jpg" for row in range(rows)]
    _link(root, names, photos)
    random = np.random.default_rng(0)
    hot = [_hot(random, ATTRIBUTES, 4) for _ in range(50)]
    places = "1 0 010 012 0 050 012 0 006 040 1 058 040 0 012 060 2 000 000"
    _write(root / "Anno/list_category_cloth.txt", "name type", [f"Kind{n} {n % 3 + 1}" for n in range(50)])
    _write(
        root / "Anno/list_attr_cloth.txt",
        "name type",
        [f"some name {n} {n % 5 + 1}" for n in range(ATTRIBUTES)],
    )
    _write(
        root / "Anno/list_category_img.txt",
        "image label",
        (f"{name} {n % 50 + 1}" for n, name in enumerate(names)),
        rows,
    )
    _write(
        root / "Anno/list_attr_img.txt",
        "image labels",
        (f"{name} {hot[n % 50]}" for n, name in enumerate(names)),
        rows,
    )
    _write(
        root / "Anno/list_bbox.txt", "image x_1 y_1 x_2 y_2", (f"{name} 4 6 60 62" for name in names), rows
    )
    _write(root / "Anno/list_landmarks.txt", "image ...", (f"{name} {places}" for name in names), rows)
    split = ("train", "train", "train", "val", "test")
    _write(
        root / "Eval/list_eval_partition.txt",
        "image status",
        (f"{name} {split[n % 5]}" for n, name in enumerate(names)),
        rows,
    )


def consumer_to_shop(root: Path, rows: int) -> None:
    photos, items = _photos(root), max(1, rows * ITEMS // 239_557)
    each = -(-rows // items)
    names = [f"img/TOPS/Blouse/id_{row // each:08d}/{'shop' if row % each < 2 else 'comsumer'}_{row % each:02d}.jpg"
             for row in range(rows)]  # fmt: skip
    _link(root, names, photos)
    _write(root / "Anno/list_item_consumer2shop.txt", "", [f"id_{n:08d}" for n in range(items)])
    _write(
        root / "Anno/list_bbox_consumer2shop.txt",
        "image ...",
        (f"{name} 1 {1 if 'shop_' in name else 2} 4 6 60 62" for name in names),
        rows,
    )
    places = "1 1 0 010 012 0 050 012 0 006 040 1 058 040 0 012 060 2 000 000"
    _write(
        root / "Anno/list_landmarks_consumer2shop.txt",
        "image ...",
        (f"{name} {places}" for name in names),
        rows,
    )
    pairs = [
        f"{name} {names[row - row % each]} id_{row // each:08d} {('train', 'test')[row // each % 2]}"
        for row, name in enumerate(names)
        if row % each >= 2
    ]
    _write(root / "Eval/list_eval_partition.txt", "a b item status", pairs)


def _photos(root: Path) -> list[Path]:
    random, made = np.random.default_rng(0), []
    (root / "img").mkdir(parents=True)
    for number in range(PHOTOS):
        out = io.BytesIO()
        Image.fromarray(random.integers(0, 256, (64, 64, 3), np.uint8)).save(out, "JPEG", quality=40)
        path = root / f"{number}.jpg"
        path.write_bytes(out.getvalue())
        made.append(path)
    return made


def _link(root: Path, names: list[str], photos: list[Path]) -> None:
    for number, name in enumerate(names):
        path = root / name
        if number == 0 or names[number - 1].rpartition("/")[0] != name.rpartition("/")[0]:
            path.parent.mkdir(parents=True)
        path.hardlink_to(photos[number % len(photos)])


def _hot(random: np.random.Generator, width: int, ones: int) -> str:
    values = ["-1"] * width
    for place in random.choice(width, ones, replace=False):
        values[place] = "1"
    return " ".join(values)


def _write(path: Path, columns: str, lines: object, count: int = 0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        file.write(f"{count or len(lines)}\n" + (f"{columns}\n" if columns else ""))  # type: ignore[arg-type]
        file.writelines(f"{line}\n" for line in lines)  # type: ignore[attr-defined]


if __name__ == "__main__":
    sys.exit(main())
