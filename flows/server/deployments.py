"""The deployments of infra/prefect.yaml on a Prefect server."""

import os
from contextlib import suppress
from importlib import import_module
from typing import Any

from prefect import Flow
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.actions import DeploymentScheduleCreate, WorkPoolCreate
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterTags
from prefect.client.schemas.objects import ConcurrencyOptions
from prefect.client.schemas.schedules import CronSchedule
from prefect.exceptions import ObjectAlreadyExists, ObjectNotFound
from prefect.utilities.templating import apply_values

from flows.server.applied import Applied
from infra.machine import ROOT
from schemas.errors import InputError

TAG = "vitrine"
_COMPARED = ("description", "parameters", "tags", "pull_steps", "entrypoint", "work_pool_name", "job_variables",
             "parameter_openapi_schema", "concurrency_options")  # fmt: skip


def deployment_specs(path: str, given: Any, shops: str | None = None) -> list[dict[str, Any]]:
    """Read the deployments of a prefect.yaml: what `create_deployment` of the client takes, and `flow`.

    shops  file of shops that stands in for the one that the deployments name
    Raises InputError for a file or an entry point that cannot be used.
    """
    os.environ.setdefault("VITRINE_HOME", str(ROOT))
    try:
        given = apply_values(given, {}, remove_notset=False)
        return [_spec(each, given.get("pull") or [], shops) for each in given["deployments"]]
    except (KeyError, TypeError, AttributeError, ValueError, ImportError) as error:
        what = " ".join(str(error).split())[:200]
        raise InputError(path, f"holds no deployments that can be used ({what})") from error


def apply_deployments(client: SyncPrefectClient, specs: list[dict[str, Any]]) -> Applied:
    """Make deployments and their work pools, change those that are there otherwise, remove those of ours not wanted.

    What is there as it should be is not touched: Prefect would delete its scheduled runs and make them anew.
    """
    filtered = DeploymentFilter(tags=DeploymentFilterTags(all_=[TAG]))
    ours = {deployment.id: deployment for deployment in client.read_deployments(deployment_filter=filtered)}
    done, wanted = Applied(), set()
    for spec in specs:
        flow: Flow[..., Any] = spec["flow"]
        name = f"{flow.name}/{spec['name']}"
        _make_pool(client, spec["work_pool_name"])
        flow_id = client.create_flow(flow)
        try:
            there = client.read_deployment_by_name(name)
        except ObjectNotFound:
            there = None
        same = there is not None and _seen(_of_server(there)) == _seen(spec)
        if not same:
            told = {key: value for key, value in spec.items() if key not in ("flow", "schedules")}
            client.create_deployment(
                flow_id, schedules=_as_active(spec, there), enforce_parameter_schema=True, path=".", **told
            )
        wanted.add(client.read_deployment_by_name(name).id)
        (done.made if there is None else done.kept if same else done.changed).append(name)
    for surplus_id in set(ours) - wanted:
        client.delete_deployment(surplus_id)
        done.removed.append(ours[surplus_id].name)
    return done


def _spec(given: dict[str, Any], pull: list[dict[str, Any]], shops: str | None) -> dict[str, Any]:
    module, _, name = given["entrypoint"].rpartition(".")
    flow = getattr(import_module(module), name)
    limit = given.get("concurrency_limit") or {}
    parameters = dict(given.get("parameters") or {})
    if shops and "shops" in parameters:
        parameters["shops"] = shops
    if unknown := sorted(set(parameters) - set(flow.parameters.properties)):
        raise InputError(given["name"], f"the flow {flow.name} has no parameter {unknown[0]}")
    return {
        "flow": flow,
        "name": given["name"],
        "description": given.get("description") or flow.description,
        "entrypoint": given["entrypoint"],
        "parameters": parameters,
        "tags": sorted({TAG, *given.get("tags", ())}),
        "pull_steps": pull,
        "work_pool_name": given["work_pool"]["name"],
        "job_variables": given["work_pool"].get("job_variables") or {},
        "parameter_openapi_schema": flow.parameters.model_dump_for_openapi(),
        "concurrency_limit": limit.get("limit"),
        "concurrency_options": _on_collision(limit),
        "schedules": [
            _schedule(given["name"], number, each) for number, each in enumerate(given.get("schedules") or ())
        ],
    }


def _on_collision(limit: dict[str, Any]) -> ConcurrencyOptions | None:
    return (
        ConcurrencyOptions(collision_strategy=limit.get("collision_strategy", "ENQUEUE")) if limit else None
    )


def _schedule(deployment: str, number: int, given: dict[str, Any]) -> DeploymentScheduleCreate:
    """A schedule with a name of its own, by which the server's is known again."""
    cron = CronSchedule(cron=given["cron"], timezone=given.get("timezone"))
    slug = given.get("slug") or f"{deployment}-{number + 1}"
    return DeploymentScheduleCreate(schedule=cron, active=given.get("active", False), slug=slug)


def _of_server(deployment: Any) -> dict[str, Any]:
    """A deployment of the server in the form of a spec."""
    limit = deployment.global_concurrency_limit
    fields: dict[str, Any] = vars(deployment)
    return fields | {
        "tags": sorted(deployment.tags),
        "concurrency_limit": limit.limit if limit else None,
    }


def _seen(spec: dict[str, Any]) -> dict[str, Any]:
    """What two deployments are compared by; whether a schedule is active is the server's business."""
    options = spec["concurrency_options"]
    return {name: spec[name] for name in _COMPARED} | {
        "limit": spec["concurrency_limit"],
        "concurrency_options": options.collision_strategy if options else None,
        "schedules": [(each.slug, each.schedule.model_dump(mode="json")) for each in spec["schedules"]],
    }


def _as_active(spec: dict[str, Any], there: Any) -> list[DeploymentScheduleCreate]:
    """The schedules of a spec, as active as those of the deployment that is there."""
    active = {each.slug: each.active for each in there.schedules} if there else {}
    return [
        each.model_copy(update={"active": active.get(each.slug, each.active)}) for each in spec["schedules"]
    ]


def _make_pool(client: SyncPrefectClient, name: str) -> None:
    try:
        client.read_work_pool(name)
    except ObjectNotFound:
        # Asked again after an answer that was lost, or made by another meanwhile.
        with suppress(ObjectAlreadyExists):
            client.create_work_pool(WorkPoolCreate(name=name, type="process"))
