"""What a crawl has to tell of its photos beside its tables: photos that many products show, and pictures left unread.

A photo of many products shows none of them: it is the shop's "no image" picture, a size chart or a shot of a group. A
file whose name says so is not asked at all (photo_queue.py); any other is told only, for a shop that sells each size
by itself shows one photo many times with good reason.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from crawlers.state.tables.crawl_state import CrawlState
from crawlers.state.tables.previous_crawl import Fate

# Colours and sizes of one style, sold each by itself, share a photo, and rarely more than five do. In a large shop
# there are some families of more, so a share counts, too; but nobody has fifty colours.
MORE_THAN, LEAST_SHARE, SURELY = 5, 0.02, 50
_MOST_TOLD, _EXAMPLES = 5, 3

# A photo without an answer is counted by its address; products that are carried on are known by their photos alone.
_SHARED = """
with shows (photo, url, product) as (
  select coalesce(answer.image_id, photo.url), photo.url, product.id
    from photo join product using (n) left join answer using (url)
  union all
  select value, null, before.id from before, json_each(before.image_ids)
   where before.fate in (:unchanged, :kept) and value <> '')
select photo, coalesce(min(url), (select min(url) from photo_before where image_id = photo)) as url,
       count(distinct product) as products, count(*) over () as photos
  from shows group by photo having count(distinct product) > :more_than order by products desc, photo limit :most
"""
_UNREAD = """
select count(*) as products, coalesce(sum(pictures), 0) as pictures
  from (select json_extract(facts, '$.unread_photos') as pictures from product) where pictures > 0
"""


@dataclass(frozen=True)
class SharedPhoto:
    """One photo, or an address without one, that `products` products show."""

    url: str
    products: int


def shared_photos(state: CrawlState) -> list[SharedPhoto]:
    """Find photos that so many products show that they show none of them, those of most products first.

    To be called when the fates of the previous crawl's products are decided.
    """
    return _most_shared(state)[0]


def _most_shared(state: CrawlState) -> tuple[list[SharedPhoto], int]:
    """Return those of most products, and how many there are in all."""
    fates = state.previous.fate_counts()
    carried = fates[Fate.UNCHANGED] + fates[Fate.KEPT]
    total = state.collected.product_count() + carried
    marks = {
        "unchanged": Fate.UNCHANGED,
        "kept": Fate.KEPT,
        "more_than": max(MORE_THAN, min(LEAST_SHARE * total, SURELY)),
        "most": _MOST_TOLD,
    }
    rows = state.db.execute(_SHARED, marks).fetchall()
    shared = [SharedPhoto(row["url"] or row["photo"], row["products"]) for row in rows]
    return shared, rows[0]["photos"] if rows else 0


def photo_notes(state: CrawlState, products: int) -> dict[str, Any]:
    """Return what goes into a crawl's result: the figures, and `notes`, a sentence of each.

    products  of the whole catalogue, as it is committed
    """
    shared, number = _most_shared(state)
    unread = state.db.execute(_UNREAD).fetchone()
    return {
        "shared_photos": [asdict(photo) for photo in shared],
        "unread_photos": int(unread["pictures"]),
        "notes": [
            *shared_note(shared, number, products),
            *unread_note(int(unread["products"]), int(unread["pictures"])),
        ],
    }


def shared_note(shared: Sequence[SharedPhoto], number: int, products: int) -> Sequence[str]:
    """Word that photos are no product's own, in one sentence; nothing where there are none.

    number  how many there are, of which `shared` are those of most products
    """
    if not shared:
        return ()
    if number == 1:
        return (
            f"{shared[0].products:,} of {products:,} products show one and the same photo, {shared[0].url}: a"
            " placeholder, a size chart or a shot of a group, which tells none of them from another",
        )
    examples = ", ".join(f"{photo.url} ({photo.products:,})" for photo in shared[:_EXAMPLES])
    more = ", and others" if number > _EXAMPLES else ""
    return (
        f"{number:,} photos are shown by many of {products:,} products each, {examples}{more}: placeholders, size"
        " charts or shots of a group, which tell none of them from another",
    )


def unread_note(products: int, pictures: int) -> Sequence[str]:
    """Word that pages show more than was taken; nothing where they do not."""
    if not pictures:
        return ()
    return (
        f"the pages of {products:,} products show {pictures:,} more pictures than their data states and than links to"
        " full-size files make certain; a profile with fields.images takes them",
    )
