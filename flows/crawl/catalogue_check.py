"""A catalogue judged before anything is started for it: in seconds, without Prefect."""

from pathlib import Path

from flows.parameters.crawl import ImportParameters
from schemas.errors import InputError


def check_file(parameters: ImportParameters) -> dict[str, int]:
    """Open a catalogue and check its columns; return what tells this state of its files from another.

    Raises InputError for one that cannot be used.
    """
    from crawlers.datasets.catalogue_paths import parts_of
    from crawlers.datasets.product_file import ProductFile

    wanted = (parameters.path, parameters.shop, parameters.mapping)
    ProductFile(*wanted, encoding=parameters.encoding, delimiter=parameters.delimiter)
    files: list[Path] = [part.path for part in parts_of(parameters.path)[1]]
    try:
        about = [file.stat() for file in files]
    except OSError as error:
        raise InputError(parameters.path, error.strerror or "cannot be read") from error
    return {
        "files": len(about),
        "bytes": sum(each.st_size for each in about),
        "modified": max(each.st_mtime_ns for each in about),
    }
