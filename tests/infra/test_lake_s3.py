"""The lake over the S3 protocol: a real server on loopback, the same Lake code as for a folder."""

import json

import pyarrow as pa
import pytest

from infra.atomic_write import write_atomically
from infra.lake import Lake
from schemas.columns import column, table_schema
from schemas.errors import LakeError

WORDS = table_schema("words", 1, [column("word", pa.string(), "a word")])


def test_a_run_is_written_committed_and_read_through_s3(uri: str) -> None:
    lake = Lake(uri)
    assert not lake.is_local
    assert list(lake.runs()) == []

    run = lake.begin("run", "label", "k")
    writer = run.writer(WORDS, part_rows=10)
    for number in range(25):
        writer.write_table(pa.table({"word": [f"word {number}"]}))
    run.add(WORDS, writer.close())
    assert list(lake.runs()) == []
    manifest = lake.commit(run, {"words": 25})

    again = Lake(uri)
    assert again.newest("label", words=25) == manifest
    assert len(manifest.files["words"]) == 3
    assert again.table(manifest, "words")["word"].to_pylist() == [f"word {number}" for number in range(25)]
    assert [batch.num_rows for batch in again.batches(manifest, "words", rows=4)][:3] == [4, 4, 2]


def test_a_run_that_was_left_behind_is_continued_or_swept(uri: str) -> None:
    lake = Lake(uri)
    left = lake.begin("run", "label", "k")
    writer = left.writer(WORDS)
    writer.write({"word": "red"})
    writer.close()
    as_if_killed(lake, left.folder)

    run = lake.begin("run", "label", "k")
    found = run.left_behind(WORDS)
    as_if_killed(lake, run.folder)

    assert (run.run_id, run.continued) == (left.run_id, True)
    assert [(part.path, part.rows) for part in found] == [("words/part-00000.parquet", 1)]
    assert lake.sweep() == [left.run_id]
    assert lake.run_folders() == [] and lake.seen().others == []


def test_a_manifest_is_never_overwritten(uri: str) -> None:
    lake = Lake(uri)
    run = lake.begin("run", "label", "k")
    lake.commit(run, {})

    with pytest.raises(LakeError, match="is there already"):
        lake.commit(run, {})


def test_a_bucket_that_is_not_there_is_one_error(server: str, uri: str) -> None:
    with pytest.raises(LakeError, match="cannot be written"):
        Lake(f"s3://nowhere/lake?endpoint_override={server}&scheme=http&region=us-east-1").begin(
            "run", "label", "k"
        )


def test_an_object_store_that_does_not_answer_is_one_error(uri: str) -> None:
    with pytest.raises(LakeError, match="cannot be read"):
        Lake("s3://bucket/lake?endpoint_override=127.0.0.1:9&scheme=http&region=us-east-1")


def as_if_killed(lake: Lake, folder: str) -> None:
    """Rewrite the note of an open run to name a process of this machine that is gone."""
    with lake.filesystem.open_input_stream(f"{folder}/begun.json") as stream:
        note = json.loads(stream.read())
    write_atomically(lake.filesystem, f"{folder}/begun.json", json.dumps(note | {"pid_started": 1}).encode())
