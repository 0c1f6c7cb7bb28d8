"""What a catalogue file knows of its photos, until the photos have their ids: a table of a crawl's state."""

import json
import sqlite3
from collections.abc import Iterator
from typing import Any

from schemas.annotation import Annotation

# The rowid says which row of the file was first.
_TABLE = """
create table if not exists annotation (product_id text not null, url text not null, facts text not null,
                                       unique (product_id, url));
"""
# A photo that one product shows at two addresses keeps the first row's annotation: with min() SQLite takes the
# other columns from the row that has the minimum.
_ROWS = (
    "select product_id, image_id, facts, min(annotation.rowid) from annotation join answer using (url)"
    " where image_id <> '' group by product_id, image_id order by product_id, image_id"
)


class Annotations:
    """Part of a CrawlState: annotations by product and photo address; writes into the transaction that is open."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        db.executescript(_TABLE)

    def add(self, product_id: str, url: str, annotation: Annotation) -> None:
        """Keep what is known of one photo of a product; the first of two for one address counts."""
        if annotation:
            row = (product_id, url, json.dumps(annotation.facts(), ensure_ascii=False))
            self._db.execute(
                "insert or ignore into annotation (product_id, url, facts) values (?, ?, ?)", row
            )

    def rows(self) -> Iterator[dict[str, Any]]:
        """Read the rows of schemas.label.ANNOTATIONS for every photo that was stored, by product and photo."""
        for row in self._db.cursor().execute(_ROWS):
            yield {"product_id": row["product_id"], "image_id": row["image_id"]} | json.loads(row["facts"])
