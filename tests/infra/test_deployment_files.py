"""infra/Dockerfile, compose.yaml and kubernetes/: valid by published schemas, and of commands that there are.

No engine runs here. Compose is read by an implementation of its specification, Kubernetes by its published schemas. The
definitions of KubeRay come as no package: its pods are held against the schemas of Kubernetes, names of fields against
those of its API reference that are used, and the cluster is read by the autoscaler that comes with Ray.
"""

import copy
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from compose_spec import PyCompose

from flows.ray_serve.arguments import SearchApp
from infra.lake import Lake
from infra.machine import ROOT
from infra.settings import Settings
from tests.infra.deployment import COMPOSE, OURS, RESOURCES, SERVICES, clusters, containers, groups

KUBERNETES = "1.36"
# Fields of KubeRay's API (ray.io/v1) that are used, by kind.
KUBERAY = {
    "RayCluster": {"rayVersion", "enableInTreeAutoscaling", "headGroupSpec", "workerGroupSpecs"},
    "RayJob": {
        "entrypoint", "shutdownAfterJobFinishes", "ttlSecondsAfterFinished", "backoffLimit", "rayClusterSpec",
    },
    "RayService": {"serveConfigV2", "rayClusterConfig"},
    "head": {"rayStartParams", "template"},
    "worker": {"groupName", "replicas", "minReplicas", "maxReplicas", "rayStartParams", "template"},
}  # fmt: skip


def read_compose(given: dict[str, Any]) -> PyCompose:
    read = PyCompose.from_json(json.dumps(given))
    read.validate()
    return read


def test_compose_is_what_its_specification_says() -> None:
    assert {
        "prefect",
        "postgres",
        "milvus",
        "ray-head",
        "s3",
        "search",
        "prometheus",
        "grafana",
        "worker",
    } <= set(read_compose(COMPOSE).service_names())
    slip = copy.deepcopy(COMPOSE)
    slip["services"]["s3"]["restrat"] = slip["services"]["s3"].pop("restart")
    with pytest.raises(ValueError, match="restrat"):
        read_compose(slip)


def test_what_services_of_compose_name_is_there() -> None:
    for name, service in SERVICES.items():
        for other, how in service.get("depends_on", {}).items():
            assert how["condition"] != "service_healthy" or "healthcheck" in SERVICES[other], (name, other)
        assert set(service.get("secrets", [])) <= set(COMPOSE["secrets"])
        for volume in service.get("volumes", []):
            source = volume.partition(":")[0]
            if not source.startswith("."):
                assert source in COMPOSE["volumes"], (name, source)
            elif source != "./shops.yaml":  # which its user writes
                assert (ROOT / "infra" / source).exists(), (name, source)
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", [])), name
    text = (ROOT / "infra/compose.yaml").read_text()
    head = text.partition("\nname:")[0]
    assert all(name in head for name in re.findall(r"\$\{(\w+)", text))


@pytest.mark.parametrize(
    "resource", RESOURCES, ids=[f"{each['kind']} {each['metadata']['name']}" for each in RESOURCES]
)
def test_a_resource_is_what_kubernetes_takes(resource: dict[str, Any]) -> None:
    if resource["apiVersion"] != "ray.io/v1":
        kubernetes_validate.validate(resource, KUBERNETES, strict=True)
    assert resource["metadata"].get("namespace", "vitrine") == "vitrine"


def test_pods_of_ray_clusters_are_what_kubernetes_takes_and_their_fields_are_kuberays() -> None:
    for resource in RESOURCES:
        if resource["apiVersion"] == "ray.io/v1":
            assert set(resource["spec"]) <= KUBERAY[resource["kind"]]
    for name, spec in clusters():
        assert set(spec) <= KUBERAY["RayCluster"] and set(spec["headGroupSpec"]) <= KUBERAY["head"]
        assert all(set(group) <= KUBERAY["worker"] for group in spec["workerGroupSpecs"])
        assert f"\nray=={spec['rayVersion']} " in (ROOT / "requirements.lock").read_text()
        for group in groups(spec):
            pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}} | group["template"]
            kubernetes_validate.validate(pod, KUBERNETES, strict=True)


def test_the_autoscaler_of_ray_reads_the_cluster() -> None:
    from ray.autoscaler._private.kuberay.autoscaling_config import _derive_autoscaling_config_from_ray_cr

    (cluster,) = (resource for resource in RESOURCES if resource["kind"] == "RayCluster")

    read = _derive_autoscaling_config_from_ray_cr(cluster)

    types = read["available_node_types"]
    assert types["headgroup"]["resources"]["CPU"] == 0
    assert (types["cpu"]["min_workers"], types["cpu"]["max_workers"], types["cpu"]["resources"]["CPU"]) == (
        1,
        8,
        4,
    )


def test_names_within_kubernetes_lead_somewhere() -> None:
    named = {(each["kind"], each["metadata"]["name"]) for each in RESOURCES}
    made = {("Secret", "vitrine"), ("ConfigMap", "shops")}  # by hand, as the README shows
    readme = (ROOT / "infra/kubernetes/README.md").read_text()
    assert "secret generic vitrine" in readme and "configmap shops" in readme
    for container in containers():
        for source in container.get("envFrom", []):
            kind, name = next((kind, ref["name"]) for kind, ref in source.items())
            assert (
                kind.removesuffix("Ref").replace("configMap", "ConfigMap").replace("secret", "Secret"),
                name,
            ) in named | made
        for variable in container.get("env", []):
            if "valueFrom" in variable:
                assert variable["valueFrom"]["secretKeyRef"]["key"] in readme
    hosts = {name for kind, name in named if kind == "Service"} | {"vitrine-head-svc"}
    (settings,) = (each["data"] for each in RESOURCES if each["kind"] == "ConfigMap")
    assert {
        settings["VITRINE_MILVUS_URI"].split("/")[2].split(":")[0],
        settings["RAY_ADDRESS"].split(":")[0],
    } <= hosts


