"""The mall's photos as DeepFashion's Consumer-to-shop Clothes Retrieval: every customer's photo with every shop's."""

from collections.abc import Sequence
from itertools import product

from infra.mall.catalogue import DrawnCatalogue
from infra.mall.export.named_facts import attribute_names, attributes_of, in_capitals
from infra.mall.export.official_text import Counted, folder_of, share_of, worn
from infra.mall.item import Photo
from schemas.annotation import Annotation

SHOP, CONSUMER = 1, 2  # source types
VIEWS = ("front", "back", "flat")
TRAIN, TRAIN_AND_VAL = 0.6, 0.7  # shares of items
FOLDERS = {
    "TROUSERS": ("pants", "jeans", "shorts"),
    "DRESSES": ("dress", "jumpsuit", "skirt"),
    "CLOTHING": ("jacket", "coat", "cardigan", "hoodie"),
}


def export(catalogues: Sequence[DrawnCatalogue], path: str) -> int:
    """Write the folder; returns the photos. Raises InputError as `folder_of` does."""
    names = attribute_names()
    with folder_of(path, catalogues[0].size) as folder:
        kinds = folder.text("Anno/list_attr_type.txt", "attribute_type_id  attribute_type_name")
        groups = list(dict.fromkeys(name.rpartition(" ")[2] for name, _ in names))
        for number, group in enumerate(groups, 1):
            kinds.write(number, group)
        attributes = folder.text(
            "Anno/list_attr_cloth.txt", "attribute_chinese  attribute_name  attribute_type"
        )
        for name, _ in names:
            value, _, fact = name.rpartition(" ")
            attributes.write("-", value, groups.index(fact) + 1)
        attributes_of_items = folder.text("Anno/list_attr_items.txt", "item_id  attribute_labels")
        items = folder.text("Anno/list_item_consumer2shop.txt")
        columns = "image_name  clothes_type  source_type  x_1  y_1  x_2  y_2"
        boxes = folder.text("Anno/list_bbox_consumer2shop.txt", columns)
        columns = "image_name  clothes_type  variation_type  landmark_visibility_1 ..."
        landmarks = folder.text("Anno/list_landmarks_consumer2shop.txt", columns)
        columns = "image_pair_name_1  image_pair_name_2  item_id  evaluation_status"
        splits = folder.text("Eval/list_eval_partition.txt", columns)
        for number, catalogue, item in worn(catalogues):
            assert item.truth is not None
            name, true = f"id_{number:08d}", attributes_of(item.truth)
            items.write(name)
            attributes_of_items.write(name, *("1" if each in true else "-1" for each, _ in names))
            shown = {photo: catalogue.annotation(item, photo) for photo in item.photos}
            below = f"img/{_folder(item.truth.category)}/{in_capitals(item.truth.category)}/{name}"
            placed = _named(below, shown)
            for photo, (image, source) in placed.items():
                folder.photo(image, catalogue.photo(item, photo))
                kind, *points = folder.landmarks(shown[photo])
                boxes.write(image, kind, source, *folder.box(shown[photo]))
                landmarks.write(image, kind, 1, *points)
            _write_pairs(splits, placed, name, share_of(item))
    return folder.photos


def _write_pairs(splits: Counted, placed: dict[Photo, tuple[str, int]], name: str, share: float) -> None:
    split = "train" if share < TRAIN else "val" if share < TRAIN_AND_VAL else "test"
    for asks, answers in product(
        *([image for image, of in placed.values() if of == source] for source in (CONSUMER, SHOP))
    ):
        splits.write(asks, answers, name, split)


def _named(below: str, shown: dict[Photo, Annotation]) -> dict[Photo, tuple[str, int]]:
    """The name and the source type of each photo that is given; the authors write `comsumer`."""
    placed: dict[Photo, tuple[str, int]] = {}
    counts = {SHOP: 0, CONSUMER: 0}
    for photo, known in shown.items():
        if known.box is None or (photo.kind == "shop" and photo.view not in VIEWS):
            continue
        source = CONSUMER if photo.kind == "customer" else SHOP
        counts[source] += 1
        called = "comsumer" if source == CONSUMER else "shop"
        placed[photo] = (f"{below}/{called}_{counts[source]:02d}.jpg", source)
    return placed


def _folder(category: str) -> str:
    return next((name for name, kinds in FOLDERS.items() if category in kinds), "TOPS")
