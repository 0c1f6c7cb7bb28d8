"""Identities: what makes two images, two products, two vectors the same thing."""

import hashlib
import json
import re
import threading
from collections.abc import Mapping
from datetime import UTC, datetime

RUN_ID = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{4}")
LONGEST_KEY = 256  # characters; four bytes each, beside shop and photo, fit the ids of the index
_TICKS = 0x10000  # of a second: what four hex digits count

_one_at_a_time = threading.Lock()
_newest_tick = 0


def image_id(data: bytes) -> str:
    """SHA-256 of the original bytes as served, hex: the same photo in five shops is one image."""
    return hashlib.sha256(data).hexdigest()


def product_id(shop: str, key: str) -> str:
    """`<shop>:<key>`, where `key` is the shop's own SKU or platform id, never a hash of a title."""
    return f"{shop}:{key}"


def key_fault(key: str) -> str:
    """Say why `key` cannot be a product's; empty where it can. No table takes a product past this bound."""
    if len(key) > LONGEST_KEY:
        return f"of {len(key):,} characters is longer than {LONGEST_KEY}"
    try:
        key.encode()
    except UnicodeEncodeError:
        return "holds half a character"
    return ""


def photo_key(url: str) -> str:
    """A photo's address without the parameter `v`: shops raise it at each upload, also of the same picture.

    What is fetched is the address as the shop wrote it; this is what says whether two addresses name one photo.
    """
    head, mark, query = url.partition("?")
    if not mark:
        return url
    kept = [pair for pair in query.split("&") if pair.partition("=")[0] != "v"]
    return head + (f"?{'&'.join(kept)}" if kept else "")


def new_run_id(now: datetime | None = None) -> str:
    """A sortable id: UTC time to the second, then the 65,536th of it in hex.

    Ids of one process rise strictly, however fast they are asked for: "the newest run" is never a matter of chance.
    Two machines share an id only where they ask within the same 15 microseconds.
    """
    global _newest_tick
    moment = (now or datetime.now(UTC)).astimezone(UTC)
    tick = int(moment.replace(microsecond=0).timestamp()) * _TICKS + moment.microsecond * _TICKS // 1_000_000
    if now is None:
        with _one_at_a_time:
            tick = _newest_tick = max(tick, _newest_tick + 1)
    second, fraction = divmod(tick, _TICKS)
    return f"{datetime.fromtimestamp(second, UTC):%Y%m%dT%H%M%SZ}-{fraction:04x}"


def fingerprint(
    method: str,
    checkpoint: str,
    preprocessing: str,
    recipe: Mapping[str, object],
    dtype: str = "float32",
) -> str:
    """What produced a vector, as SHA-256 hex. Two vectors compare only if their fingerprints are equal.

    method         file name under workers/methods
    checkpoint     SHA-256 of the weights file, or "none" for a method without weights
    preprocessing  decoder, resize and normalisation, with their version
    recipe         versions and constants of the code that computes with the weights (workers/contract/recipe.py)
    dtype          component type of the stored vector
    """
    learnt: dict[str, object] = {"method": method, "checkpoint": checkpoint}
    return digest(learnt | {"preprocessing": preprocessing, "recipe": recipe, "dtype": dtype})


def digest(value: Mapping[str, object] | list[object]) -> str:
    """SHA-256 hex of a JSON value, independent of key order."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()
