"""A page that runs while something is forgotten: it is found no more, and what is left has its photos."""

from pathlib import Path

from flows.serve.indexes.served_index import Serving
from flows.upkeep.forget import forget
from tests.flows.processes import wait_until
from tests.flows.published_lake import publish_small
from tests.flows.serve.served_lake import ServedLake


def test_a_running_page_forgets_what_the_lake_forgets(tmp_path: Path) -> None:
    small = ServedLake(tmp_path / "lake")
    publish_small(small)
    serving = Serving(small.lake)
    product, *_, ids = small.products[0]
    stays = small.products[1][3][0]
    assert serving.now().product(product.product_id)

    forget(small.lake.uri, shop=product.shop)
    wait_until(lambda: serving.now().product(product.product_id) is None, 60)

    assert ids[0] not in serving.now().photos and stays in serving.now().photos
    assert serving.now().photos.original(stays) == small.photos[stays]
    serving.now().close()
