"""Let the index that was live before go live again."""

from collections.abc import Callable
from typing import Any

from flows.options import command_of, on_prefect
from flows.parameters.publish import RollbackParameters
from flows.shown_results import show_verdict

POSITION = 117


def _flow() -> Callable[..., dict[str, Any]]:
    from flows.retrieval.publishing.rollback import rollback

    return rollback


command = command_of(RollbackParameters, on_prefect(_flow), show_verdict)
