"""A label run's report card: what is read for it from other runs, and the card of a run for who shows it.

Needs no Prefect, so that commands that only read may use it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from flows.queries.newest_crawls import labelled_crawls
from infra.lake import Lake
from schemas.errors import LakeError
from schemas.label import REPORT_CARD
from schemas.manifest import Manifest
from workers.text.drift import WordsSaid, drift_rows, helpful_rows
from workers.text.report_card import Row, row
from workers.text.vocabulary import Vocabulary


def report_card(lake: Lake, labels: Manifest) -> pa.Table:
    """The card of a label run, as schemas.label.REPORT_CARD; without rows for a run from before there was one."""
    if not labels.rows("report_card"):
        return REPORT_CARD.empty_table()
    return lake.table(labels, "report_card")


@dataclass(frozen=True)
class Since:
    """The label run being written, to be compared with what the lake holds: its crawls and its settings."""

    lake: Lake
    sources: Sequence[Manifest]
    parameters: dict[str, object]


def compared(run: Since, vocabulary: Vocabulary, products: int) -> list[Row]:
    """Tell the drift since the previous label run of the same shops, and what the newest train run saw of the words.

    vocabulary, products  the words that `run` keeps, and how many products it labelled
    """
    earlier = previous_labels(run.lake, run.sources)
    if earlier is None:
        rows = [row("drift", "earlier label runs", 0, "runs", "none of exactly these shops")]
    else:
        columns = ["word", "document_frequency", "kept"]
        table = run.lake.table(earlier, "vocabulary", columns)
        words = WordsSaid.of_table(table, int(earlier.result["products"]))
        changed = [name for name, value in run.parameters.items() if earlier.parameters.get(name) != value]
        detail = f"since label run {earlier.run_id}" + (f": {', '.join(changed)}" if changed else "")
        rows = [row("drift", "settings that differ", len(changed), "settings", detail)]
        rows += drift_rows(WordsSaid.of_vocabulary(vocabulary, products), words)
    return rows + _helpful(run.lake, vocabulary)


def previous_labels(lake: Lake, sources: Sequence[Manifest]) -> Manifest | None:
    """The newest committed label run whose crawls are of exactly the shops of these crawls."""
    shops = _shops(sources)
    for labels in lake.runs("run", "label", newest_first=True):
        if labels.rows("vocabulary"):
            try:
                if _shops(labelled_crawls(lake, labels)) == shops:
                    return labels
            except LakeError:  # a crawl it was made of is gone, so its shops are not known
                continue
    return None


def _helpful(lake: Lake, vocabulary: Vocabulary) -> list[Row]:
    try:
        train = lake.newest("train")
    except LakeError:
        return [row("visible words", "judged", 0, "words", "nothing has been trained yet")]
    if not train.rows("word_scores"):
        detail = f"train run {train.run_id} has no table word_scores: it learnt no words, or is older than it"
        return [row("visible words", "judged", 0, "words", detail)]
    return helpful_rows(
        lake.table(train, "word_scores", ["word", "positives", "auc"]), vocabulary, train.run_id
    )


def _shops(crawls: Sequence[Manifest]) -> set[str]:
    return {str(crawl.result["shop"]) for crawl in crawls}
