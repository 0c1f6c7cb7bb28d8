"""Conditional requests (RFC 9110, section 13): what to send with a request, what to keep of an answer."""

import re
import time
from typing import Any

from scrapy.http import Response

from crawlers.extract.headers import header_of
from crawlers.fetch.validators import Validators

_MAX_AGE = re.compile(rb"(?:^|[,\s])max-age\s*=\s*\"?(\d{1,10})", re.I)
_LONGEST_S = 366 * 24 * 3600


def conditional(validators: Validators) -> dict[str, Any]:
    """Make the arguments of a Request that is answered 304 while nothing changed; none without validators."""
    headers = {}
    if validators.etag:
        headers["If-None-Match"] = validators.etag
    if validators.last_modified:
        headers["If-Modified-Since"] = validators.last_modified
    return {"headers": headers, "meta": {"handle_httpstatus_list": [304]}} if headers else {}


def validators_of(answer: Response) -> Validators:
    """Read ETag, Last-Modified and lifetime of an answer."""
    control = b",".join(answer.headers.getlist("Cache-Control"))
    fresh_until = None
    if (found := _MAX_AGE.search(control)) and b"no-cache" not in control and b"no-store" not in control:
        fresh_until = int((time.time() + min(int(found[1]), _LONGEST_S)) * 1000)
    return Validators(header_of(answer, "ETag"), header_of(answer, "Last-Modified"), fresh_until)
