"""Where an index lies: directories and servers, held, silent, killed in the middle."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from infra.machine import ROOT
from infra.milvus import reader
from infra.milvus.folder import take_turn
from infra.milvus.store import VectorStore
from schemas.entity import collection_for
from schemas.errors import VectorStoreError
from tests.infra.milvus.entities import CORBIERE, PRINT, RUN, entities


def test_a_closed_store_lets_the_next_one_in_and_keeps_everything(tmp_path: Path) -> None:
    place = str(tmp_path / "milvus.db")
    with VectorStore(place) as first, VectorStore(place) as second:
        first.load(CORBIERE, PRINT, [entities(20)])
        assert second.count(CORBIERE) == 20

    code = f"from infra.milvus.store import VectorStore\nwith VectorStore({place!r}) as s: print(s.count({CORBIERE!r}))"
    command = [sys.executable, "-c", code]
    other_process = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)

    assert (other_process.stdout, other_process.stderr) == ("20\n", "")
    with VectorStore(Path(place).as_uri()) as third:
        assert third.load(CORBIERE, PRINT, [entities(20)]).upserted == 0


HOLD = """
import sys, time
from infra.milvus.store import VectorStore
store = VectorStore(sys.argv[1])
print("open", flush=True)
time.sleep(600)
"""


def test_a_directory_held_by_another_process_is_refused_in_time_with_its_pid(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(take_turn, "__defaults__", (True, 1.0))
    place = str(tmp_path / "milvus.db")
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, place], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        assert holder.stdout is not None and holder.stdout.readline() == "open\n"
        begun = time.monotonic()
        with pytest.raises(VectorStoreError) as refused:
            VectorStore(place)
        assert 1 <= time.monotonic() - begun < 4
        assert str(refused.value).startswith(f"{place}: is held by another process {holder.pid} for 1 s;")
        assert "\n" not in str(refused.value)
    finally:
        holder.kill()
        holder.communicate()

    VectorStore(place).close()


SEARCH = f"""
import sys
from infra.milvus.store import VectorStore
from tests.infra.milvus.entities import entities, vectors_of
with VectorStore(sys.argv[1], create=False) as store:
    print(len(store.search({CORBIERE!r}, vectors_of(entities(1)), 5)[0]))
"""


def test_three_who_search_at_once_wait_their_turn(tmp_path: Path) -> None:
    place = str(tmp_path / "milvus.db")
    with VectorStore(place) as store:
        store.load(CORBIERE, PRINT, [entities(20)])

    command = [sys.executable, "-c", SEARCH, place]
    people = [
        subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]

    assert [person.communicate(timeout=120) for person in people] == [("5\n", "")] * 3


def test_an_index_that_is_not_there_is_not_made_by_asking(tmp_path: Path) -> None:
    with pytest.raises(VectorStoreError, match="no such index; run index first"):
        VectorStore(str(tmp_path / "x.db"), create=False)

    assert not list(tmp_path.iterdir())


def test_places_that_are_no_index_are_refused(tmp_path: Path) -> None:
    old = tmp_path / "old.db"
    old.write_bytes(b"SQLite format 3")

    with pytest.raises(VectorStoreError, match="is a file of Milvus Lite 2"):
        VectorStore(str(old))
    with pytest.raises(VectorStoreError, match=r"a path ending in \.db"):
        VectorStore(str(tmp_path / "index"))


def test_a_server_that_does_not_answer_is_given_up_in_bounded_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "CONNECT_S", 2.0)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        begun = time.monotonic()
        for address in ("http://127.0.0.1:9", f"http://127.0.0.1:{port}"):
            with pytest.raises(VectorStoreError, match=address):
                VectorStore(address)
    assert time.monotonic() - begun < 15


LOAD = """
import sys
from tests.infra.milvus.entities import CORBIERE, PRINT, entities
from infra.milvus.store import VectorStore
with VectorStore(sys.argv[1]) as store:
    table = entities(10_000)
    store.load(CORBIERE, PRINT, [table], lambda rows: print(rows, flush=True))
