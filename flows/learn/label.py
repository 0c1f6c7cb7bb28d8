"""From the shops' texts to weak labels: words per photo, a vocabulary, and a split that leaks nothing."""

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from prefect import flow, task

from flows.learn.annotations import write_annotations
from flows.learn.report_card import compared
from flows.orchestration import worth_retrying
from flows.progress import Stage, stage
from flows.queries.newest_crawls import newest_crawls, products
from infra.lake import Lake
from infra.open_run import OpenRun
from schemas.errors import InputError, LakeError
from schemas.ids import digest
from schemas.image import THUMBNAIL_BYTES
from schemas.label import ANNOTATIONS, LABELS, REPORT_CARD, VOCABULARY
from schemas.manifest import Count, Manifest
from schemas.reject import REJECTS, Reject
from workers.data.near_duplicates import Looks, aspects_as_seen, product_groups
from workers.data.split import TEST_SHARE, roles, sides
from workers.text.languages import ShopLanguages
from workers.text.report_card import PAIRS, Products, SplitCheck, leaked_without_groups, word_rows
from workers.text.vocabulary import Vocabulary, WordTally, build_vocabulary
from workers.text.words import FIELDS, SITE_WORDS, product_words, stop_words

_TEXTS = (*FIELDS, "shop")  # all texts tell the language, whichever fields are learnt from
_COMPARED = tuple(dict.fromkeys(field for pair in PAIRS for field in pair))
_LOOKS = ("image_id", "phash", "thumbnail", "width", "height", "orientation", "quality")


@flow(name="label")
def label(
    lake: str,
    crawls: list[str] | None = None,
    fields: list[str] | None = None,
    vocabulary: int = 30_000,
    rarest: int = 2,
    test_share: float = TEST_SHARE,
) -> dict[str, Any]:
    """Label the newest crawl of every shop, or the named crawls.

    fields      product columns whose text is learnt from; title, categories, description and tags by default
    vocabulary  most words kept
    rarest      fewest products a kept word stands in
    test_share  share of near-duplicate groups held out for queries and gallery
    """
    return label_products(lake, crawls, fields or list(FIELDS), vocabulary, rarest, test_share)


@task(retries=1, retry_condition_fn=worth_retrying)
def label_products(
    lake: str, crawls: list[str] | None, fields: list[str], vocabulary: int, rarest: int, test_share: float
) -> dict[str, Any]:
    """Three passes over the products: who shows which photo, which words there are, who has which.

    The result holds the rows of the run's table `report_card` under that name. Raises InputError for an
    unknown field or a catalogue without words, LakeError where the split would leak.
    """
    begun = time.monotonic()
    if unknown := set(fields) - set(FIELDS):
        raise InputError(f"field {min(unknown)}", f"words come from {', '.join(FIELDS)}")
    place = Lake(lake)
    sources = newest_crawls(place, crawls)
    parameters: dict[str, Any] = {
        "fields": fields,
        "vocabulary": vocabulary,
        "rarest": rarest,
        "test_share": test_share,
    }
    parents = [source.run_id for source in sources]
    run = place.begin(
        "run", "label", digest({"label": parents} | parameters), parents=parents, parameters=parameters
    )
    for schema in (LABELS, ANNOTATIONS, VOCABULARY, REPORT_CARD, REJECTS):
        run.drop(schema)
    with stage("label", 2 * sum(source.rows("products") for source in sources), "products") as step:
        split = _Split.of(place, sources, test_share)
        known, languages = _words(
            _counted(products(place, sources, _TEXTS), step), split, fields, vocabulary, rarest
        )
        if not known.words:
            raise InputError("label", f"no word stands in {rarest} or more products of {', '.join(parents)}")
        rows = _counted(products(place, sources, [*_TEXTS, "image_ids", "image_views", "url"]), step)
        told = _write_labels(run, rows, split, fields, known, languages)
    write_annotations(run, place, sources, split.held_out)
    labelled = len(split.held_out)
    said, check = told.products, told.check
    if check.photos or check.groups:
        raise LakeError(run.run_id, f"{check.photos} photos and {check.groups} groups in train and test")
    card = [*word_rows(known), *said.rows(known), *check.rows(split.leaked_alone)]
    card += compared(place, sources, parameters, known, labelled)
    for schema, table in (
        (VOCABULARY, known.table()),
        (REPORT_CARD, pa.Table.from_pylist(card, REPORT_CARD)),
    ):
        writer = run.writer(schema)
        writer.write_table(table)
        run.add(schema, writer.close())
    refused = {"no_photo": told.rejected} if told.rejected else {}
    run.counts["label"] = Count(told.seen, labelled, refused)
    run.seconds["label"] = time.monotonic() - begun
    result = {
        "run_id": run.run_id,
        "products": labelled,
        "words_kept": len(known.words),
        "words_dropped": known.dropped(),
        "splits": told.splits,
        "products_without_words": said.wordless,
        "groups": len(set(split.group_of.values())),
        "rejected": refused,
        "report_card": card,
        "seconds": round(run.seconds["label"], 2),
    }
    place.commit(run, result)
    return result


