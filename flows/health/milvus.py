"""The index: Milvus Lite in a folder, or a server, and whether the one that is there can be used."""

from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from urllib.parse import urlparse

from flows.health.finding import Finding
from infra.milvus.folder import lite_folder
from infra.milvus.store import VectorStore
from infra.settings import Settings
from schemas.errors import VectorStoreError

WHAT = "Milvus"


def findings(settings: Settings) -> Iterator[Finding]:
    """Open the index of the settings, and say which kind it is."""
    try:
        folder = lite_folder(settings.milvus_uri)
        if folder and not Path(folder).exists():
            yield _lite(settings, f"none yet at {folder}")
            return
        with VectorStore(settings.milvus_uri, settings.milvus_token, create=False) as store:
            collections = len(store.collections())
    except VectorStoreError as error:
        cure = (
            "start it, or mend VITRINE_MILVUS_URI and VITRINE_MILVUS_TOKEN"
            if urlparse(settings.milvus_uri).scheme in ("http", "https", "tcp")
            else "end what holds it, or run a server and name it with VITRINE_MILVUS_URI=http://host:19530"
        )
        yield Finding(WHAT, str(error), cure)
        return
    if folder:
        yield _lite(settings, f"{folder}, {collections} collections")
    else:
        yield Finding(WHAT, f"server at {settings.milvus_uri}, {collections} collections")


def _lite(settings: Settings, found: str) -> Finding:
    """Lite belongs to one machine, and to one process of it at a time: beside a lake of several it is a fault."""
    shared = urlparse(settings.lake).scheme in ("s3", "gs")
    cure = "run a server and name it with VITRINE_MILVUS_URI=http://host:19530" if shared else ""
    why = "; the lake is for several machines, it for this one alone" if shared else ""
    return Finding(WHAT, f"Lite {version('milvus-lite')}, {found}{why}", cure)
