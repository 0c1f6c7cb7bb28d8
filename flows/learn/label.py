"""From the shops' texts to weak labels: words per photo, a vocabulary, and a split that leaks nothing."""

import time
from typing import Any

import numpy as np
import pyarrow as pa

from flows.flow_of import flow_of
from flows.learn.annotations import write_annotations
from flows.learn.bag_spool import BagSpool
from flows.learn.held_out import HeldOut
from flows.learn.label_rows import write_labels
from flows.learn.report_card import Since, compared
from flows.learn.texts import Said, read_texts, units_of
from flows.parameters.label import LabelParameters
from flows.progress import stage
from flows.queries.newest_crawls import newest_crawls
from flows.queries.overrides import overrides
from flows.running.night import begin, done_before
from flows.running.stage_task import stage_task
from infra.lake import Lake
from infra.open_run import OpenRun
from schemas.errors import InputError, LakeError
from schemas.ids import digest
from schemas.label import ANNOTATIONS, LABELS, REPORT_CARD, VOCABULARY
from schemas.manifest import Count
from schemas.reject import REJECTS
from workers.text.encoder import Encoder
from workers.text.report_card import Row, word_rows
from workers.text.vocabulary import Vocabulary, build_vocabulary
from workers.text.words import SITE_WORDS


@flow_of(LabelParameters, name="label")
def label(parameters: LabelParameters) -> dict[str, Any]:
    """Label the newest crawl of every shop, or the named crawls."""
    return label_products(parameters)


@stage_task()
def label_products(parameters: LabelParameters) -> dict[str, Any]:
    """Read who shows which photo, then the texts once, then write who has which words.

    The result holds the rows of the run's table `report_card` under that name. Raises InputError for a catalogue
    without words, LakeError where the split would leak.
    """
    begun = time.monotonic()
    place = Lake(parameters.lake)
    sources = newest_crawls(place, parameters.crawls)
    recorded = parameters.recorded()
    parents = [source.run_id for source in sources]
    overruled = overrides(place)
    key = digest(
        {"label": parents} | recorded | ({"overrides": sorted(overruled.items())} if overruled else {})
    )
    if done := done_before(place, "label", key=key):
        return done.result
    rows = sum(source.rows("products") for source in sources)
    with stage("label", 2 * rows, "products read, then written") as step, BagSpool() as spool:
        held_out = HeldOut.of(place, sources, parameters.test_share, overruled)
        units = units_of(place, sources, held_out.shown)
        said = read_texts(place, units, parameters.columns, held_out.out | held_out.wrong, spool, step)
        vocabulary = _kept_words(said, parameters, held_out)
        run = begin(place, "run", "label", key, parents=parents, parameters=recorded)
        for schema in (LABELS, ANNOTATIONS, VOCABULARY, REPORT_CARD, REJECTS):
            run.drop(schema)
        encoder = Encoder(vocabulary, said.languages, said.numbers, parameters.columns)
        written = write_labels(run, place, units, spool, encoder, held_out, step)
    write_annotations(run, place, sources, held_out.shown.product_ids)
    check = held_out.check()
    if check.photos or check.groups:
        raise LakeError(run.run_id, f"{check.photos} photos and {check.groups} groups in train and test")
    labelled = len(held_out.out)
    card = [*word_rows(vocabulary), *written.products.rows(vocabulary)]
    card += [*held_out.rows(), *check.rows(held_out.alone)]
    card += compared(Since(place, sources, recorded), vocabulary, labelled)
    _write_tables(run, vocabulary, card)
    refused = written.rejected
    run.counts["label"] = Count(held_out.shown.distinct, labelled, refused)
    run.seconds["label"] = time.monotonic() - begun
    result = {
        "run_id": run.run_id,
        "products": labelled,
        "words_kept": len(vocabulary.words),
        "words_dropped": vocabulary.dropped(),
        "splits": written.splits,
        "products_without_words": written.products.wordless,
        "groups": len(np.unique(held_out.group)),
        "overrides": len(overruled),
        **held_out.moves(),
        "rejected": refused,
        "report_card": card,
        "seconds": round(run.seconds["label"], 2),
    }
    place.commit(run, result)
    return result


def _kept_words(said: Said, parameters: LabelParameters, held_out: HeldOut) -> Vocabulary:
    """The vocabulary of the texts to learn from. Raises InputError, with what became of them, where no word is kept."""
    counts = said.tally.counts(said.languages.of_shop)
    vocabulary = build_vocabulary(
        counts, size=parameters.vocabulary, rarest=parameters.rarest, site=SITE_WORDS
    )
    if not vocabulary.words:
        held = int(held_out.out.sum())
        learnt_from = f"{len(held_out.out) - held:,} products to learn from ({held:,} are held out)"
        dropped = ", ".join(f"{number:,} {why}" for why, number in vocabulary.dropped().items()) or "none"
        where = f"{parameters.rarest} or more of the {learnt_from}"
        raise InputError("label", f"no word stands in {where}; words dropped: {dropped}")
    return vocabulary


def _write_tables(run: OpenRun, vocabulary: Vocabulary, card: list[Row]) -> None:
    for schema, table in (
        (VOCABULARY, vocabulary.table()),
        (REPORT_CARD, pa.Table.from_pylist(card, REPORT_CARD)),
    ):
        writer = run.writer(schema)
        writer.write_table(table)
        run.add(schema, writer.close())
