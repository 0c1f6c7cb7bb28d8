"""infra/atomic_write.py on a real disk, through a kill, and on an object store."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pyarrow as pa
import pyarrow.fs as pafs
import pytest

from infra.atomic_write import temporary_name, write_atomically
from infra.lake import Lake
from infra.machine import ROOT
from schemas.errors import LakeError

LOCAL = pafs.LocalFileSystem()


def test_a_file_is_written_with_its_folders_and_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "run" / "begun.json"

    write_atomically(LOCAL, str(path), b"a longer first text")
    write_atomically(LOCAL, str(path), pa.py_buffer(b"second"))

    assert path.read_bytes() == b"second"
    assert list(path.parent.iterdir()) == [path]


def test_a_file_that_must_be_absent_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "manifest.json"
    write_atomically(LOCAL, str(path), b"first", if_absent=True)

    with pytest.raises(LakeError, match="is there already"):
        write_atomically(LOCAL, str(path), b"second", if_absent=True)

    assert path.read_bytes() == b"first"
    assert list(tmp_path.iterdir()) == [path]


def test_of_many_that_must_be_first_exactly_one_is(tmp_path: Path) -> None:
    path, gate = tmp_path / "manifest.json", threading.Barrier(8)
    written: list[bytes] = []

    def write(text: bytes) -> None:
        gate.wait()
        try:
            write_atomically(LOCAL, str(path), text, if_absent=True)
        except LakeError:
            return
        written.append(text)

    threads = [threading.Thread(target=write, args=(b"writer %d" % n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [path.read_bytes()] == written
    assert list(tmp_path.iterdir()) == [path]


KILLED = """
import os, sys
import pyarrow.fs as pafs
from infra.atomic_write import write_atomically
real = os.replace
def die(*_):
    os.kill(os.getpid(), 9)
os.replace = die  # the moment between a whole temporary file and its name
write_atomically(pafs.LocalFileSystem(), sys.argv[1], b"half of a run")
"""


def test_a_writer_killed_before_the_rename_leaves_the_old_file_and_one_temporary(tmp_path: Path) -> None:
    path = tmp_path / "begun.json"
    write_atomically(LOCAL, str(path), b"before")

    killed = subprocess.run([sys.executable, "-c", KILLED, str(path)], cwd=ROOT, check=False)

    assert killed.returncode == -9
    assert path.read_bytes() == b"before"
    (temporary,) = [file for file in tmp_path.iterdir() if file != path]
    assert temporary.name.endswith(".tmp")


def test_a_place_that_cannot_be_written_is_one_error_and_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "taken"
    path.mkdir()
    (path / "inside").touch()

    with pytest.raises(LakeError, match="cannot be written"):
        write_atomically(LOCAL, str(path), b"text")

    assert list(tmp_path.iterdir()) == [path]


def test_two_writers_never_share_a_temporary_file() -> None:
    names: list[str] = []
    thread = threading.Thread(target=lambda: names.append(temporary_name("/lake/part")))
    thread.start()
    thread.join()

    names.append(temporary_name("/lake/part"))

    assert len(set(names)) == 2
    assert all(os.path.dirname(name) == "/lake" and name.endswith(".tmp") for name in names)


def test_an_object_is_written_replaced_and_kept_where_it_must_be_absent(uri: str) -> None:
    lake = Lake(uri)
    path = f"{lake.root}/manifest.json"
    write_atomically(lake.filesystem, path, b"first")
    write_atomically(lake.filesystem, path, b"second")

    with pytest.raises(LakeError, match="is there already"):
        write_atomically(lake.filesystem, path, b"third", if_absent=True)

    with lake.filesystem.open_input_stream(path) as stream:
        assert stream.read() == b"second"
