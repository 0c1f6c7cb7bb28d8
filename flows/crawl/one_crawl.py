"""One crawl per shop at a time: two would ask a shop twice as fast as it was promised, and each undo the other's news.

Two things see to it. A lock on a file, freed by the kernel however its holder ends, holds between all processes
that share a folder: the lake's own where that is local, else the state folder of this machine. And on a Prefect
server a strict concurrency limit of the shop's name, which `vitrine deploy` makes, holds between machines.
"""

import fcntl
import logging
import os
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from prefect.concurrency.sync import concurrency

from flows.orchestration import has_server
from infra.lake import Lake
from infra.machine import state_folder
from infra.storage_errors import is_transient
from schemas.errors import LakeError
from schemas.ids import digest

log = logging.getLogger("vitrine.crawl")
LIMITS = "vitrine-shop-"  # the names of the limits that are ours begin so
ANSWER_S = 10.0
LEASE_S = 300.0  # after a machine has died its shops are free again


def limit_name(shop: str) -> str:
    """Name of a shop's concurrency limit, in the characters that Prefect allows."""
    return LIMITS + re.sub(r"[^A-Za-z0-9._-]", "-", shop)


@contextmanager
def one_crawl_of(lake: Lake, shop: str) -> Iterator[None]:
    """Hold a shop for one crawl or import. Raises LakeError, which passes by itself, where another holds it."""
    with _locked(_lock_file(lake, shop), shop), ExitStack() as held:
        if has_server():
            _take_slot(held, shop)
        yield


def _take_slot(held: ExitStack, shop: str) -> None:
    from prefect.concurrency._asyncio import ConcurrencySlotAcquisitionError

    slot = concurrency(
        limit_name(shop),
        timeout_seconds=ANSWER_S,
        lease_duration=LEASE_S,
        strict=True,
        raise_on_lease_renewal_failure=False,  # a server that is away for a while ends no crawl
    )
    try:
        held.enter_context(slot)
    except TimeoutError:
        raise LakeError(shop, "is being crawled by another flow run already", transient=True) from None
    except ConcurrencySlotAcquisitionError as error:
        if "must be created" not in str(error):
            raise LakeError(shop, f"its limit cannot be taken ({error})", transient=True) from error
        log.warning("%s: no limit %s on this server, `vitrine deploy` makes it", shop, limit_name(shop))


@contextmanager
def _locked(path: Path, shop: str) -> Iterator[None]:
    """Lock a file, and write into it who holds it."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("a+")
    except OSError as error:
        raise LakeError(str(path), f"cannot be locked ({error})", transient=is_transient(error)) from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read(20).strip() or "another"
            raise LakeError(shop, f"is being crawled by process {holder} already", transient=True) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def _lock_file(lake: Lake, shop: str) -> Path:
    if lake.is_local:
        return Path(lake.root) / "locks" / f"{shop}.lock"
    return state_folder() / digest([lake.uri])[:16] / f"{shop}.lock"
