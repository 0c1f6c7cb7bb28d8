"""The mall's photos as DeepFashion's In-shop Clothes Retrieval: what its shops show of each item, no customer's photo.

Half of the items are learnt from; of the others every second photo asks, and those between them answer.
"""

import json
from collections.abc import Sequence

from infra.mall.catalogue import DrawnCatalogue
from infra.mall.export.named_facts import attribute_names, attributes_of, in_capitals
from infra.mall.export.official_text import folder_of, share_of, worn

POSES = {"front": (1, "front"), "back": (3, "back"), "detail": (5, "additional"), "flat": (6, "flat")}
TRAIN = 0.5  # share of items


def export(catalogues: Sequence[DrawnCatalogue], path: str) -> int:
    """Write the folder; returns the photos. Raises InputError as `folder_of` does."""
    names = attribute_names()
    words: list[dict[str, object]] = []
    with folder_of(path, catalogues[0].size) as folder:
        attributes = folder.text("Anno/list_attr_cloth.txt", "attribute_name")
        for name, _ in names:
            attributes.write(name)
        attributes_of_items = folder.text("Anno/list_attr_items.txt", "item_id  attribute_labels")
        items = folder.text("Anno/list_item_inshop.txt")
        boxes = folder.text(
            "Anno/list_bbox_inshop.txt", "image_name  clothes_type  pose_type  x_1  y_1  x_2  y_2"
        )
        landmarks = folder.text(
            "Anno/list_landmarks_inshop.txt",
            "image_name  clothes_type  variation_type  landmark_visibility_1 ...",
        )
        splits = folder.text("Eval/list_eval_partition.txt", "image_name  item_id  evaluation_status")
        for number, catalogue, item in worn(catalogues):
            assert item.truth is not None
            name, true = f"id_{number:08d}", attributes_of(item.truth)
            items.write(name)
            attributes_of_items.write(name, *("1" if each in true else "-1" for each, _ in names))
            words.append(
                {"item": name, "color": item.colour, "description": [item.title, item.description_html]}
            )
            learnt = share_of(item) < TRAIN
            below = f"img/{item.truth.gender.upper()}/{in_capitals(item.truth.category)}/{name}"
            shown = 0
            for photo in item.photos:
                known = catalogue.annotation(item, photo)
                if photo.view not in POSES or known.box is None:
                    continue
                pose, called = POSES[photo.view]
                image = f"{below}/{shown + 1:02d}_{shown + 1}_{called}.jpg"
                folder.photo(image, catalogue.photo(item, photo))
                kind, *points = folder.landmarks(known)
                boxes.write(image, kind, pose, *folder.box(known))
                landmarks.write(image, kind, 1, *points)
                splits.write(image, name, "train" if learnt else ("gallery", "query")[shown % 2])
                shown += 1
        described = folder.root / "Anno/list_description_inshop.json"
        described.write_text(json.dumps(words, ensure_ascii=False, indent=1), encoding="utf-8")
    return folder.photos
