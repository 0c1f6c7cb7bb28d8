"""`vitrine demo`: the mall opens, the whole chain runs on it, a report is written."""

import time
from typing import Any

from flows.crawl_and_index import crawl_and_index
from flows.orchestration import PrivateApi
from flows.queries.report import write_report
from infra.mall.running import start
from infra.mall.trade import MallSpec

# Two cores without a GPU in a few minutes. Most epochs train the layers of words alone, behind ImageNet's features: of
# all that was tried (docs/MEASURED.md) the most photos found per minute.
SETTINGS = {
    "backbone": "efficientnet_lite0",
    "image_size": 96,
    "optimiser": "adamw",
    "learning_rate": 0.001,
    "weight_decay": 0.01,
    "schedule": "cosine",
    "batch": 64,
    "frozen_epochs": 6,
    "epochs": 2,
    "sampling": "photos",
}
RAREST = 6  # products: on a small catalogue, rarer words are noise that has to be learnt by heart


def run_demo(lake: str, products: int, seed: int, api: PrivateApi) -> dict[str, Any]:
    """Crawl the mall's two shops, learn from their words, index, evaluate, publish, report.

    Returns the results of every stage, the report's path, and what passed between the stages.
    """
    begun = time.monotonic()
    with start(MallSpec(products=products, seed=seed, draw_ahead=1)) as mall:
        api.wait()
        urls = [f"{shop.name}={shop.url}" for shop in mall.shops]
        flow_begun = time.monotonic()
        done: dict[str, Any] = crawl_and_index(
            urls=urls, lake=lake, method="corbiere", settings=SETTINGS, retrain=True, rarest=RAREST
        )
        flow_seconds = time.monotonic() - flow_begun
    stages = sum(stage["seconds"] for name, stage in done.items())
    report = write_report(lake, done["evaluate"]["run_id"])
    return done | {
        "lake": lake,
        "report": report["report"],
        "seconds": time.monotonic() - begun,
        "orchestration_seconds": api.seconds_waited + flow_seconds - stages,
    }
