import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import CountError, LakeError
from schemas.manifest import LAKE_VERSION, Count, Manifest, Part, rejected


def manifest(**more: object) -> Manifest:
    facts: dict[str, object] = {
        "kind": "run",
        "run_id": "20261123T101500Z-a1b2",
        "flow": "label",
        "key": "k",
        "started_at": "2026-11-23T10:15:00+00:00",
        "committed_at": "2026-11-23T10:16:00+00:00",
    }
    return Manifest(**(facts | more))  # type: ignore[arg-type]


@given(
    came_in=st.integers(0, 10**9),
    went_out=st.integers(0, 10**9),
    refused=st.dictionaries(st.text(), st.integers(0, 10**6), max_size=4),
)
def test_a_stage_that_lost_or_invented_rows_writes_no_manifest(
    came_in: int, went_out: int, refused: dict[str, int]
) -> None:
    run = manifest(counts={"embed": Count(came_in, went_out, refused)})

    if came_in == went_out + sum(refused.values()):
        run.to_json()
    else:
        with pytest.raises(CountError, match="embed"):
            run.to_json()


def test_a_manifest_is_read_as_it_was_written() -> None:
    written = manifest(
        files={
            "labels": [
                Part("labels/part-00000.parquet", 3, 10, "ab"),
                Part("labels/part-00001.parquet", 4, 9, "c"),
            ]
        },
        counts={"label": Count(9, 7, {"no_words": 2})},
        parameters={"shop": "Zoë"},
    )

    read = Manifest.from_json(written.to_json(), "here")

    assert read == written
    assert (read.rows("labels"), read.rows("images")) == (7, 0)


def test_a_manifest_of_a_newer_lake_is_refused_with_both_versions() -> None:
    text = json.dumps(json.loads(manifest().to_json()) | {"lake_version": LAKE_VERSION + 1})

    with pytest.raises(LakeError, match=rf"here: .*{LAKE_VERSION + 1}.*{LAKE_VERSION}"):
        Manifest.from_json(text, "here")


def test_a_field_that_a_later_version_added_is_passed_over() -> None:
    text = json.dumps(json.loads(manifest().to_json()) | {"colour": "red"})

    assert Manifest.from_json(text, "here") == manifest()


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", '{"lake_version": 1}', '{"lake_version": 1, "files": 3}']
)
def test_what_is_no_manifest_is_refused_by_its_place(text: str) -> None:
    with pytest.raises(LakeError, match="here: not a manifest"):
        Manifest.from_json(text, "here")


def test_rejects_are_summed_over_stages_largest_first() -> None:
    total = rejected({"robots": 1, "timeout": 2}, {"robots": 4}, {})

    assert list(total.items()) == [("robots", 5), ("timeout", 2)]
