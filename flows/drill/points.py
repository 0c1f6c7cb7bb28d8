"""Points of a stage that have a name, `publish@pointed`: a command ends itself, as by SIGKILL, as it comes to one.

A share of a stage's time rarely falls between two calls that follow each other at once. Nothing is replaced: all that
comes before a point has been done as ever.
"""

import functools
import importlib
import os
import signal
from typing import Any, NoReturn

# By stage and name: the call that the command comes to, `module:attribute`. What is said is how far it has come.
POINTS: dict[str, dict[str, str]] = {
    "index": {
        "created": "pymilvus:MilvusClient.create_index",  # the collection is there, and cannot be searched
        "empty": "pymilvus:MilvusClient.upsert",  # it can be, and holds nothing
        "sent": "infra.milvus.store:VectorStore.digests",  # it holds all, and nobody has looked
        "loaded": "infra.lake:Lake.commit",  # proved, and not in the lake
        "committed": "infra.lake:remove_if_there",  # in the lake, with the note that it is under way
    },
    "publish": {
        "judged": "infra.lake:Lake.commit",  # nothing has changed
        "pointed": "infra.milvus.store:VectorStore.point",  # searches ask the new one, outsiders the old one
        "followed": "flows.retrieval.publishing.publish:drop_drained",  # the alias has followed
        "dropping": "pymilvus:MilvusClient.drop_collection",  # an older collection has lost its aliases
    },
}


def end_at(point: str) -> None:
    """Let this process end as by SIGKILL when it comes to a call, `module:attribute`."""
    module, _, names = point.partition(":")
    owner: Any = importlib.import_module(module)
    *outer, name = names.split(".")
    for each in outer:
        owner = getattr(owner, each)

    @functools.wraps(getattr(owner, name))
    def last(*_: object, **__: object) -> NoReturn:
        while True:  # the signal may come a moment later
            os.kill(os.getpid(), signal.SIGKILL)

    setattr(owner, name, last)
