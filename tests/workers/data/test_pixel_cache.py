"""workers/data/pixel_cache.py: photos decoded once, by whichever process comes first."""

import gc
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.fs as pafs
import pytest

from schemas.errors import InputError
from schemas.ids import image_id
from schemas.image_ids import hex_of_ids
from schemas.row_slice import RowSlice
from tests.flows.processes import ROOT
from tests.workers.data.stored_photos import Stored, stored
from workers.data import decode as decoder
from workers.data import pixel_cache
from workers.data.decode import decode
from workers.data.pixel_cache import Photos, PixelCache, in_memory, size_of

SIZE, LOCAL = 8, pafs.LocalFileSystem()
ROOM = 1 << 20


@pytest.fixture
def lake(tmp_path: Path) -> Stored:
    """Nine photos in three row groups; the fifth is none."""
    return stored(tmp_path, 9, 3, broken=(4,))


def photos_of(cache: PixelCache, slices: list[RowSlice], size: int = SIZE) -> Photos:
    found = cache.photos(LOCAL, slices, size, 2)
    assert found is not None
    return found


def entries(cache: PixelCache) -> set[str]:
    return {path.name for path in Path(cache.folder).iterdir()} - {"LOCK"}


def test_photos_are_decoded_once_and_then_the_same(tmp_path: Path, lake: Stored) -> None:
    cache = PixelCache(str(tmp_path / "kept"), ROOM)
    first = photos_of(cache, lake.slices)
    Path(lake.slices[0].path).unlink()  # nothing is read again

    again = photos_of(cache, lake.slices)

    good = [photo for photo in lake.photos if not photo.startswith(b"no photo")]
    assert (first.reused, again.reused) == (False, True)
    for found in (first, again):
        assert hex_of_ids(found.ids) == [image_id(photo) for photo in good]
        assert [error.image for error in found.errors] == [image_id(lake.photos[4])]
        assert found.errors[0].reason == "decode" and found.errors[0].detail
        np.testing.assert_array_equal(found.pixels, np.stack([decode("", photo, SIZE) for photo in good]))
        assert not found.pixels.flags.writeable


def test_in_memory_they_are_the_same(tmp_path: Path, lake: Stored) -> None:
    kept = photos_of(PixelCache(str(tmp_path / "kept"), ROOM), lake.slices)

    here = in_memory(LOCAL, lake.slices, SIZE, 2)

    np.testing.assert_array_equal(here.pixels, kept.pixels)
    assert here.ids.tolist() == kept.ids.tolist()
    assert in_memory(LOCAL, [], SIZE, 1).pixels.shape == (0, 3, SIZE, SIZE)


