"""From the shops' texts to weak labels: words per photo, a vocabulary, and a split that leaks nothing."""

import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

import numpy as np
from prefect import flow, task

from flows.catalogue import newest_crawls, products
from flows.orchestration import worth_retrying
from flows.progress import Stage, stage
from infra.lake import Lake
from schemas.errors import InputError
from schemas.ids import digest
from schemas.image import THUMBNAIL_BYTES
from schemas.label import LABELS, VOCABULARY
from schemas.manifest import Count, Manifest
from schemas.reject import REJECTS
from workers.duplicates import Looks, aspects_as_seen, product_groups
from workers.split import TEST_SHARE, roles, sides
from workers.vocabulary import build_vocabulary
from workers.words import FIELDS, SITE_WORDS, count_words, product_words, stop_words

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
    """Three passes over the products: who shows which photo, which words there are, who has which."""
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
    for schema in (LABELS, VOCABULARY, REJECTS):
        run.drop(schema)
    total = sum(source.rows("products") for source in sources)
    with stage("label", 2 * total, "products") as step:
        group_of, held_out = _sides(place, sources, test_share)
        bags = (
            product_words(row, fields)
            for row in _counted(products(place, sources, fields), step)
            if not held_out.get(row["product_id"], True)
        )
        known = build_vocabulary(
            count_words(bags), size=vocabulary, rarest=rarest, stop=stop_words(), site=SITE_WORDS
        )
        if not known.words:
            raise InputError("label", f"no word stands in {rarest} or more products of {', '.join(parents)}")
        labels, rejects = run.writer(LABELS), run.writer(REJECTS)
        splits: dict[str, int] = {"train": 0, "query": 0, "gallery": 0}
        seen = wordless = 0
        for row in _counted(products(place, sources, [*fields, "image_ids", "image_views", "url"]), step):
            seen += 1
            product = row["product_id"]
            if product not in held_out:
                rejects.write(_no_photo(row))
                continue
            words = known.encode(product_words(row, fields))
            wordless += not words
            photos = _distinct(row["image_ids"], row["image_views"])
            split = roles([view for _, view in photos]) if held_out[product] else ["train"] * len(photos)
            for (image_id, _), part in zip(photos, split, strict=True):
                splits[part] += 1
                labels.write(
                    {
                        "product_id": product,
                        "image_id": image_id,
                        "words": words,
                        "split": part,
                        "group": group_of[product],
                    }
                )
    words_table = run.writer(VOCABULARY)
    words_table.write_table(known.table())
    run.add(LABELS, labels.close())
    run.add(VOCABULARY, words_table.close())
    run.add(REJECTS, rejects.close())
    refused = {"no_photo": rejects.rows} if rejects.rows else {}
    run.counts["label"] = Count(seen, len(held_out), refused)
    run.seconds["label"] = time.monotonic() - begun
    result = {
        "run_id": run.run_id,
        "products": len(held_out),
        "words_kept": len(known.words),
        "words_dropped": known.dropped(),
        "splits": splits,
        "products_without_words": wordless,
        "groups": len(set(group_of.values())),
        "rejected": refused,
        "seconds": round(run.seconds["label"], 2),
    }
    place.commit(run, result)
    return result


def _sides(lake: Lake, sources: list[Manifest], test_share: float) -> tuple[dict[str, int], dict[str, bool]]:
    """Near-duplicate group, and whether it is held out, of every product with a stored photo."""
    owners: list[str] = []
    photos: list[list[str]] = []
    for row in products(lake, sources, ["image_ids"]):
        if stored := [image_id for image_id in row["image_ids"] if image_id]:
            owners.append(row["product_id"])
            photos.append(stored)
    number = {image_id: n for n, image_id in enumerate({i: None for stored in photos for i in stored})}
    groups = product_groups([[number[i] for i in stored] for stored in photos], _looks(lake, number))
    held_out = sides(groups, owners, test_share)
    return dict(zip(owners, groups, strict=True)), dict(zip(owners, held_out, strict=True))


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


def _no_photo(row: dict[str, Any]) -> dict[str, object]:
    return {
        "stage": "label",
        "reason": "no_photo",
        "url": row["url"],
        "product_id": row["product_id"],
        "detail": f"none of its {len(row['image_ids'])} photos is stored",
        "at": datetime.now(UTC),
    }
