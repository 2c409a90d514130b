"""The manifests, read and put together: no cluster is needed to see that they name real things and fit each other."""

import re
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.main import get_command

from streams.cli import app
from streams.console.access import OPEN_PATH
from streams.discovery import ready_file
from streams.lag import READS
from streams.settings import PREFIX, Settings, load
from streams.topics import group_name, table

FOLDER = Path(__file__).parents[2] / "deploy" / "kubernetes"
ROLES = ("recommend", "learn", "encode")
OVERLAYS = ("cpu", "gpu")
Manifest = dict[str, Any]


def _read(path: Path) -> list[Manifest]:
    return list(yaml.safe_load_all(path.read_text()))


ALL = [one for path in sorted(FOLDER.rglob("*.yaml")) for one in _read(path)]
SCALED = [one for one in ALL if one["kind"] == "ScaledObject"]
SETTINGS = dict(
    literal.split("=", 1)
    for literal in _read(FOLDER / "base/kustomization.yaml")[0]["configMapGenerator"][0]["literals"]
)


def _deployment(role: str) -> Manifest:
    (found,) = _read(FOLDER / "base" / f"{role}.yaml")
    return found


def _container(manifest: Manifest) -> Manifest:
    (container,) = manifest["spec"]["template"]["spec"]["containers"]
    return dict(container)


@cache
def _rendered(overlay: str) -> list[Manifest]:
    if shutil.which("kubectl") is None:
        pytest.skip("kubectl, which puts the manifests together, is not installed")
    command = ["kubectl", "kustomize", str(FOLDER / "overlays" / overlay)]
    return list(yaml.safe_load_all(subprocess.run(command, capture_output=True, check=True).stdout))


@pytest.mark.parametrize(
    "manifest",
    [
        *map(_deployment, ROLES),
        *_read(FOLDER / "base/topics.yaml"),
        _read(FOLDER / "components/console/console.yaml")[0],
    ],
)
def test_every_command_is_one_that_the_command_line_takes(manifest: Manifest) -> None:
    command: Any = get_command(app)
    arguments = list(_container(manifest)["args"])
    while hasattr(command, "commands"):
        command = command.commands[arguments.pop(0)]
    command.make_context("freshet", arguments)


def test_every_setting_that_is_named_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "\n".join(path.read_text() for path in FOLDER.rglob("*.yaml"))
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    assert set(re.findall(rf"{PREFIX}[A-Z_]+[A-Z]", text)) <= known
    _set(monkeypatch, SETTINGS)
    assert load().store_url == "/store"


def _set(monkeypatch: pytest.MonkeyPatch, settings: dict[str, str]) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize("role", ROLES)
def test_what_is_probed_and_scraped_is_what_a_worker_serves(role: str) -> None:
    container = _container(_deployment(role))
    (port,) = container["ports"]
    assert str(port["containerPort"]) == SETTINGS["FRESHET_METRICS_PORT"]
    assert container["livenessProbe"]["httpGet"] == {"path": "/metrics", "port": port["name"]}
    # A rollout goes on when this is there: users have to be loaded by then.
    ready = ready_file(Settings(), role, 7)
    probed = f"{ready.parent.name}/{ready.name}".replace("-7", "-*")
    assert container["readinessProbe"]["exec"]["command"][-1] == f'ls "$FRESHET_HOME"/{probed}'
    (endpoint,) = next(one for one in ALL if one["kind"] == "PodMonitor")["spec"]["podMetricsEndpoints"]
    assert endpoint["port"] == port["name"]
    assert {rule["targetLabel"] for rule in endpoint["relabelings"]} == {"job", "role", "worker"}