def test_other_photos_another_order_size_or_decoder_are_other_entries(
    tmp_path: Path, lake: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = PixelCache(str(tmp_path / "kept"), ROOM)
    photos_of(cache, lake.slices)

    assert not photos_of(cache, lake.slices[:2]).reused
    assert not photos_of(cache, lake.slices[::-1]).reused
    assert not photos_of(cache, lake.slices, 2 * SIZE).reused
    monkeypatch.setattr(decoder, "GEOMETRY", "another")
    assert not photos_of(cache, lake.slices).reused
    assert len(entries(cache)) == 5


def test_what_was_not_used_for_longest_goes_and_what_is_in_use_stays(tmp_path: Path) -> None:
    lakes = [stored(tmp_path, 6, 3, seed=seed) for seed in range(4)]
    cache = PixelCache(str(tmp_path / "kept"), 2 * size_of(lakes[0].slices, SIZE))
    for lake in (lakes[0], lakes[1], lakes[0]):
        photos_of(cache, lake.slices)
    gc.collect()

    in_use = photos_of(cache, lakes[2].slices)

    assert photos_of(cache, lakes[0].slices).reused
    photos_of(cache, lakes[3].slices)
    assert photos_of(cache, lakes[2].slices).reused
    assert len(entries(cache)) == 2
    del in_use


def test_where_entries_in_use_leave_no_room_or_the_disk_has_none_nothing_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lakes = [stored(tmp_path, 6, 3, seed=seed) for seed in range(2)]
    cache = PixelCache(str(tmp_path / "kept"), 2 * size_of(lakes[0].slices, SIZE) - 1)
    in_use = photos_of(cache, lakes[0].slices)

    assert cache.photos(LOCAL, lakes[1].slices, SIZE, 1) is None
    assert replace(cache, budget=0).photos(LOCAL, lakes[1].slices, SIZE, 1) is None
    assert len(in_use.pixels) == 6 and len(entries(cache)) == 1

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    roomy = replace(cache, budget=ROOM)
    assert roomy.photos(LOCAL, lakes[1].slices, SIZE, 1) is None
    assert len(entries(cache)) == 1


def test_a_folder_that_cannot_be_used_is_one_line(tmp_path: Path, lake: Stored) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(
        InputError, match=r"pixel cache in .*file/kept: cannot be used .*VITRINE_PIXEL_CACHE"
    ) as e:
        photos_of(PixelCache(str(tmp_path / "file" / "kept"), ROOM), lake.slices)

    assert "\n" not in str(e.value)


def test_a_decoding_that_fails_leaves_no_entry(tmp_path: Path, lake: Stored) -> None:
    cache = PixelCache(str(tmp_path / "kept"), ROOM)
    gone = [replace(one, path=f"{tmp_path}/nowhere") for one in lake.slices]

    with pytest.raises(FileNotFoundError):
        photos_of(cache, gone)

    assert not entries(cache)
    assert not photos_of(cache, lake.slices).reused


CHILD = """
import sys, time, pathlib, pickle
import pyarrow.fs as pafs
from workers.data import pixel_cache, shards
folder, slices, hold = sys.argv[1], pickle.loads(pathlib.Path(sys.argv[2]).read_bytes()), sys.argv[3]
decoded = shards.decoded
def slowly(*given):
    for n, some in enumerate(decoded(*given)):
        yield some
        print("begun", flush=True)
        while n == 0 and not pathlib.Path(hold).exists():
            time.sleep(0.01)
pixel_cache.decoded = slowly
found = pixel_cache.PixelCache(folder, 1 << 20).photos(pafs.LocalFileSystem(), slices, 8, 1)
print("reused" if found.reused else "decoded", int(found.pixels.sum()), flush=True)
"""


def child(cache: PixelCache, slices: list[RowSlice], tmp_path: Path) -> subprocess.Popen[str]:
    """Another process that wants the photos, and stops within them until the file `go` is there."""
    import pickle

    given = tmp_path / "slices"
    given.write_bytes(pickle.dumps(slices))
    command = [sys.executable, "-c", CHILD, cache.folder, str(given), str(tmp_path / "go")]
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=env)


def test_of_two_processes_one_decodes_and_the_other_waits_for_it(tmp_path: Path, lake: Stored) -> None:
    cache = PixelCache(str(tmp_path / "kept"), ROOM)

    with child(cache, lake.slices, tmp_path) as one, child(cache, lake.slices, tmp_path) as other:
        (tmp_path / "go").touch()
        said = sorted(process.communicate(timeout=120)[0].splitlines()[-1] for process in (one, other))

    total = int(photos_of(cache, lake.slices).pixels.sum())
    assert said == [f"decoded {total}", f"reused {total}"]


def test_what_a_killed_process_left_half_written_is_never_read(tmp_path: Path, lake: Stored) -> None:
    cache = PixelCache(str(tmp_path / "kept"), ROOM)
    with child(cache, lake.slices, tmp_path) as process:
        assert process.stdout and process.stdout.readline() == "begun\n"
        (half,) = entries(cache)
        os.kill(process.pid, signal.SIGKILL)
    assert half.endswith(pixel_cache.UNFINISHED)

    found = photos_of(cache, lake.slices)

    assert not found.reused and len(found.pixels) == 8
    assert entries(cache) == {half.removesuffix(pixel_cache.UNFINISHED)}


def test_a_half_removed_or_half_begun_entry_makes_way(tmp_path: Path, lake: Stored) -> None:
    cache = PixelCache(str(tmp_path / "kept"), ROOM)
    photos_of(cache, lake.slices)
    gc.collect()
    (entry,) = entries(cache)
    (tmp_path / "kept" / entry).rename(tmp_path / "kept" / f"{entry}.tmp")
    (tmp_path / "kept" / f"{entry}.tmp" / "pixels").unlink()
    (tmp_path / "kept" / "0123.tmp").mkdir()

    assert not photos_of(cache, lake.slices).reused
    assert entries(cache) == {entry}


def test_clearing_leaves_what_is_in_use(tmp_path: Path, lake: Stored) -> None:
    cache = PixelCache(str(tmp_path / "kept"), ROOM)
    used = photos_of(cache, lake.slices)
    photos_of(cache, lake.slices[:1])
    gc.collect()

    assert cache.clear() == 1 and len(entries(cache)) == 1
    assert len(used.ids) == 8
    del used
    gc.collect()
    assert cache.clear() == 0 and not entries(cache)
