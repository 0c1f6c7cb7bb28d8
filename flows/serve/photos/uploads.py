"""Photos that people asked with, as the server wrote them anew, so that a link to an answer can be opened again."""

import json
import os
import re
import threading
from pathlib import Path
from typing import NamedTuple

from flows.serve.photos.proposed_crop import Box
from flows.serve.photos.upload_reading import CleanPhoto
from schemas.errors import InputError
from schemas.ids import image_id

MOST = 500
ID = re.compile(r"[0-9a-f]{64}")


class Upload(NamedTuple):
    """A kept upload: its bytes, its size in px, the crop that was proposed."""

    photo: str
    jpeg: bytes
    width: int
    height: int
    crop: Box | None


class Uploads:
    """At most MOST uploads in a folder that only its owner can read; what was not asked with for longest goes first."""

    def __init__(self, folder: Path | None = None, most: int = MOST) -> None:
        cache = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser()
        self._folder = folder or cache / "vitrine" / "uploads"
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._most = most
        self._lock = threading.Lock()

    def keep(self, clean: CleanPhoto) -> str:
        """Keep an upload; returns its name, the SHA-256 of what is kept."""
        photo = image_id(clean.jpeg)
        with self._lock:
            for suffix, data in ((".json", json.dumps(clean.crop).encode()), (".jpg", clean.jpeg)):
                fresh = self._folder / f".{photo}{suffix}.new"
                fresh.write_bytes(data)
                fresh.replace(self._folder / f"{photo}{suffix}")
            kept = sorted(self._folder.glob("*.jpg"), key=lambda path: path.stat().st_mtime)
            for path in kept[: max(0, len(kept) - self._most)]:
                path.unlink(missing_ok=True)
                path.with_suffix(".json").unlink(missing_ok=True)
        return photo

    def get(self, photo: str) -> Upload:
        """Return an upload. Raises InputError where it is not kept, or not any more."""
        if not ID.fullmatch(photo):
            raise InputError("photo", "is no name of a photo")
        path = self._folder / f"{photo}.jpg"
        try:
            jpeg = path.read_bytes()
            crop = json.loads(path.with_suffix(".json").read_text())
            os.utime(path)
        except (OSError, ValueError):
            raise InputError("photo", "is not kept here any more; give it again") from None
        width, height = _size(jpeg)
        return Upload(photo, jpeg, width, height, tuple(crop) if crop else None)


def _size(jpeg: bytes) -> tuple[int, int]:
    import io

    from PIL import Image

    with Image.open(io.BytesIO(jpeg)) as image:
        return image.size
