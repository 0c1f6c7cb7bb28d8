"""`vitrine deploy`: a Prefect server gets the deployments, limits and automations of our files, no more and no less."""

import os
from pathlib import Path
from typing import Any

import httpx
import yaml
from prefect.client.orchestration import get_client
from prefect.exceptions import PrefectHTTPStatusError

from flows.orchestration import configured_api
from flows.parameters.shops_file import ListedShop, read_shops
from flows.server.automations import apply_automations, read_automations
from flows.server.deployments import apply_deployments, deployment_specs
from flows.server.limits import apply_limits
from infra.machine import ROOT
from schemas.errors import InputError


def deploy(
    file: str = "", automations: str = "", shops: str | None = None, notify: str | None = None
) -> dict[str, Any]:
    """Apply our files to the server that PREFECT_API_URL names; twice gives the same server.

    file         deployments; infra/prefect.yaml by default
    automations  infra/automations.yaml by default
    shops        file of shops instead of the one that the deployments name
    notify       block through which automations send a message, `slack-webhook/ops`
    Returns what was made, changed, kept and removed of each. Raises InputError before anything is changed where a
    file cannot be used.
    """
    if not configured_api():
        raise InputError("deploy", "no Prefect server is named; set PREFECT_API_URL=http://host:4200/api")
    file = file or str(ROOT / "infra" / "prefect.yaml")
    automations = automations or str(ROOT / "infra" / "automations.yaml")
    shops = str(Path(shops).expanduser().resolve()) if shops else None
    specs = deployment_specs(file, _yaml(file), shops)
    listed = _shops(specs)
    wanted = read_automations(automations, _yaml(automations))
    try:
        with get_client(sync_client=True) as client:
            client.api_healthcheck()
            done = {
                "deployments": apply_deployments(client, specs),
                "limits": apply_limits(client, [shop.name for shop in listed]),
                "automations": apply_automations(client, wanted, notify),
            }
            server = str(client.api_url)
    except (httpx.TransportError, PrefectHTTPStatusError) as error:
        why = " ".join(str(error).split())[:300]
        raise InputError(
            configured_api(), f"the Prefect server cannot be used ({why})", transient=True
        ) from error
    return {"server": server} | {name: applied.as_dict() for name, applied in done.items()}


def _shops(specs: list[dict[str, Any]]) -> list[ListedShop]:
    """The shops of all files that the deployments name; each must be crawled by a deployment that there is."""
    home = Path(os.environ.get("VITRINE_HOME", ROOT))
    files = sorted(
        {str(home / spec["parameters"]["shops"]) for spec in specs if spec["parameters"].get("shops")}
    )
    names = {spec["name"] for spec in specs} | {spec["parameters"].get("schedule") for spec in specs}
    listed: dict[str, ListedShop] = {}
    for file in files:
        for shop in _read(file):
            if unknown := [each for each in shop.schedule if each not in names]:
                there = ", ".join(sorted(name for name in names if name))
                raise InputError(
                    file, f"shop {shop.name}, schedule: no deployment {unknown[0]}; there are {there}"
                )
            listed[shop.name] = shop
    return list(listed.values())


def _read(file: str) -> list[ListedShop]:
    if not Path(file).exists():
        raise InputError(file, "no such file; copy infra/shops.example.yaml, or name another with --shops")
    return read_shops(file)


def _yaml(file: str) -> Any:
    try:
        return yaml.safe_load(Path(file).read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InputError(file, f"cannot be read ({' '.join(str(error).split())[:200]})") from error
