"""What one crawl knows, in a SQLite file that survives a kill: the crawl's frontier and what it collected.

Every answer's consequences (its products, refusals, further addresses, and that it is done) are one
transaction, so after a SIGKILL an address is either done with all it gave or still to be asked.
Scrapy's own JOBDIR promises less: after a kill it may call a crawl finished that is not.

    frontier     addresses to ask and asked      crawlers/state/tables/frontier.py
    collected    products, photos, refusals      crawlers/state/tables/collected.py
    annotations  what an import knows of photos  crawlers/state/tables/annotations.py
    previous     what the previous crawl knew    crawlers/state/tables/previous_crawl.py
    shared       products on several pages       crawlers/state/tables/shared_pages.py
    spool        photos not yet in a part        crawlers/state/tables/photo_spool.py

The spool is a file of its own beside the tables' one. For one thread. Both are removed when their crawl is committed.
"""

import json
import sqlite3
import time
from pathlib import Path
from typing import Any

from crawlers.state.tables.annotations import Annotations
from crawlers.state.tables.collected import Collected
from crawlers.state.tables.frontier import Frontier
from crawlers.state.tables.photo_spool import SUFFIX, PhotoSpool
from crawlers.state.tables.previous_crawl import PreviousCrawl
from crawlers.state.tables.shared_pages import SharedPages
from schemas.errors import LakeError

VERSION = 3
FILES = ("", "-wal", "-shm", SUFFIX)  # what stands behind the path in the names of a state's files
COMMIT_EVERY_S = 0.5  # what a kill costs at most, beside the requests in flight
_META = "create table if not exists meta (key text primary key, value text not null) without rowid;"


class CrawlState:
    """The state at `path`, opened or begun; `fresh` says which.

    Raises LakeError for a file that is none, or one that another version of this layout wrote.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self.db = sqlite3.connect(path, isolation_level=None)
            self.db.row_factory = sqlite3.Row
            # Write-ahead: a kill of the process loses nothing committed; only a power cut may cost the last second.
            self.db.execute("pragma journal_mode = wal")
            self.db.execute("pragma synchronous = normal")
            self.db.execute("pragma wal_autocheckpoint = 8000")  # pages; each time costs a wait for the disk
            self.db.execute("pragma cache_size = -8000")  # KiB: the memory of a crawl must not grow with it
            self.db.execute("pragma temp_store = file")
            self.db.executescript(_META)
            version = self.read_note("version")
            self.fresh = version is None
            if version not in (None, VERSION):
                raise LakeError(str(path), f"is the state of a crawl by another vitrine (version {version})")
            self.frontier = Frontier(self.db)
            self.collected = Collected(self.db)
            self.annotations = Annotations(self.db)
            self.previous = PreviousCrawl(self.db)
            self.shared = SharedPages(self.db)
            self.spool = PhotoSpool(path.with_name(path.name + SUFFIX), self.read_note("spooled") or 0)
            self.write_note("version", VERSION)
        except (sqlite3.Error, ValueError) as error:
            raise LakeError(str(path), f"cannot be used as the state of a crawl ({error})") from error
        self._committed = time.monotonic()
        self.db.execute("begin")

    def read_note(self, key: str) -> Any:
        """Return a JSON value that was written under a key; None for none."""
        row = self.db.execute("select value from meta where key = ?", (key,)).fetchone()
        return None if row is None else json.loads(row["value"])

    def write_note(self, key: str, value: Any) -> None:
        """Write a JSON value under a key."""
        self.db.execute("insert or replace into meta values (?, ?)", (key, json.dumps(value)))

    def is_commit_due(self) -> bool:
        """Whether it is time to commit; asked when all of an answer's consequences are written."""
        return time.monotonic() - self._committed >= COMMIT_EVERY_S

    def commit(self, *, stored: bool = False) -> None:
        """Make everything so far survive a kill; `stored` where every photo of the spool lies in a complete part."""
        self.write_note("spooled", 0 if stored else self.spool.keep())
        self.db.execute("commit")
        self.db.execute("begin")
        if stored:
            self.spool.clear()
        self._committed = time.monotonic()

    def roll_back(self) -> None:
        """Forget what was not committed, as after a kill: an answer half written, where an error came between."""
        if self.db.in_transaction:  # a full disk has ended it already
            self.db.execute("rollback")
        self.db.execute("begin")

    def close(self) -> None:
        """Close the files; what was not committed is forgotten."""
        self.spool.close()
        self.db.close()