@pytest.mark.parametrize("role", ROLES)
def test_a_worker_has_time_to_end_and_no_rights(role: str) -> None:
    spec = _deployment(role)["spec"]["template"]["spec"]
    # streams/ownership.py waits 5 s for the batch in work, streams/worker.py a session for the group.
    assert spec["terminationGracePeriodSeconds"] > 5 + Settings().session_timeout_s
    assert spec["securityContext"]["runAsNonRoot"]
    assert _container(_deployment(role))["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    mounted = {mount["mountPath"] for mount in _container(_deployment(role))["volumeMounts"]}
    assert SETTINGS["FRESHET_STORE"] in mounted


def test_a_console_that_still_reads_is_not_restarted() -> None:
    console = _container(_read(FOLDER / "components/console/console.yaml")[0])
    probe = console["startupProbe"]
    assert probe["httpGet"] == console["livenessProbe"]["httpGet"]
    assert probe["httpGet"]["path"] == OPEN_PATH
    assert probe["periodSeconds"] * probe["failureThreshold"] >= 600


def test_alerts_ask_for_the_job_that_is_scraped() -> None:
    (endpoint,) = next(one for one in ALL if one["kind"] == "PodMonitor")["spec"]["podMetricsEndpoints"]
    (job,) = (rule["replacement"] for rule in endpoint["relabelings"] if rule["targetLabel"] == "job")
    alerts = (FOLDER.parent / "prometheus" / "alerts.yml").read_text()
    assert set(re.findall(r'job="([^"]*)"', alerts)) == {job}


def test_no_pod_is_given_the_variables_of_services_which_would_be_unknown_settings() -> None:
    pods = [one["spec"]["template"]["spec"] for one in ALL if one["kind"] in ("Deployment", "Job")]
    assert len(pods) == 5
    assert all(pod["enableServiceLinks"] is False for pod in pods)


def test_one_learns_and_another_stands_by() -> None:
    assert _deployment("learn")["spec"]["replicas"] == 2


@pytest.mark.parametrize("role", ROLES)
def test_every_role_has_a_budget_for_disruptions(role: str) -> None:
    labels = _deployment(role)["spec"]["template"]["metadata"]["labels"]
    budgets = [
        one for one in _read(FOLDER / "base/disruption.yaml") if one["metadata"]["name"] == f"freshet-{role}"
    ]
    (budget,) = budgets
    assert budget["spec"]["selector"]["matchLabels"].items() <= labels.items()


@pytest.mark.parametrize("scaled", SCALED, ids=[one["metadata"]["name"] for one in SCALED])
def test_roles_are_scaled_by_the_lag_of_what_they_read(scaled: Manifest) -> None:
    role = scaled["spec"]["scaleTargetRef"]["name"].removeprefix("freshet-")
    assert "replicas" not in _deployment(role)["spec"]
    topics = table(Settings())
    for trigger in scaled["spec"]["triggers"]:
        metadata = trigger["metadata"]
        assert metadata["topic"] in READS[role]
        assert metadata["consumerGroup"] == group_name(Settings(), role)
        assert metadata["bootstrapServersFromEnv"] in SETTINGS
    first = scaled["spec"]["triggers"][0]["metadata"]["topic"]
    assert scaled["spec"]["maxReplicaCount"] == topics[first].partitions


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_an_overlay_is_what_kubernetes_takes(overlay: str) -> None:
    validate = pytest.importorskip(
        "kubernetes_validate", reason="kubernetes-validate, which has the schemas, is missing"
    )
    manifests = _rendered(overlay)
    assert {one["kind"] for one in manifests} >= {"Deployment", "Job", "PodDisruptionBudget", "ScaledObject"}
    for manifest in manifests:
        if manifest["kind"] not in (
            "ScaledObject",
            "TriggerAuthentication",
            "PodMonitor",
        ):  # they have no schema there
            validate.validate(manifest, "1.34", strict=True)


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_only_the_gpu_overlay_asks_for_a_gpu_and_for_encode_alone(overlay: str) -> None:
    asking = [
        one["metadata"]["name"]
        for one in _rendered(overlay)
        if one["kind"] == "Deployment" and "nvidia.com/gpu" in _container(one)["resources"]["limits"]
    ]
    assert asking == (["freshet-encode"] if overlay == "gpu" else [])
    images = {_container(one)["image"] for one in _rendered(overlay) if one["kind"] == "Deployment"}
    assert images == {"freshet:cuda" if overlay == "gpu" else "freshet:cpu"}


def test_secrets_reach_the_workers_and_what_creates_topics(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if shutil.which("kubectl") is None:
        pytest.skip("kubectl, which puts the manifests together, is not installed")
    shutil.copytree(FOLDER, tmp_path / "k")
    path = tmp_path / "k" / "overlays" / "cpu" / "kustomization.yaml"
    (overlay,) = _read(path)
    overlay["components"].append("../../components/sasl-tls")
    path.write_text(yaml.safe_dump(overlay))
    command = ["kubectl", "kustomize", str(path.parent)]
    manifests = list(yaml.safe_load_all(subprocess.run(command, capture_output=True, check=True).stdout))
    for manifest in manifests:
        if manifest["kind"] in ("Deployment", "Job"):
            container = _container(manifest)
            role = manifest["metadata"]["name"].removeprefix("freshet-").replace("topics", "admin")
            assert {"secretRef": {"name": f"freshet-kafka-{role}"}} in container["envFrom"]
            mounted = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
            volumes = {volume["name"] for volume in manifest["spec"]["template"]["spec"]["volumes"]}
            assert mounted.keys() <= volumes
            assert "/etc/freshet/kafka" in mounted.values()
        if manifest["kind"] == "ScaledObject":
            assert all("authenticationRef" in trigger for trigger in manifest["spec"]["triggers"])
    (given,) = (one["data"] for one in manifests if one["kind"] == "ConfigMap")
    _set(monkeypatch, given | {"FRESHET_KAFKA_SASL_USERNAME": "u", "FRESHET_KAFKA_SASL_PASSWORD": "p"})
    assert load().kafka_security_protocol == "SASL_SSL"
