"""A flow run's end, told to Prometheus as batch jobs do: in files for node_exporter, or pushed."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from prometheus_client import CollectorRegistry, Gauge, push_to_gateway, write_to_textfile

from flows.metrics import declared
from flows.metrics.of_lake import LakeCollector
from infra.lake import Lake
from infra.settings import Settings, load_settings
from schemas.errors import PipelineError

JOB = "vitrine"
PUSHED_WITHIN_S = 10.0
_log = logging.getLogger("vitrine.metrics")


@contextmanager
def told_at_end(flow: str, lake: str) -> Iterator[None]:
    """Tell how the work of a flow ended, and what its lake holds then, where the settings say to whom."""
    begun, failed = time.time(), True
    try:
        yield
        failed = False
    finally:
        settings = load_settings(lake=lake or None)
        if settings.metrics_folder or settings.pushgateway:
            _tell(settings, flow, seconds=time.time() - begun, failed=failed)


def _tell(settings: Settings, flow: str, *, seconds: float, failed: bool) -> None:
    of_flow, of_lake = CollectorRegistry(), CollectorRegistry()
    for metric, value in (
        (declared.FLOW_FAILED, float(failed)),
        (declared.FLOW_ENDED_AT, time.time()),
        (declared.FLOW_SECONDS, seconds),
    ):
        Gauge(metric.name, metric.help, metric.labels, registry=of_flow).labels(flow).set(value)
    try:
        of_lake.register(LakeCollector(Lake(settings.lake)))
        if settings.metrics_folder:
            folder = Path(settings.metrics_folder).expanduser()
            folder.mkdir(parents=True, exist_ok=True)
            write_to_textfile(str(folder / f"{JOB}-{flow}.prom"), of_flow)
            write_to_textfile(str(folder / f"{JOB}.prom"), of_lake)
        if settings.pushgateway:
            own = {"flow": flow}
            push_to_gateway(settings.pushgateway, JOB, of_flow, grouping_key=own, timeout=PUSHED_WITHIN_S)
            push_to_gateway(settings.pushgateway, JOB, of_lake, timeout=PUSHED_WITHIN_S)
    except (OSError, PipelineError) as error:  # a run is not to fail because nobody could be told
        _log.warning("metrics of %s could not be delivered: %s", flow, error)
