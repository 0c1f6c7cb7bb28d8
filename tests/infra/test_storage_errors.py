"""infra/storage_errors.py: a server that is down passes by itself, a full disk or a wrong key does not."""

import errno
import os
from pathlib import Path

import pytest

from infra.atomic_write import write_atomically
from infra.lake import Lake
from infra.storage_errors import is_transient
from schemas.errors import LakeError
from tests.flows.processes import free_port


@pytest.mark.parametrize(
    "error",
    [
        ConnectionResetError(),
        TimeoutError(),
        OSError(errno.ESTALE, "stale file handle"),
        OSError(errno.ENETUNREACH, "network is unreachable"),
        OSError(
            "When reading information for key 'x': AWS Error SLOW_DOWN during HeadObject operation: slow"
        ),
        OSError(
            "When listing: AWS Error UNKNOWN (HTTP status 503) during ListObjectsV2 operation: unavailable"
        ),
        OSError(
            "google::cloud::Status(UNAVAILABLE: Permanent error, with a last message of Couldn't connect)"
        ),
    ],
    ids=str,
)
def test_what_passes_by_itself_is_transient(error: OSError) -> None:
    assert is_transient(error)


@pytest.mark.parametrize(
    "error",
    [
        FileNotFoundError("part-00000.parquet"),
        OSError(errno.ENOSPC, "no space left on device"),
        OSError(errno.EACCES, "permission denied"),
        OSError(errno.EROFS, "read-only file system"),
        OSError(
            "When reading information: AWS Error ACCESS_DENIED during HeadObject operation: No response body"
        ),
        OSError(
            "When creating: AWS Error NO_SUCH_BUCKET during PutObject: bucket AWS_Error_SLOW_DOWN is not there"
        ),
        OSError("google::cloud::Status(PERMISSION_DENIED: Permanent error)"),
        KeyError("AWS Error SLOW_DOWN"),
    ],
    ids=str,
)
def test_what_somebody_must_mend_is_not(error: Exception) -> None:
    assert not is_transient(error)


def test_an_object_store_that_is_down_is_a_transient_error_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "key")
    place = f"s3://bucket/lake?endpoint_override=127.0.0.1:{free_port()}&scheme=http&region=us-east-1"

    with pytest.raises(LakeError) as refused:
        Lake(place)

    assert refused.value.transient


@pytest.mark.skipif(os.getuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written_is_none(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)

    with pytest.raises(LakeError) as refused:
        write_atomically(Lake(str(tmp_path)).filesystem, f"{tmp_path}/x", b"")

    assert not refused.value.transient


def test_a_file_where_a_folder_should_be_is_none(tmp_path: Path) -> None:
    (tmp_path / "lake").write_text("no folder")

    with pytest.raises(LakeError) as refused:
        Lake(str(tmp_path / "lake")).begin("run", "label", "k")

    assert not refused.value.transient
