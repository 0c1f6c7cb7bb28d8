"""crawlers/state/tables/annotations.py: annotations wait for the ids of their photos."""

from pathlib import Path

from crawlers.state.tables.crawl_state import CrawlState
from schemas.annotation import Annotation, Box
from schemas.label import ANNOTATIONS


def test_a_photo_that_was_stored_has_one_row_with_its_first_annotation(tmp_path: Path) -> None:
    state = CrawlState(tmp_path / "state.db")
    annotations = state.annotations
    annotations.add("s:2", "u2", Annotation("coat"))
    annotations.add("s:1", "u1", Annotation("dress", box=Box(0, 0, 0.5, 1)))
    annotations.add("s:1", "u1", Annotation("skirt"))  # the same address again
    annotations.add("s:1", "same-photo", Annotation("shirt"))
    annotations.add("s:1", "refused", Annotation("tee"))
    annotations.add("s:1", "silent", Annotation())
    for url, image_id in (("u1", "a"), ("u2", "a"), ("same-photo", "a"), ("refused", ""), ("silent", "b")):
        state.collected.set_photo(url, image_id)

    rows = list(annotations.rows())

    assert [(row["product_id"], row["image_id"], row["category"]) for row in rows] == [
        ("s:1", "a", "dress"),
        ("s:2", "a", "coat"),
    ]
    assert rows[0]["box"] == {"left": 0, "top": 0, "right": 0.5, "bottom": 1}
    assert set(rows[0]) == set(ANNOTATIONS.names)
