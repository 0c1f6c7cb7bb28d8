"""What a flow run says of the shops it could not crawl: its message, a table, an event for each, and its colour."""

from collections.abc import Mapping, Sequence
from typing import Any

from prefect.artifacts import create_table_artifact
from prefect.events import emit_event
from prefect.states import Completed

from flows.orchestration import our_error
from schemas.errors import FetchError

ARTIFACT = "shops"
EVENT = "vitrine.shop.failed"
_COLUMNS = ("products", "added", "changed", "removed", "images_new", "requests", "seconds")


def report_shops(crawled: Sequence[Mapping[str, Any]], failed: Mapping[str, Exception]) -> None:
    """Publish a row per shop as the artifact `shops`, and an event `vitrine.shop.failed` for each that failed."""
    rows = [_row(shop, "failed", {}, why(error)) for shop, error in failed.items()]
    rows += [_row(each["shop"], "crawled", each, "") for each in crawled]
    create_table_artifact(key=ARTIFACT, table=rows, description=_said(len(rows), failed) or "All crawled.")
    for shop, error in failed.items():
        ours = our_error(error)
        emit_event(
            event=EVENT,
            resource={"prefect.resource.id": f"vitrine.shop.{shop}", "prefect.resource.name": shop},
            payload={
                "why": why(error),
                "error": type(ours or error).__name__,
                "transient": bool(ours and ours.transient),
            },
        )


def refuse_too_many(shops: int, failed: Mapping[str, Exception], most: float) -> None:
    """Raise where more than the share `most` of the shops failed, or all: the error itself of a single shop."""
    if not failed or (len(failed) < shops and len(failed) / shops <= most):
        return
    error = next(iter(failed.values()))
    if shops == 1:
        raise our_error(error) or error
    raise FetchError(f"{len(failed)} of {shops} shops", _named(failed))


def completed(result: dict[str, Any], shops: int, failed: Mapping[str, Exception]) -> Any:
    """Return the state of a flow run that came to its end, with a message that names the shops that failed.

    Whoever calls the flow gets `result`: Prefect takes a state that is returned for the run's, and unpacks it.
    """
    return Completed(data=result, message=_said(shops, failed) or None)


def reasons(failed: Mapping[str, Exception]) -> dict[str, str]:
    """Return in one line each why shops failed, by shop."""
    return {shop: why(error) for shop, error in failed.items()}


def why(error: Exception) -> str:
    """Return an error in one line; a bug of ours begins with its type."""
    ours = our_error(error)
    words = str(ours) if ours else f"{type(error).__name__}: {error}"
    return " ".join(words.split())[:500]


def _said(shops: int, failed: Mapping[str, Exception]) -> str:
    return (
        f"{len(failed)} of {shops} shops not crawled, kept as they were: {_named(failed)}" if failed else ""
    )


def _named(failed: Mapping[str, Exception]) -> str:
    """Every shop by name, and why as far as that fits a line of the UI."""
    first = "; ".join(f"{shop} ({why(error)})" for shop, error in list(failed.items())[:5])
    rest = list(failed)[5:]
    return f"{first}; and {', '.join(rest)}" if rest else first


def _row(shop: str, state: str, result: Mapping[str, Any], reason: str) -> dict[str, Any]:
    refused = sum(result["rejected"].values()) if result else None
    return {
        "shop": shop,
        "state": state,
        **{name: result.get(name) for name in _COLUMNS},
        "refused": refused,
        "why": reason,
    }
