"""Turn a catalogue file into a committed crawl."""

from collections.abc import Callable
from typing import Any

from flows import shown_results
from flows.crawl.catalogue_check import check_file
from flows.options import command_of, on_prefect
from flows.parameters.crawl import ImportParameters

POSITION = 50


def _flow() -> Callable[..., dict[str, Any]]:
    from flows.crawl.import_products import import_products

    return import_products


def _show(result: dict[str, Any]) -> None:
    shown_results.show_crawl("imported", result)


command = command_of(ImportParameters, on_prefect(_flow), _show, check=check_file)
