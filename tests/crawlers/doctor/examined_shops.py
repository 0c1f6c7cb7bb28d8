"""A shop as the doctor sees it, in a process of its own."""

import json
from typing import Any

from crawlers.doctor.examination import examine_shop
from schemas.errors import PipelineError
from tests.crawlers.forks import result_of


def examined(url: str, shop: str = "acme", contact: str = "", profile: str = "") -> dict[str, Any]:
    """What the doctor says, or the error that it ends with, as JSON values."""
    try:
        result = result_of(examine_shop, shop, url, contact, profile)
    except PipelineError as error:
        result = {"error": type(error).__name__, "why": str(error)}
    values: dict[str, Any] = json.loads(json.dumps(result))
    return values
