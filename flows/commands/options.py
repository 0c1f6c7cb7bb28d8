"""What several commands take, and how their words are read."""

from collections.abc import Callable
from typing import Annotated, Any

import typer

Lake = Annotated[str, typer.Option("--lake", envvar="VITRINE_LAKE", help="Folder, s3:// or gs:// address.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON object on stdout; everything else on stderr.")]
Milvus = Annotated[
    str, typer.Option(envvar="VITRINE_MILVUS_URI", help="Milvus Lite directory or server URI.")
]
Token = Annotated[str, typer.Option(envvar="VITRINE_MILVUS_TOKEN", help="Milvus token, as user:password.")]
Contact = Annotated[str, typer.Option(envvar="VITRINE_CONTACT", help="How a shop reaches you: mail or URL.")]
Gpus = Annotated[str, typer.Option(help="auto, 0 for CPU, or a number; refuses when there are fewer.")]
Settings = Annotated[
    list[str] | None, typer.Option("--set", help="A value of the method's Config: epochs=8.")
]
Fields = Annotated[str, typer.Option(help="Text columns to learn from, by comma.")]
LAKE = "./lake"


def orchestrated() -> Any:
    """The private Prefect API, started before the heavy imports so that both start side by side."""
    from flows.orchestration import PrivateApi

    return PrivateApi()


def pairs(words: list[str], option: str) -> dict[str, str]:
    """Words like `name=value` as a dict; raises InputError, naming the option, for any other word."""
    from schemas.errors import InputError

    if bad := [word for word in words if "=" not in word.strip("=")]:
        raise InputError(f"{option} {bad[0]}", "must look like name=value")
    return {name.strip(): value.strip() for name, _, value in (word.partition("=") for word in words)}


def names(text: str) -> list[str]:
    """The words of a comma list, without the empty ones."""
    return [name.strip() for name in text.split(",") if name.strip()]


def one_line(work: Callable[[], int | None]) -> int:
    """Run what writes to stdout itself; an error of the user's is one line all the same."""
    from schemas.errors import PipelineError

    try:
        return work() or 0
    except PipelineError as error:
        typer.echo(f"vitrine: {error}", err=True)
        return 1