def test_jobs_and_services_with_a_cluster_of_their_own_join_that_and_not_the_one_of_the_settings() -> None:
    owners = {each["metadata"]["name"] for each in RESOURCES if each["kind"] in ("RayJob", "RayService")}
    assert owners == {"retrain", "search"}
    for group in (group for name, spec in clusters() if name in owners for group in groups(spec)):
        (container,) = group["template"]["spec"]["containers"]
        assert {"name": "RAY_ADDRESS", "value": "auto"} in container["env"]


def test_ray_serve_is_told_what_its_application_takes() -> None:
    (service,) = (each["spec"] for each in RESOURCES if each["kind"] == "RayService")
    alone = yaml.safe_load((ROOT / "infra/serve.yaml").read_text())
    assert yaml.safe_load(service["serveConfigV2"]) == alone
    (app,) = alone["applications"]
    module, _, builder = app["import_path"].partition(":")
    assert f"def {builder}(" in (ROOT / f"{module.replace('.', '/')}.py").read_text()
    assert SearchApp.model_validate(app["args"]).gpus == 0
    ports = {"name": "serve", "containerPort": alone["http_options"]["port"]}
    workers = [
        group["template"]["spec"]["containers"][0]
        for group in service["rayClusterConfig"]["workerGroupSpecs"]
    ]
    assert workers and all(ports in container["ports"] for container in workers)


def test_settings_are_those_that_there_are() -> None:
    known = {f"VITRINE_{name.upper()}" for name in Settings.model_fields} | {"VITRINE_HOME"}
    (of_kubernetes,) = (each["data"] for each in RESOURCES if each["kind"] == "ConfigMap")
    for given in (of_kubernetes, *(service.get("environment", {}) for service in SERVICES.values())):
        assert {name for name in given if name.startswith("VITRINE_")} <= known


def test_the_bucket_of_compose_is_made_by_its_command(uri: str) -> None:
    options = uri.partition("?")[2].replace("&allow_bucket_creation=true", "")
    other = f"s3://made-by-compose/vitrine?{options}"
    env = os.environ | {"VITRINE_LAKE": other}

    for _ in range(2):
        subprocess.run([sys.executable, *SERVICES["bucket"]["command"][1:]], env=env, check=True)

    lake = Lake(other)
    run = lake.begin("run", "label", "k")
    assert lake.commit(run, {}).run_id == lake.newest("label").run_id


def test_prometheus_and_grafana_look_at_services_that_there_are() -> None:
    scraped = yaml.safe_load((ROOT / "infra/prometheus.yaml").read_text())["scrape_configs"]
    targets = [target for job in scraped for each in job["static_configs"] for target in each["targets"]]
    assert {target.split(":")[0] for target in targets} <= SERVICES.keys()
    assert (
        f"--metrics-export-port={dict(t.split(':') for t in targets)['ray-head']}"
        in SERVICES["ray-head"]["command"]
    )
    (search,) = (job for job in scraped if job["job_name"] == "search")
    assert Path(search["authorization"]["credentials_file"]).name in SERVICES["prometheus"]["secrets"]
    provisioning = ROOT / "infra/grafana/provisioning"
    (source,) = yaml.safe_load((provisioning / "datasources/prometheus.yaml").read_text())["datasources"]
    assert source["url"].split("/")[2].split(":")[0] in SERVICES
    (provider,) = yaml.safe_load((provisioning / "dashboards/vitrine.yaml").read_text())["providers"]
    assert any(f":{provider['options']['path']}/" in volume for volume in SERVICES["grafana"]["volumes"])


def test_what_waits_for_orphans_is_the_first_process_of_every_container_of_ours() -> None:
    text = (ROOT / "infra/Dockerfile").read_text()
    assert '\nENTRYPOINT ["tini", "--"]\n' in text and re.search(r"install .*\btini\b", text)
    ours = [container for container in containers() if container["image"] == OURS]
    assert ours and all("command" not in container for container in ours), (
        "`command` would take its place, `args` does not"
    )
    assert all("entrypoint" not in service for service in SERVICES.values() if service["image"] == OURS)


def test_the_image_is_built_of_files_that_there_are() -> None:
    text = re.sub(r"\\\n\s*", " ", (ROOT / "infra/Dockerfile").read_text())
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    known = {"FROM", "RUN", "ENV", "WORKDIR", "COPY", "USER", "ENTRYPOINT", "CMD"}
    assert {line.split()[0] for line in lines} <= known
    let_in = (ROOT / "infra/Dockerfile.dockerignore").read_text().splitlines()
    for line in lines:
        words = line.split()
        if words[0] == "COPY" and not words[1].startswith("--from"):
            assert all((ROOT / source).exists() and f"!{source}" in let_in for source in words[1:-1]), line
    (sought,) = re.findall(r"\$\((sed .*?) requirements.lock\)", text)
    found = subprocess.run(
        [*shlex.split(sought), "requirements.lock"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert re.fullmatch(r"\d+\.\d+\.\d+\n", found.stdout)
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert packages == {line.split()[1] for line in lines if re.match(r"COPY (\w+) \1$", line)}