@dataclass(frozen=True)
class _Split:
    """Near-duplicate group, and whether it is held out, of every product with a stored photo.

    number        place of every photo, for `SplitCheck`
    leaked_alone  what `leaked_without_groups` found
    """

    group_of: dict[str, int]
    held_out: dict[str, bool]
    number: dict[str, int]
    leaked_alone: tuple[int, int]

    @classmethod
    def of(cls, lake: Lake, sources: Sequence[Manifest], test_share: float) -> "_Split":
        owners: list[str] = []
        stored: list[list[str]] = []
        for row in products(lake, sources, ["image_ids"]):
            if ids := [image_id for image_id in row["image_ids"] if image_id]:
                owners.append(row["product_id"])
                stored.append(ids)
        number = {image_id: n for n, image_id in enumerate({i: None for ids in stored for i in ids})}
        photos = [[number[i] for i in ids] for ids in stored]
        looks = _looks(lake, number)
        groups = product_groups(photos, looks)
        held_out = sides(groups, owners, test_share)
        alone = leaked_without_groups(photos, owners, groups, looks, test_share)
        return cls(
            dict(zip(owners, groups, strict=True)), dict(zip(owners, held_out, strict=True)), number, alone
        )


@dataclass(frozen=True)
class _Told:
    """What was counted while the labels were written: `seen` every product read."""

    seen: int
    splits: dict[str, int]
    products: Products
    check: SplitCheck
    rejected: int


def _words(
    rows: Iterable[dict[str, Any]], split: _Split, fields: list[str], size: int, rarest: int
) -> tuple[Vocabulary, ShopLanguages]:
    """The vocabulary of the train split, and the languages of its shops."""
    tally, languages = WordTally(), ShopLanguages()
    for row in rows:
        if not split.held_out.get(row["product_id"], True):
            tally.add(product_words(row, fields), row["shop"], languages.observe(row))
    counts = tally.counts(languages.of_shop)
    return build_vocabulary(counts, size=size, rarest=rarest, site=SITE_WORDS), languages


def _write_labels(
    run: OpenRun,
    rows: Iterable[dict[str, Any]],
    split: _Split,
    fields: list[str],
    known: Vocabulary,
    languages: ShopLanguages,
) -> _Told:
    """A row of LABELS per photo of every product, or one of REJECTS."""
    labels, rejects = run.writer(LABELS), run.writer(REJECTS)
    told = Products()
    check = SplitCheck(len(split.number), len(split.held_out))  # a group is named by one of its products
    splits: dict[str, int] = {"train": 0, "query": 0, "gallery": 0}
    seen = 0
    for row in rows:
        seen += 1
        product = row["product_id"]
        if product not in split.held_out:
            detail = f"none of its {len(row['image_ids'])} photos is stored"
            rejects.write(Reject("label", "no_photo", row["url"], product, detail).row())
            continue
        language = languages.of_product(row)
        said = {field: set(product_words(row, [field])) for field in {*fields, *_COMPARED}}
        words = known.encode({word for field in fields for word in said[field]}, language)
        silent = stop_words(language) | SITE_WORDS
        told.add(len(words), language, {field: said[field] - silent for field in _COMPARED})
        photos = _distinct(row["image_ids"], row["image_views"])
        parts = roles([view for _, view in photos]) if split.held_out[product] else ["train"] * len(photos)
        for (image_id, _), part in zip(photos, parts, strict=True):
            splits[part] += 1
            group = split.group_of[product]
            check.see(split.number[image_id], group, part)
            labels.write(
                {"product_id": product, "image_id": image_id, "words": words, "split": part, "group": group}
            )
    run.add(LABELS, labels.close())
    run.add(REJECTS, rejects.close())
    return _Told(seen, splits, told, check, rejects.rows)


def _looks(lake: Lake, number: dict[str, int]) -> Looks:
    """What near-duplicates are told by, of every photo in `number`, at its place."""
    hashes = np.zeros(len(number), np.uint64)
    thumbnails = np.zeros((len(number), THUMBNAIL_BYTES), np.uint8)
    aspects, quality = np.ones(len(number)), np.full(len(number), 100, np.int8)
    for crawl in lake.runs("crawl"):
        if not crawl.rows("images"):
            continue
        there_are = set(lake.dataset(crawl, "images").schema.names)  # a crawl of version 1 lacks the last two
        columns = [name for name in _LOOKS if name in there_are]
        for batch in lake.batches(crawl, "images", columns, rows=5000):
            ids = batch["image_id"].to_pylist()
            here = [n for n, image_id in enumerate(ids) if image_id in number]
            there = [number[ids[n]] for n in here]
            hashes[there] = batch["phash"].to_numpy()[here]
            turned = (
                batch["orientation"].to_numpy() if "orientation" in columns else np.ones(len(ids), np.int8)
            )
            shapes = aspects_as_seen(batch["width"].to_numpy(), batch["height"].to_numpy(), turned)
            aspects[there] = shapes[here]
            if "quality" in columns:
                quality[there] = batch["quality"].to_numpy()[here]
            for n, target in zip(here, there, strict=True):
                thumbnails[target] = np.frombuffer(batch["thumbnail"][n].as_buffer(), np.uint8)
    return Looks(hashes, thumbnails, aspects, quality)


def _counted(rows: Iterable[dict[str, Any]], step: Stage) -> Iterator[dict[str, Any]]:
    for row in rows:
        step.advance()
        yield row


def _distinct(image_ids: list[str], views: list[str]) -> list[tuple[str, str]]:
    """The stored photos of a product, each once, with the view it was first shown as."""
    found: dict[str, str] = {}
    for image_id, view in zip(image_ids, views, strict=True):
        if image_id:
            found.setdefault(image_id, view)
    return list(found.items())
