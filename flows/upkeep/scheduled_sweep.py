"""`vitrine sweep` as a flow, for a schedule on a Prefect server; by hand the command needs no Prefect."""

from typing import Any

from flows.flow_of import flow_of
from flows.parameters.upkeep import SweepParameters
from flows.running.stage_task import stage_task
from flows.upkeep.sweep import sweep as swept


@flow_of(SweepParameters, name="sweep")
def sweep(parameters: SweepParameters) -> dict[str, Any]:
    """Remove what is older than `keep` and needed by nothing; tell what went, and how many bytes."""
    return sweep_runs(parameters)


@stage_task()
def sweep_runs(parameters: SweepParameters) -> dict[str, Any]:
    """Sweep the lake; a sweep that was killed is simply done again."""
    return swept(parameters.lake, parameters.keep, dry_run=parameters.dry_run, milvus=parameters.milvus)
