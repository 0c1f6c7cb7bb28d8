"""Import a product file as a crawl: what follows cannot tell it from a shop that was crawled."""

from pathlib import Path
from typing import Any

from flows.crawl.crawl_shops import run_process
from flows.flow_of import flow_of
from flows.parameters.crawl import ImportParameters
from flows.running.stage_task import stage_task
from schemas.errors import InputError


@flow_of(ImportParameters, name="import")
def import_products(parameters: ImportParameters) -> dict[str, Any]:
    """Import a Parquet or CSV file, one row per photo; see crawlers/datasets/product_file.py for its columns.

    Returns the same as the flow `crawl`. Raises InputError for a file that cannot be used, RejectedError.
    """
    return import_file(parameters)


@stage_task(name="import file", run_name="import {parameters.shop}")
def import_file(parameters: ImportParameters) -> dict[str, Any]:
    """Import one file as one committed crawl of source `import`."""
    # Imported here: the check is cheap, its imports are not needed to declare the flow.
    from crawlers.datasets.product_file import ProductFile

    recorded = parameters.recorded()
    ProductFile(parameters.path, parameters.shop, recorded["mapping"])  # refused before a run is begun
    try:
        stat = Path(recorded["path"]).stat()
    except OSError as error:
        raise InputError(parameters.path, error.strerror or "cannot be read") from error
    version = {"bytes": stat.st_size, "modified": stat.st_mtime_ns}
    photos_at = parameters.photos_at or "http://photos.invalid/"
    options = {"contact": parameters.contact, "photos_at": photos_at}
    return run_process(
        parameters.lake, {"do": "import", **recorded, **version, **options}, recorded | version
    )
