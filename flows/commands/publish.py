"""Judge a new index beside the live one; it goes live where it is not worse, else the exit status is 3."""

from collections.abc import Callable
from typing import Any

from flows.options import command_of, on_prefect
from flows.parameters.publish import PublishParameters
from flows.shown_results import show_verdict

POSITION = 115


def _flow() -> Callable[..., dict[str, Any]]:
    from flows.retrieval.publishing.publish import publish

    return publish


command = command_of(PublishParameters, on_prefect(_flow), show_verdict)
