"""From the shops' texts to weak labels: words per photo, a vocabulary, and a split that leaks nothing."""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from prefect import task

from flows.flow_of import flow_of
from flows.learn.annotations import write_annotations
from flows.learn.held_out import HeldOut
from flows.learn.report_card import Since, compared
from flows.learn.shown_photos import SEEN
from flows.orchestration import worth_retrying
from flows.parameters.label import LabelParameters
from flows.progress import Stage, stage
from flows.queries.newest_crawls import newest_crawls, products
from infra.lake import Lake
from infra.open_run import OpenRun
from schemas.errors import InputError, LakeError
from schemas.ids import digest
from schemas.label import ANNOTATIONS, LABELS, REPORT_CARD, VOCABULARY
from schemas.manifest import Count
from schemas.reject import REJECTS, Reject
from workers.data.split import roles
from workers.text.languages import ShopLanguages
from workers.text.report_card import PAIRS, Products, Row, SplitCheck, word_rows
from workers.text.vocabulary import Vocabulary, WordTally, build_vocabulary
from workers.text.words import FIELDS, SITE_WORDS, product_words, stop_words

_TEXTS = (*FIELDS, "shop")  # all texts tell the language, whichever fields are learnt from
_COMPARED = tuple(dict.fromkeys(field for pair in PAIRS for field in pair))


@flow_of(LabelParameters, name="label")
def label(parameters: LabelParameters) -> dict[str, Any]:
    """Label the newest crawl of every shop, or the named crawls."""
    return label_products(parameters)


@task(retries=1, retry_condition_fn=worth_retrying)
def label_products(parameters: LabelParameters) -> dict[str, Any]:
    """Read the products three times: who shows which photo, which words there are, who has which.

    The result holds the rows of the run's table `report_card` under that name. Raises InputError for a catalogue
    without words, LakeError where the split would leak.
    """
    begun = time.monotonic()
    place = Lake(parameters.lake)
    sources = newest_crawls(place, parameters.crawls)
    recorded = parameters.recorded()
    parents = [source.run_id for source in sources]
    key = digest({"label": parents} | recorded)
    run = place.begin("run", "label", key, parents=parents, parameters=recorded)
    for schema in (LABELS, ANNOTATIONS, VOCABULARY, REPORT_CARD, REJECTS):
        run.drop(schema)
    with stage("label", 2 * sum(source.rows("products") for source in sources), "products") as step:
        held_out = HeldOut.of(place, sources, parameters.test_share)
        reader = _reader(_counted(products(place, sources, _TEXTS), step), held_out, parameters)
        if not reader.vocabulary.words:
            where = f"{parameters.rarest} or more products of {', '.join(parents)}"
            raise InputError("label", f"no word stands in {where}")
        rows = _counted(products(place, sources, [*_TEXTS, "image_ids", "image_views", "url"]), step)
        written = _write_labels(run, rows, held_out, reader)
    write_annotations(run, place, sources, held_out.shown.product_ids)
    check = written.check
    if check.photos or check.groups:
        raise LakeError(run.run_id, f"{check.photos} photos and {check.groups} groups in train and test")
    vocabulary, labelled = reader.vocabulary, len(held_out.out)
    card = [*word_rows(vocabulary), *written.products.rows(vocabulary)]
    card += [*held_out.rows(), *check.rows(held_out.alone)]
    card += compared(Since(place, sources, recorded), vocabulary, labelled)
    _write_tables(run, vocabulary, card)
    refused = {"no_photo": written.rejected} if written.rejected else {}
    run.counts["label"] = Count(written.seen, labelled, refused)
    run.seconds["label"] = time.monotonic() - begun
    result = {
        "run_id": run.run_id,
        "products": labelled,
        "words_kept": len(vocabulary.words),
        "words_dropped": vocabulary.dropped(),
        "splits": written.splits,
        "products_without_words": written.products.wordless,
        "groups": len(np.unique(held_out.group)),
        **held_out.moves(),
        "rejected": refused,
        "report_card": card,
        "seconds": round(run.seconds["label"], 2),
    }
    place.commit(run, result)
    return result


