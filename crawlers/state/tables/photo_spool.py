"""Photos that came but do not lie in a complete part yet: kept here too, so that a kill asks for none again.

A part holds tens of megabytes, which for a slow shop is an hour's photos. Rows leave as soon as the
store says that they are safe.
"""

import json
import sqlite3
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

_TABLE = """
create table if not exists held (n integer primary key, bytes blob not null, thumbnail blob not null,
                                 facts text not null);
"""


class PhotoSpool:
    """Part of a CrawlState; its methods write into the transaction that is open."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        db.executescript(_TABLE)

    def add(self, row: Mapping[str, Any]) -> None:
        """Keep one row of schemas.image.IMAGES."""
        facts = {name: value for name, value in row.items() if name not in ("bytes", "thumbnail")}
        self._db.execute(
            "insert into held (bytes, thumbnail, facts) values (?, ?, ?)",
            (row["bytes"], row["thumbnail"], json.dumps(facts, default=str)),
        )

    def rows(self) -> Iterator[dict[str, Any]]:
        """Read every row as it was, in order, one at a time: together they may be larger than memory."""
        last = 0
        while spooled := self._db.execute(
            "select n, bytes, thumbnail, facts from held where n > ? order by n limit 1", (last,)
        ).fetchone():
            last = spooled["n"]
            facts = json.loads(spooled["facts"])
            facts["fetched_at"] = datetime.fromisoformat(facts["fetched_at"])
            yield facts | {"bytes": spooled["bytes"], "thumbnail": spooled["thumbnail"]}

    def clear(self) -> None:
        """Delete every row: the store has made all of them safe."""
        self._db.execute("delete from held")
