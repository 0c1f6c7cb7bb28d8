"""The automations of infra/automations.yaml on a Prefect server: what happens to runs that nobody watches."""

from typing import Any

from prefect.client.orchestration import SyncPrefectClient
from prefect.events.schemas.automations import AutomationCore
from prefect.exceptions import ObjectNotFound
from pydantic import ValidationError

from flows.server.applied import Applied, surplus
from schemas.errors import InputError

OURS = "vitrine: "  # the names of the automations that are ours begin so
_COMPARED = ("description", "tags", "trigger", "actions", "actions_on_trigger", "actions_on_resolve")


def read_automations(path: str, given: Any) -> list[AutomationCore]:
    """Make automations of a file in the form that `prefect automation create --from-file` takes.

    Raises InputError in one line, also for one whose name does not begin with `vitrine: `.
    """
    listed = given.get("automations") if isinstance(given, dict) else None
    if not isinstance(listed, list):
        raise InputError(path, "automations: a list of them is needed")
    automations = []
    for number, each in enumerate(listed, 1):
        try:
            automation = AutomationCore.model_validate(each)
        except ValidationError as error:
            fault = error.errors(include_url=False)[0]
            where = ".".join(str(step) for step in fault["loc"])
            raise InputError(path, f"automation {number}, {where}: {fault['msg']}") from None
        if not automation.name.startswith(OURS):
            raise InputError(path, f"automation {number}: its name must begin with {OURS!r}")
        automations.append(automation)
    return automations


def apply_automations(
    client: SyncPrefectClient, wanted: list[AutomationCore], notify: str | None = None
) -> Applied:
    """Make automations, change those that are there otherwise, remove those of ours that are wanted no more.

    notify  a notification block, `slack-webhook/ops`: each automation sends a message through it, too. An automation
            that somebody has switched off stays so.
    """
    block = _block(client, notify) if notify else None
    there = {each.name: each for each in client.read_automations()}
    done = Applied()
    for automation in wanted:
        if block is not None:
            automation = _telling(automation, block)
        old = there.get(automation.name)
        if old is None:
            client.create_automation(automation)
            done.made.append(automation.name)
        elif _seen(old) == _seen(automation):
            done.kept.append(automation.name)
        else:
            client.update_automation(old.id, automation.model_copy(update={"enabled": old.enabled}))
            done.changed.append(automation.name)
    for name in surplus(there, [each.name for each in wanted], OURS):
        client.delete_automation(there[name].id)
        done.removed.append(name)
    return done


def _seen(automation: AutomationCore) -> dict[str, Any]:
    """What two automations are compared by; ids that the server gave to triggers are no part of it."""
    seen: dict[str, Any] = _without_ids(automation.model_dump(mode="json", include=set(_COMPARED)))
    return seen


def _without_ids(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_ids(inner) for name, inner in value.items() if name != "id"}
    if isinstance(value, list):
        return sorted((_without_ids(inner) for inner in value), key=repr)
    return value


def _block(client: SyncPrefectClient, notify: str) -> str:
    kind, _, name = notify.partition("/")
    try:
        return str(client.read_block_document_by_name(name, kind).id)
    except ObjectNotFound:
        raise InputError(f"--notify {notify}", "no such block; write type/name, slack-webhook/ops") from None


def _telling(automation: AutomationCore, block: str) -> AutomationCore:
    action = {
        "type": "send-notification",
        "block_document_id": block,
        "subject": automation.name,
        "body": "{{ automation.description }}\n{{ event.resource.name }}: {{ flow_run.state.message }}",
    }
    given = automation.model_dump(mode="json")
    return AutomationCore.model_validate(given | {"actions": [*given["actions"], action]})
