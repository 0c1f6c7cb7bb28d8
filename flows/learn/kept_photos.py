"""Where trainings keep decoded photos, and how many."""

from infra.settings import load_settings
from workers.data.pixel_cache import PixelCache

GIB = 2**30


def pixel_cache(gib: float | None) -> PixelCache:
    """The cache that the settings name, of their size unless `gib` is another."""
    settings = load_settings()
    return PixelCache(settings.pixel_cache, int((settings.pixel_cache_gib if gib is None else gib) * GIB))
