"""The Kubernetes manifests, checked as far as possible without a cluster and without kustomize."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from core.settings import VARIABLES, Settings
from db.engine import open_database
from db.migrate import upgrade
from orchestrator.nights.alert_settings import VARIABLES as ALERT_VARIABLES
from orchestrator.upkeep import metrics
from services.usage import Endpoints
from tests.support.analytics import analyst_of, seed_analytics
from tests.support.command_lines import refusal
from tests.support.database import another_database, count
from workers.lifecycle.shutdown import GRACE_S, HAND_BACK_WITHIN_S

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "deploy" / "kubernetes"
PAGE = ROOT / "docs" / "how-to" / "clusters.md"
SCHEMA = json.loads((ROOT / "tests/support/kubernetes.schema.json").read_text(encoding="utf-8"))
SECRET = re.compile(r"PASSWORD|TOKEN|SECRET|KEY|_URL$")
Document = dict[str, Any]


def _documents(path: Path) -> list[Document]:
    return [found for found in yaml.safe_load_all(path.read_text(encoding="utf-8")) if found]


def _kustomization(folder: str) -> Document:
    (found,) = _documents(FOLDER / folder / "kustomization.yaml")
    return found


BASE = [
    one
    for name in _kustomization("base")["resources"]
    for one in _documents(FOLDER / "base" / name)
]
KEDA = _documents(FOLDER / "keda" / "scaledobject.yaml")
PODS = {
    one["metadata"]["name"]: one["spec"]["template"]["spec"]
    for one in BASE
    if one["kind"] in {"Deployment", "Job"}
}
each_resource = pytest.mark.parametrize(
    "resource", BASE, ids=lambda one: f"{one['kind']}-{one['metadata']['name']}"
)
each_pod = pytest.mark.parametrize("name", PODS)


def _container(name: str) -> Document:
    (found,) = PODS[name]["containers"]
    assert isinstance(found, dict)
    return found


def _fault(resource: Document) -> str | None:
    error = best_match(Draft202012Validator(SCHEMA).iter_errors(resource))
    return None if error is None else f"{error.json_path}: {error.message}"


@each_resource
def test_a_resource_fits_the_schema_of_kubernetes(resource: Document) -> None:
    assert _fault(resource) is None


@each_resource
def test_the_schema_refuses_a_field_that_kubernetes_does_not_know(resource: Document) -> None:
    broken = copy.deepcopy(resource)
    broken["metadata"]["lables"] = {}

    assert _fault(broken) is not None


def test_the_schema_refuses_a_misspelt_field_deep_inside() -> None:
    (worker,) = (one for one in BASE if one["metadata"]["name"] == "evalctl-worker")
    broken = copy.deepcopy(worker)
    broken["spec"]["template"]["spec"]["containers"][0]["readinessProbe"]["period"] = 60

    assert _fault(broken) is not None


@pytest.mark.parametrize("folder", ["base", "keda"])
def test_what_a_kustomization_names_is_there(folder: str) -> None:
    kustomization = _kustomization(folder)
    here = FOLDER / folder

    for name in kustomization["resources"]:
        path = (here / name).resolve()
        assert path.exists(), name
        assert path not in here.resolve().parents, "kustomize refuses a folder around its own"
        assert path.is_file() or (path / "kustomization.yaml").is_file()
    for generator in kustomization.get("configMapGenerator", []):
        assert all((here / name).is_file() for name in generator["files"])
    named = {name for name in kustomization["resources"] if name.endswith(".yaml")}
    assert {path.name for path in here.glob("*.yaml")} == named | {"kustomization.yaml"}
    assert set(kustomization) <= {
        "apiVersion", "kind", "namespace", "labels", "resources", "configMapGenerator", "images",
        "patches",
    }  # fmt: skip


def test_a_patch_removes_what_the_base_has() -> None:
    (patch,) = _kustomization("keda")["patches"]
    target = patch["target"]
    (found,) = [one for one in BASE if one["metadata"]["name"] == target["name"]]
    (operation,) = yaml.safe_load(patch["patch"])

    assert (found["apiVersion"], found["kind"]) == ("apps/v1", target["kind"])
    assert operation == {"op": "remove", "path": "/spec/replicas"}
    assert "replicas" in found["spec"]


@each_pod
def test_evalctl_knows_the_commands_of_a_pod(name: str) -> None:
    container = _container(name)
    probe = container.get("readinessProbe", {}).get("exec", {}).get("command")

    assert container["command"][0] == "evalctl"
    assert refusal(container["command"]) is None
    assert container["image"] == _kustomization("base")["images"][0]["name"]
    if probe:
        dockerfile = (ROOT / "deploy" / "Dockerfile.gpu").read_text(encoding="utf-8")
        assert probe == ["python", "/opt/evalctl/healthcheck.py"]
        assert probe[1] in dockerfile


@each_pod
def test_the_settings_of_a_pod_exist_and_no_secret_stands_in_a_manifest(name: str) -> None:
    entries = {entry["name"]: entry for entry in _container(name)["env"]}
    known = {*VARIABLES, *ALERT_VARIABLES, *metrics.VARIABLES}

    assert {key for key in entries if key.startswith("EVALCTL_")} <= known
    for key, entry in entries.items():
        assert bool(SECRET.search(key)) == ("valueFrom" in entry), key
        if "valueFrom" in entry:
            assert set(entry["valueFrom"]) == {"secretKeyRef"}
    plain = {key: entry["value"] for key, entry in entries.items() if "value" in entry}
    assert str(Settings.from_environment(plain).home) == "/var/lib/evalctl"
    if metrics.VARIABLE in plain:
        port = metrics.parse_address(plain[metrics.VARIABLE])[1]
        assert [one["containerPort"] for one in _container(name)["ports"]] == [port]


def test_the_page_says_how_to_make_every_secret() -> None:
    page = PAGE.read_text(encoding="utf-8")

    assert {name for name, _, optional in _secrets() if not optional} == {
        "evalctl-owner",
        "evalctl-servers",
        "evalctl-analyst",
    }
    for name, key, _ in _secrets():
        assert f"`{name}`" in page or f"generic {name} " in page, name
        assert key in page, f"{name}: {key}"


@each_pod
def test_a_pod_mounts_what_exists(name: str) -> None:
    volumes = {volume["name"]: volume for volume in PODS[name]["volumes"]}
    generated = {one["name"] for one in _kustomization("base")["configMapGenerator"]}
    claims = {one["metadata"]["name"] for one in BASE if one["kind"] == "PersistentVolumeClaim"}

    assert {mount["name"] for mount in _container(name)["volumeMounts"]} == set(volumes)
    for volume in volumes.values():
        if "configMap" in volume:
            assert volume["configMap"]["name"] in generated
        elif "persistentVolumeClaim" in volume:
            assert volume["persistentVolumeClaim"]["claimName"] in claims
        else:
            assert volume["emptyDir"]["sizeLimit"]


@each_pod
def test_a_pod_is_hardened_and_bounded(name: str) -> None:
    pod, container = PODS[name], _container(name)

    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["runAsUser"] == 10001
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["automountServiceAccountToken"] is False
    assert pod["enableServiceLinks"] is False, "they would set variables of other programs"
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert "memory" in container["resources"]["limits"]
    assert not {"hostNetwork", "hostPID", "hostIPC"} & set(pod)


def test_selectors_fit_their_pods() -> None:
    labels = [
        one["spec"]["template"]["metadata"]["labels"]
        for one in BASE
        if "template" in one.get("spec", {})
    ]
    for one in BASE:
        if one["kind"] == "Deployment":
            assert one["spec"]["selector"]["matchLabels"] in labels
        if one["kind"] == "Service":
            assert one["spec"]["selector"] in labels


def test_a_worker_has_one_gpu_and_time_to_drain() -> None:
    container = _container("evalctl-worker")

    assert container["resources"]["limits"]["nvidia.com/gpu"] == "1"
    assert container["command"][-2:] == ["--gpu", "0"]
    grace_s = PODS["evalctl-worker"]["terminationGracePeriodSeconds"]
    assert grace_s >= GRACE_S + HAND_BACK_WITHIN_S + 30
    assert "livenessProbe" not in container, "a worker that waits for its database is not killed"
    (worker,) = (one for one in BASE if one["metadata"]["name"] == "evalctl-worker")
    assert worker["spec"]["strategy"]["rollingUpdate"]["maxSurge"] == 0
    assert worker["spec"]["progressDeadlineSeconds"] > grace_s


def test_the_scaled_object_names_what_exists() -> None:
    scaled, authentication = KEDA
    reference = scaled["spec"]["scaleTargetRef"]
    (trigger,) = scaled["spec"]["triggers"]

    assert {scaled["apiVersion"], authentication["apiVersion"]} == {"keda.sh/v1alpha1"}
    assert (scaled["kind"], authentication["kind"]) == ("ScaledObject", "TriggerAuthentication")
    assert [reference] == [
        {"apiVersion": one["apiVersion"], "kind": one["kind"], "name": one["metadata"]["name"]}
        for one in BASE
        if one["metadata"]["name"] == "evalctl-worker"
    ]
    assert trigger["type"] == "postgresql"
    assert trigger["authenticationRef"] == {"name": authentication["metadata"]["name"]}
    assert set(trigger["metadata"]) == {"query", "targetQueryValue"}
    assert all(isinstance(value, str) for value in trigger["metadata"].values())


def test_an_analyst_may_run_the_query_that_scales(endpoints: Endpoints) -> None:
    query = KEDA[0]["spec"]["triggers"][0]["metadata"]["query"]
    with another_database(endpoints.database_url, "scaled") as url:
        engine = open_database(url, name="seed")
        upgrade(engine)
        with analyst_of(engine, url) as analyst:
            empty = analyst.execute(query).fetchall()
            seed_analytics(engine)
            seeded = analyst.execute(query).fetchall()
        jobs = count(engine, "SELECT count(*) FROM eval.job WHERE state IN ('queued', 'running')")
        engine.dispose()

    assert [list(row.values()) for row in empty] == [[0]]
    assert [list(row.values()) for row in seeded] == [[jobs]]
    assert jobs > 0


def _secrets() -> Iterator[tuple[str, str, bool]]:
    for name in PODS:
        for entry in _container(name)["env"]:
            if "valueFrom" in entry:
                reference = entry["valueFrom"]["secretKeyRef"]
                yield reference["name"], reference["key"], reference.get("optional", False)
    for reference in KEDA[1]["spec"]["secretTargetRef"]:
        yield reference["name"], reference["key"], False
