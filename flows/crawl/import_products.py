"""Import a product file as a crawl: what follows cannot tell it from a shop that was crawled."""

from typing import Any

from flows.crawl.catalogue_check import check_file
from flows.crawl.crawl_shops import run_process
from flows.flow_of import flow_of
from flows.parameters.crawl import ImportParameters
from flows.running.stage_task import stage_task


@flow_of(ImportParameters, name="import")
def import_products(parameters: ImportParameters) -> dict[str, Any]:
    """Import a file, a folder or a glob of files; see crawlers/datasets/product_file.py for the columns.

    Returns the same as the flow `crawl`. Raises InputError for a file that cannot be used, RejectedError.
    """
    return import_file(parameters)


@stage_task(name="import file", run_name="import {parameters.shop}")
def import_file(parameters: ImportParameters) -> dict[str, Any]:
    """Import one file as one committed crawl of source `import`."""
    recorded = parameters.recorded()
    version = check_file(parameters)  # refused before a run is begun
    photos_at = parameters.photos_at or "http://photos.invalid/"
    options = {"contact": parameters.contact, "photos_at": photos_at}
    return run_process(
        parameters.lake, {"do": "import", **recorded, **version, **options}, recorded | version
    )
