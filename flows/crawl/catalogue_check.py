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

    if parameters.benchmark:
        return _of_tree(parameters)
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


def _of_tree(parameters: ImportParameters) -> dict[str, int]:
    """The same of a benchmark's folder: of its text files, since its photos are told by their own bytes."""
    from crawlers.datasets.deepfashion.opening import open_tree

    tree = open_tree(parameters.benchmark, parameters.path, parameters.shop, parameters.cut)
    about = [file.stat() for file in [*tree.root.glob("list_*"), *tree.root.glob("*/list_*")]]
    return {
        "files": len(about),
        "bytes": sum(each.st_size for each in about),
        "modified": max(each.st_mtime_ns for each in about),
    }