@dataclass(frozen=True)
class _Reader:
    """What makes words of a product's texts: the columns learnt from, the vocabulary, the shops' languages."""

    columns: list[str]
    vocabulary: Vocabulary
    languages: ShopLanguages


@dataclass(frozen=True)
class _Written:
    """What was counted while the labels were written: `seen` every product read."""

    seen: int
    splits: dict[str, int]
    products: Products
    check: SplitCheck
    rejected: int


def _write_tables(run: OpenRun, vocabulary: Vocabulary, card: list[Row]) -> None:
    for schema, table in (
        (VOCABULARY, vocabulary.table()),
        (REPORT_CARD, pa.Table.from_pylist(card, REPORT_CARD)),
    ):
        writer = run.writer(schema)
        writer.write_table(table)
        run.add(schema, writer.close())


def _reader(rows: Iterable[dict[str, Any]], held_out: HeldOut, parameters: LabelParameters) -> _Reader:
    """Read the vocabulary of the train split and the languages of its shops."""
    tally, languages = WordTally(), ShopLanguages()
    for row, product in zip(rows, _products(held_out), strict=True):
        if product >= 0 and not held_out.out[product]:
            tally.add(product_words(row, parameters.columns), row["shop"], languages.observe(row))
    counts = tally.counts(languages.of_shop)
    vocabulary = build_vocabulary(
        counts, size=parameters.vocabulary, rarest=parameters.rarest, site=SITE_WORDS
    )
    return _Reader(parameters.columns, vocabulary, languages)


def _write_labels(
    run: OpenRun, rows: Iterable[dict[str, Any]], held_out: HeldOut, reader: _Reader
) -> _Written:
    """Write a row of LABELS per photo of every product, or one of REJECTS."""
    labels, rejects = run.writer(LABELS), run.writer(REJECTS)
    counts = Products()
    shown = held_out.shown
    splits: dict[str, int] = {"train": 0, "query": 0, "gallery": 0}
    seen = 0
    for row, product in zip(rows, _products(held_out), strict=True):
        seen += 1
        name = row["product_id"]
        if product < 0:
            detail = f"none of its {len(row['image_ids'])} photos is stored"
            rejects.write(Reject("label", "no_photo", row["url"], name, detail).row())
            continue
        words = _words(row, reader, counts)
        group = int(held_out.number[product])
        photos = _distinct(row["image_ids"], row["image_views"])
        parts = roles([view for _, view in photos]) if held_out.out[product] else ["train"] * len(photos)
        for (image_id, _), part in zip(photos, parts, strict=True):
            splits[part] += 1
            labels.write(
                {"product_id": name, "image_id": image_id, "words": words, "split": part, "group": group}
            )
    check = SplitCheck(len(shown.photo_ids), len(shown.product_ids))
    check.see(shown.photos, held_out.group[shown.owners], ~held_out.out[shown.owners])
    run.add(LABELS, labels.close())
    run.add(REJECTS, rejects.close())
    return _Written(seen, splits, counts, check, rejects.rows)


def _products(held_out: HeldOut) -> Iterator[int]:
    """The product of each row that `products` reads, negative for one without a photo."""
    place = held_out.shown.place
    return iter(place[place != SEEN].tolist())


def _words(row: dict[str, Any], reader: _Reader, counts: Products) -> list[int]:
    """Return the ids of a product's kept words, and count them."""
    language = reader.languages.of_product(row)
    by_column = {column: set(product_words(row, [column])) for column in {*reader.columns, *_COMPARED}}
    words = reader.vocabulary.encode(
        {word for column in reader.columns for word in by_column[column]}, language
    )
    silent = stop_words(language) | SITE_WORDS
    counts.add(len(words), language, {column: by_column[column] - silent for column in _COMPARED})
    return words


def _counted(rows: Iterable[dict[str, Any]], step: Stage) -> Iterator[dict[str, Any]]:
    for row in rows:
        step.advance()
        yield row


def _distinct(image_ids: list[str], views: list[str]) -> list[tuple[str, str]]:
    """Return the stored photos of a product, each once, with the view it was first shown as."""
    view_of: dict[str, str] = {}
    for image_id, view in zip(image_ids, views, strict=True):
        if image_id:
            view_of.setdefault(image_id, view)
    return list(view_of.items())
