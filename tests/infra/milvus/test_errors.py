"""infra/milvus/errors.py: which of Milvus's refusals may be gone in a minute."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from pymilvus.exceptions import ErrorCode, MilvusException, ParamError

from infra.milvus.errors import is_transient, milvus_errors
from infra.milvus.folder import take_turn
from infra.milvus.store import VectorStore
from schemas.errors import VectorStoreError
from tests.flows.processes import free_port

HOLDS = "import fcntl, sys; f = open(sys.argv[1], 'w'); fcntl.flock(f, fcntl.LOCK_EX); print(1, flush=True); input()"


@pytest.mark.parametrize(
    ("error", "passes"),
    [
        (MilvusException(ErrorCode.RATE_LIMIT, "quota exceeded"), True),
        (MilvusException(1, "node is leaving", retriable=True), True),
        (MilvusException(ErrorCode.COLLECTION_NOT_FOUND, "no such collection"), False),
        (ParamError(message="cannot parse expression: pryce"), False),
        (KeyError("vector"), False),
    ],
    ids=str,
)
def test_a_refusal_passes_where_milvus_says_so_or_is_not_there(error: Exception, passes: bool) -> None:
    assert is_transient(error) is passes


def test_a_refusal_is_one_line_about_what_was_asked() -> None:
    with pytest.raises(VectorStoreError, match=r"^dresses: two; lines$") as refused, milvus_errors("dresses"):
        raise MilvusException(1, "two\n  lines")

    assert not refused.value.transient


def test_a_server_that_is_down_is_transient() -> None:
    with pytest.raises(VectorStoreError) as refused:
        VectorStore(f"http://127.0.0.1:{free_port()}")

    assert refused.value.transient


def test_a_directory_that_another_process_holds_is_transient_and_one_of_the_old_format_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(take_turn, "__defaults__", (True, 1.0))
    held = tmp_path / "held.db"
    held.mkdir()
    with subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(held / "LOCK")], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None and other.stdout.readline() and os.path.exists(held / "LOCK")
        with pytest.raises(VectorStoreError, match="held by another process") as refused:
            VectorStore(str(held))
        other.communicate(b"\n")
    (tmp_path / "old.db").write_bytes(b"SQLite format 3\0")

    with pytest.raises(VectorStoreError, match="Lite 2") as unreadable:
        VectorStore(str(tmp_path / "old.db"))

    assert refused.value.transient and not unreadable.value.transient
