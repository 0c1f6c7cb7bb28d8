"""What a change of models would do: the gate's verdict, and the queries that changed most, old and new side by side."""

from collections.abc import Mapping, Sequence
from typing import Any

from workers.report.answers import Change, Changed, Hit, SliceChange
from workers.report.picture import HITS, Owner

SHOWN = 8  # queries, of the fifty that the run keeps
SHOWN_SLICES = 12


def change(
    result: Mapping[str, Any],
    verdicts: Sequence[Mapping[str, Any]],
    changes: Sequence[Mapping[str, Any]],
    owners: Mapping[str, Sequence[Owner]],
    kept: int,
) -> Change:
    """A publish run's result and tables as the page shows them; `kept` is how many changed queries it keeps."""
    rows = [
        SliceChange(
            row["slice"], row["n"], row["candidate"], row["live"], row["difference"], row["ci_low"], row["ci_high"],
            row["verdict"],
        )
        for row in verdicts
    ]  # fmt: skip
    worst = sorted(
        rows[1:], key=lambda row: (row.verdict != "worse", row.verdict == "too few", row.difference)
    )
    return Change(
        run_id=result["run_id"],
        verdict=result["verdict"],
        why=result["why"],
        published=result["published"],
        overlap=result["overlap_at_10"],
        overall=rows[0],
        slices=worst[:SHOWN_SLICES],
        kept=kept,
        queries=[_changed(row, owners) for row in changes[:SHOWN]],
    )


def _changed(row: Mapping[str, Any], owners: Mapping[str, Sequence[Owner]]) -> Changed:
    asker = next((o for o in owners.get(row["query_id"], ()) if o.product_id == row["product_id"]), None)
    sides = []
    for side in ("live", "candidate"):
        pairs = zip(row[f"{side}_image_ids"][:HITS], row[f"{side}_similarities"][:HITS], strict=True)
        sides.append([_hit(image_id, value, row["product_id"], owners) for image_id, value in pairs])
    title, shop = (asker.title, asker.shop) if asker else ("", "")
    ranks = (row["live_rank"], row["candidate_rank"])
    return Changed(row["query_id"], title, shop, *ranks, row["overlap"], *sides)


def _hit(image_id: str, similarity: float, product: str, owners: Mapping[str, Sequence[Owner]]) -> Hit:
    shown = owners.get(image_id, ())
    right = next((owner for owner in shown if owner.product_id == product), None)
    owner = right or next(iter(shown), Owner("", "", ""))
    return Hit(image_id, similarity, right is not None, owner.title, owner.shop)
