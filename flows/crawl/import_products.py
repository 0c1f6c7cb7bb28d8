"""Import a product file as a crawl: what follows cannot tell it from a shop that was crawled."""

from pathlib import Path
from typing import Any

from prefect import flow, task

from flows.crawl.crawl_shops import run_process
from flows.orchestration import worth_retrying
from schemas.errors import InputError


@flow(name="import")
def import_catalogue(
    path: str,
    lake: str,
    shop: str,
    mapping: dict[str, str] | None = None,
    contact: str = "",
    photos_at: str = "",
) -> dict[str, Any]:
    """Import a Parquet or CSV file, one row per photo; see crawlers/datasets/product_file.py for its columns.

    mapping    our name -> their column; `a+b` joins two
    contact    how photo hosts reach us, where `image` holds http(s) addresses
    photos_at  an address whose host may be a private one, for such photos
    Returns the same as the flow `crawl`. Raises InputError for a file that cannot be used, RejectedError.
    """
    return import_file(path, lake, shop, mapping or {}, contact, photos_at)


@task(name="import file", retries=1, retry_condition_fn=worth_retrying)
def import_file(
    path: str, lake: str, shop: str, mapping: dict[str, str], contact: str = "", photos_at: str = ""
) -> dict[str, Any]:
    """One file, one committed crawl of source `import`."""
    # Imported here: the check is cheap, its imports are not needed to declare the flow.
    from crawlers.datasets.product_file import ProductFile

    file = Path(path).expanduser().resolve()
    ProductFile(path, shop, mapping)  # refused before a run is begun
    parameters: dict[str, Any] = {"shop": shop, "path": str(file), "mapping": mapping, "source": "import"}
    try:
        stat = file.stat()
    except OSError as error:
        raise InputError(path, error.strerror or "cannot be read") from error
    version = {"bytes": stat.st_size, "modified": stat.st_mtime_ns}
    options = {"contact": contact, "photos_at": photos_at or "http://photos.invalid/"}
    return run_process(lake, {"do": "import", **parameters, **version, **options}, parameters | version)
