import resource
import sys
from pathlib import Path
from typing import Any

import pytest

from crawlers.state.tables.crawl_state import CrawlState
from crawlers.state.tables.photo_spool import PhotoSpool
from schemas.errors import LakeError
from tests.crawlers.liststore import photo_row

ROWS = [photo_row(bytes([n]) * (n * 7_000)) for n in range(3)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state.db-photos"


def filled(path: Path) -> tuple[PhotoSpool, list[int]]:
    """A spool of all rows, and its length after each."""
    spool, ends = PhotoSpool(path), []
    for row in ROWS:
        spool.add(row)
        ends.append(spool.keep())
    return spool, ends


def read(path: Path, promised: int = 0) -> list[dict[str, Any]]:
    return list(PhotoSpool(path, promised).rows())


def test_rows_come_back_as_they_were_in_order_and_more_follow_them(path: Path) -> None:
    spool, _ = filled(path)
    spool.close()

    again = PhotoSpool(path)
    again.add(ROWS[0])

    assert list(again.rows()) == [*ROWS, ROWS[0]]


def test_a_row_half_written_is_cut_off_wherever_a_kill_came(path: Path) -> None:
    _, (first, second, _) = filled(path)
    whole = path.read_bytes()

    for end in (*range(first, first + 400), second - 1):
        path.write_bytes(whole[:end])
        assert read(path, promised=first) == ROWS[:1], end
        assert path.stat().st_size == first


def test_what_is_stored_leaves_and_only_what_comes_after_is_there(path: Path) -> None:
    spool, _ = filled(path)

    spool.clear()
    spool.add(ROWS[1])

    assert list(spool.rows()) == [ROWS[1]]


@pytest.mark.parametrize("damage", [b"", b"\xff" * 50_000, b"\0" * 50_000], ids=["gone", "ones", "zeros"])
def test_photos_that_were_promised_and_cannot_be_read_are_an_error_and_never_silence(
    path: Path, damage: bytes
) -> None:
    _, ends = filled(path)
    path.write_bytes(damage)

    with pytest.raises(LakeError, match="photos"):
        read(path, ends[-1])


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no bound of a file's size")
def test_a_full_disk_is_told_by_the_files_name_and_loses_no_row_that_was_kept(path: Path) -> None:
    spool, ends = filled(path)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (ends[-1] + 100, before[1]))
    try:
        spool.add(ROWS[1])
        with pytest.raises(LakeError) as caught:
            spool.keep()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)

    assert str(caught.value).startswith(f"{path}: cannot be read or written")
    spool.close()
    assert read(path, promised=ends[-1])[:3] == ROWS


def test_a_state_remembers_what_it_promised_and_forgets_it_once_that_is_stored(path: Path) -> None:
    state = CrawlState(path.with_name("state.db"))
    state.spool.add(ROWS[2])
    state.commit()
    state.close()
    path.rename(path.with_name("elsewhere"))

    with pytest.raises(LakeError, match="has lost photos"):
        CrawlState(path.with_name("state.db"))

    path.with_name("elsewhere").rename(path)
    again = CrawlState(path.with_name("state.db"))
    again.commit(stored=True)
    again.close()
    path.unlink()
    assert list(CrawlState(path.with_name("state.db")).spool.rows()) == []
