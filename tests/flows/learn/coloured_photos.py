"""Photos of one colour each, and labels that name it."""

import io

import numpy as np
from PIL import Image

from infra.lake import Lake
from schemas.label import LABELS, VOCABULARY

WORDS = ("blue", "green", "red", "yellow")
COLOURS = ((30, 40, 220), (30, 190, 40), (220, 30, 30), (230, 220, 40))


def photo(colour: int, number: int) -> bytes:
    """A small PNG of one colour, each one another file."""
    pixels = np.full((24, 20, 3), COLOURS[colour], np.uint8)
    pixels[0, 0] = number, number, number
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def label_run(lake: Lake, crawl_id: str, ids: list[str], words: tuple[str, ...], wordless: int) -> str:
    """A label run as flows/learn/label.py writes it: photo n has the word of its colour, some have none."""
    run = lake.begin("run", "label", f"{words}", parents=[crawl_id])
    writer = run.writer(LABELS)
    for n, name in enumerate(ids):
        word = WORDS[n % len(WORDS)]
        known = [words.index(word)] if word in words and n >= wordless else []
        writer.write({"product_id": f"s:{n}", "image_id": name, "words": known, "split": "train", "group": n})
    run.add(LABELS, writer.close())
    writer = run.writer(VOCABULARY)
    for n, word in enumerate(words):
        writer.write({"word_id": n, "word": word, "document_frequency": 9, "kept": True, "why": "kept"})
    run.add(VOCABULARY, writer.close())
    return lake.commit(run, {}).run_id
