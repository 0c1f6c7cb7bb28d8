"""The mall's photos as DeepFashion's Category and Attribute Prediction.

Items, not photos, are on one side of the split, so that no test photo shows a garment that was learnt from.
"""

from collections.abc import Sequence

from infra.mall.catalogue import DrawnCatalogue
from infra.mall.export.named_facts import attribute_names, attributes_of, in_capitals
from infra.mall.export.official_text import TYPES, WORN, folder_of, share_of, worn

VIEWS = (
    "front",
    "back",
    "flat",
    "customer-1",
    "customer-2",
)  # no details: most of a garment is outside of them
TRAIN, TRAIN_AND_VAL = 0.7, 0.8  # shares of items


def export(catalogues: Sequence[DrawnCatalogue], path: str) -> int:
    """Write the folder; returns the photos. Raises InputError as `folder_of` does."""
    names = attribute_names()
    with folder_of(path, catalogues[0].size) as folder:
        kinds = folder.text("Anno/list_category_cloth.txt", "category_name  category_type")
        for category in WORN:
            kinds.write(in_capitals(category), TYPES[category])
        attributes = folder.text("Anno/list_attr_cloth.txt", "attribute_name  attribute_type")
        for name, group in names:
            attributes.write(name, group)
        category_of = folder.text("Anno/list_category_img.txt", "image_name  category_label")
        attributes_at = folder.text("Anno/list_attr_img.txt", "image_name  attribute_labels")
        boxes = folder.text("Anno/list_bbox.txt", "image_name  x_1  y_1  x_2  y_2")
        landmarks = folder.text(
            "Anno/list_landmarks.txt", "image_name  clothes_type  landmark_visibility_1 ..."
        )
        splits = folder.text("Eval/list_eval_partition.txt", "image_name  evaluation_status")
        for number, catalogue, item in worn(catalogues):
            assert item.truth is not None
            true = attributes_of(item.truth)
            values = ["1" if name in true else "-1" for name, _ in names]
            share = share_of(item)
            split = "train" if share < TRAIN else "val" if share < TRAIN_AND_VAL else "test"
            title = "_".join(word for word in item.title.replace("/", " ").split())
            for photo in item.photos:
                if photo.view not in VIEWS:
                    continue
                known = catalogue.annotation(item, photo)
                if known.box is None:
                    continue
                image = f"img/{title}_{number:06d}/img_{VIEWS.index(photo.view) + 1:08d}.jpg"
                folder.photo(image, catalogue.photo(item, photo))
                category_of.write(image, WORN.index(known.category) + 1)
                attributes_at.write(image, *values)
                boxes.write(image, *folder.box(known))
                landmarks.write(image, *folder.landmarks(known))
                splits.write(image, split)
    return folder.photos
