"""Look at what is live: a search page on this machine, and the same as JSON, until interrupted."""

import os
from typing import Annotated

import typer

from flows.options import LAKE_BY_DEFAULT, Lake, lake_of, one_line

POSITION = 135


def command(
    host: Annotated[
        str, typer.Option(help="Address to listen on; beyond loopback VITRINE_SERVE_TOKEN is needed.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 picks a free one.")] = 8080,
    index: Annotated[str | None, typer.Option(help="Index run to ask instead of what is live.")] = None,
    rate: Annotated[float, typer.Option(min=0.1, help="Searches per second of one client.")] = 20.0,
    milvus: Annotated[
        str,
        typer.Option(
            help="A path ending in .db, or a server; else VITRINE_MILVUS_URI, else beside the lake."
        ),
    ] = "",
    lake: Lake = LAKE_BY_DEFAULT,
) -> None:
    """Serve the page; prints its address as one JSON line."""

    def work() -> None:
        # Before torch is imported: requests compute one after the other, and threads that wait spinning slow the rest.
        os.environ.setdefault("OMP_WAIT_POLICY", "passive")
        from flows.serve.listening import listen

        listen(lake_of(lake), host=host, port=port, index=index, rate=rate, milvus=milvus)

    raise typer.Exit(one_line(work))
