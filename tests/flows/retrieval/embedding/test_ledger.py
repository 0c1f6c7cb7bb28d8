"""flows/retrieval/embedding/ledger.py: a million photos against a million, planted and counted, and an empty ledger."""

import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from flows.retrieval.embedding.ledger import embedded_ids, work_list
from infra.lake import Lake
from infra.vector_parts import write_vectors
from schemas.image_ids import ID, Ids
from schemas.reject import REJECTS, Reject
from schemas.vector import vectors_schema

PRINT, OTHER = "a" * 64, "b" * 64


def ids(count: int, seed: int) -> Ids:
    return np.sort(np.frombuffer(np.random.default_rng(seed).bytes(32 * count), ID))


def embedded(lake: Lake, some: Ids, fingerprint: str = PRINT, refused: dict[str, Ids] | None = None) -> None:
    """An embed run that holds vectors of these photos, a thousandth of whose numbers are kept: one each."""
    run = lake.begin("run", "embed", f"{len(some)} {fingerprint}")
    schema = vectors_schema(1)
    parts = [
        write_vectors(lake.filesystem, run.folder, fingerprint, n, part, np.ones((len(part), 1), np.float32))
        for n, part in enumerate(np.array_split(some, max(1, len(some) // 100_000)))
        if len(part)
    ]
    run.add(schema, parts)
    writer = run.writer(REJECTS)
    for reason, photos in (refused or {}).items():
        for name in photos:
            writer.write(Reject("embed", reason, name.ljust(32, b"\0").hex()).row())
    run.add(REJECTS, writer.close())
    lake.commit(run, {"fingerprint": fingerprint})


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(str(tmp_path / "lake"))


def test_a_first_run_has_everything_to_do(lake: Lake) -> None:
    wanted = ids(1_000, 1)
    embedded(lake, wanted, OTHER)  # of another model

    work = work_list(lake, wanted, PRINT)

    assert (work.todo == wanted).all() and len(work.todo) == 1_000
    assert (work.reused, work.kept, work.rejected) == (0, 0, {})
    assert not len(work_list(lake, wanted[:0], PRINT).todo)


def test_what_two_runs_have_done_what_was_kept_and_what_was_refused_is_not_done_again(lake: Lake) -> None:
    wanted = ids(1_000, 1)
    embedded(lake, wanted[:300], refused={"decode": wanted[300:310], "crash": wanted[310:311]})
    embedded(lake, np.sort(np.concatenate([wanted[200:300], ids(50, 2)])))  # again, and of nobody

    work = work_list(lake, wanted, PRINT, kept=[wanted[290:400]])

    assert (work.reused, work.kept, work.rejected) == (300, 100, {})
    assert (work.todo == wanted[400:]).all()
    work = work_list(lake, wanted, PRINT)
    assert (work.reused, work.rejected, len(work.todo)) == (300, {"decode": 10, "crash": 1}, 689)
    work = work_list(lake, wanted, PRINT, retry="decode")
    assert (work.rejected, len(work.todo)) == ({"crash": 1}, 699)
    assert set(wanted[300:310]) <= set(work.todo) and not set(wanted[310:311]) & set(work.todo)


def test_the_newest_word_on_a_refused_photo_counts_and_a_vector_more(lake: Lake) -> None:
    wanted = ids(10, 1)
    embedded(lake, wanted[:0], refused={"unreadable": wanted[:3]})
    embedded(lake, wanted[:1], refused={"decode": wanted[1:2]})

    assert work_list(lake, wanted, PRINT).rejected == {"decode": 1, "unreadable": 1}
    assert (embedded_ids(lake, PRINT) == wanted[:1]).all()


def test_a_million_photos_are_joined_with_a_million(lake: Lake) -> None:
    wanted, done = ids(1_000_000, 1), ids(600_000, 2)
    planted = np.random.default_rng(3).permutation(len(wanted))[:400_000]
    embedded(lake, np.sort(np.concatenate([done, wanted[planted]])))

    tracemalloc.start()
    work = work_list(lake, wanted, PRINT)
    held = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert work.reused == 400_000
    assert (work.todo == np.delete(wanted, planted)).all()
    assert held < 128 << 20  # beside the wanted ids themselves: seconds are for tests/bench/embed.py