print("done")
"""


@pytest.mark.slow
@pytest.mark.parametrize("batches", [0, 2])
def test_a_load_killed_in_the_middle_ends_the_same_when_it_is_repeated(tmp_path: Path, batches: int) -> None:
    place = str(tmp_path / "milvus.db")
    loading = subprocess.Popen(
        [sys.executable, "-c", LOAD, place], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert loading.stdout is not None
    if batches:
        for _ in range(batches):
            loading.stdout.readline()
    else:
        while not (tmp_path / "milvus.db" / "collections").exists():
            time.sleep(0.005)
    loading.send_signal(signal.SIGKILL)
    said, _ = loading.communicate()
    assert "done" not in said

    table = entities(10_000)
    with VectorStore(place) as store:
        loaded = store.load(CORBIERE, PRINT, [table])

        assert loaded.entities == store.count(CORBIERE) == 10_000
        assert (
            loaded.upserted <= 10_000 - 2_000 * batches
        )  # what was acknowledged before the kill is not sent again
        assert store.ids(CORBIERE) == set(table["entity_id"].to_pylist())


@pytest.mark.slow
def test_a_server_takes_the_same_calls(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    arguments = ["server", "--data-dir", str(tmp_path / "data"), "--host", "127.0.0.1", "--port", str(port)]
    server = subprocess.Popen(
        [sys.executable, "-m", "milvus_lite", *arguments], stdout=subprocess.DEVNULL, cwd=ROOT
    )
    try:
        address = f"http://127.0.0.1:{port}"
        end = time.monotonic() + 60
        while True:
            try:
                store = VectorStore(address, token="root:Milvus")
                break
            except VectorStoreError:
                assert time.monotonic() < end
                time.sleep(0.2)
        with store, VectorStore(address) as second:
            assert store.load(CORBIERE, PRINT, [entities(100)]).upserted == 100
            assert second.load(CORBIERE, PRINT, [entities(90)]).deleted == 10
            assert store.count(CORBIERE) == 90
        server.kill()
        server.wait()
        with pytest.raises(VectorStoreError):
            VectorStore(address)
    finally:
        server.kill()
        server.wait()


def test_opening_loading_and_failing_print_nothing(tmp_path: Path) -> None:
    code = f"""
import sys
from tests.infra.milvus.entities import CORBIERE, PRINT, entities, vectors_of
from infra.milvus.store import VectorStore
from schemas.errors import VectorStoreError
with VectorStore({str(tmp_path / "milvus.db")!r}) as store:
    store.load(CORBIERE, PRINT, [entities(10)])
    try:
        store.search(CORBIERE, vectors_of(entities(1)), 1, where="price <<<")
    except VectorStoreError:
        pass
"""
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True, env=dict(os.environ))

    assert (done.stdout, done.stderr) == ("", "")


def test_a_collection_whose_creation_was_killed_is_made_anew(tmp_path: Path) -> None:
    name = collection_for("f" * 64, RUN)
    half = tmp_path / "milvus.db" / "collections" / name
    half.mkdir(parents=True)
    (half / "schema.json.tmp").write_text("{")

    with VectorStore(str(tmp_path / "milvus.db")) as store:
        loaded = store.load(name, "f" * 64, [entities(5)])

    assert loaded.entities == 5


def test_what_a_killed_removal_has_left_is_gone_for_whoever_opens_next(tmp_path: Path) -> None:
    place, other = tmp_path / "milvus.db", collection_for("e" * 64, RUN)
    with VectorStore(str(place)) as store:
        store.load(CORBIERE, PRINT, [entities(20)])
        store.load(other, "e" * 64, [entities(20)])
    (place / "collections" / CORBIERE / "schema.json").unlink()  # files go in no order of their own

    with VectorStore(str(place)) as store:
        assert store.collections() == [other] and store.count(other) == 20
        assert [path.name for path in (place / "collections").iterdir()] == [other]


def test_a_collection_that_lost_its_rows_to_a_killed_removal_can_be_removed(tmp_path: Path) -> None:
    place = tmp_path / "milvus.db"
    with VectorStore(str(place)) as store:
        store.load(CORBIERE, PRINT, [entities(20)])
        store.point("live", CORBIERE)
    for file in (place / "collections" / CORBIERE).rglob("*.parquet"):
        file.unlink()

    with VectorStore(str(place)) as store:
        store.drop(CORBIERE)
        assert (store.collections(), store.aliases()) == ([], {})
    assert not list((place / "collections").iterdir())
