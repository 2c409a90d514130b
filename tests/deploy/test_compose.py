"""The compose file and the Dockerfile, read: no Docker engine is needed to see that they name real things."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.main import get_command

from deploy.kafka_jars import kafka_version
from streams import settings
from streams.cli import app
from streams.console.serve import gate

_ROOT = Path(__file__).parents[2]
_SERVICES: dict[str, dict[str, Any]] = yaml.safe_load((_ROOT / "docker-compose.yml").read_text())["services"]
_OURS = [name for name, service in _SERVICES.items() if service["image"] == "freshet"]


@pytest.mark.parametrize("name", _OURS)
def test_every_command_is_one_that_the_command_line_takes(name: str) -> None:
    command: Any = get_command(app)
    arguments = list(_SERVICES[name]["command"])
    while hasattr(command, "commands"):
        command = command.commands[arguments.pop(0)]
    command.make_context(name, arguments)


@pytest.mark.parametrize("name", _OURS)
def test_every_setting_is_known_and_valid(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable, value in _SERVICES[name]["environment"].items():
        monkeypatch.setenv(variable, value)
    assert settings.load().kafka == "kafka:9092"


def test_the_console_takes_the_token_that_it_is_given() -> None:
    command = _SERVICES["console"]["command"]
    options = dict(zip(command[1::2], command[2::2], strict=True))
    found = re.fullmatch(r"\$\{CONSOLE_TOKEN:-(.*)\}", options["--token"])
    assert found is not None
    gate(options["--host"], 8642, found[1], [options["--name"]])
    assert f"?token={found[1]}." in (_ROOT / "docker-compose.yml").read_text()


def test_one_service_builds_the_image_that_all_run() -> None:
    assert len(_OURS) > 1
    assert [name for name, service in _SERVICES.items() if "build" in service] == ["topics"]


def test_all_roles_share_the_store_and_wait_for_the_topics() -> None:
    roles = {
        name: service for name, service in _SERVICES.items() if service.get("command", [""])[0] == "worker"
    }
    assert set(roles) == {"encode", "learn", "recommend"}
    for service in roles.values():
        assert service["volumes"] == [f"store:{service['environment']['FRESHET_STORE']}"]
        assert service["depends_on"] == {"topics": {"condition": "service_completed_successfully"}}


def test_prometheus_scrapes_every_role_at_the_port_that_it_serves() -> None:
    config = yaml.safe_load((_ROOT / "deploy" / "prometheus" / "prometheus.yml").read_text())
    ((found,),) = (job["dns_sd_configs"] for job in config["scrape_configs"])
    roles = {
        name: service for name, service in _SERVICES.items() if service.get("command", [""])[0] == "worker"
    }
    assert set(found["names"]) == set(roles)
    assert {str(found["port"])} == {one["environment"]["FRESHET_METRICS_PORT"] for one in roles.values()}
    # Within a container 127.0.0.1 is the container alone.
    assert {one["environment"]["FRESHET_METRICS_HOST"] for one in roles.values()} == {"0.0.0.0"}
    assert all((_ROOT / "deploy" / "prometheus" / name).exists() for name in config["rule_files"])


def test_grafana_finds_its_data_source_and_its_boards() -> None:
    grafana = _ROOT / "deploy" / "grafana"
    mounted = dict(volume.split(":")[:2] for volume in _SERVICES["grafana"]["volumes"])
    assert all((_ROOT / place).is_dir() for place in mounted)
    (source,) = yaml.safe_load((grafana / "provisioning/datasources/prometheus.yml").read_text())[
        "datasources"
    ]
    assert source["url"] == "http://prometheus:9090"
    assert "prometheus" in _SERVICES
    (provider,) = yaml.safe_load((grafana / "provisioning/dashboards/freshet.yml").read_text())["providers"]
    assert provider["options"]["path"] == mounted["./deploy/grafana/boards"]
    home = Path(_SERVICES["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"])
    assert (grafana / "boards" / home.name).exists()


def test_kafka_is_the_release_that_is_embedded() -> None:
    assert _SERVICES["kafka"]["image"] == f"apache/kafka:{kafka_version()}"


def test_the_image_is_made_of_files_that_exist_and_are_not_ignored() -> None:
    kept = {line[1:] for line in (_ROOT / ".dockerignore").read_text().split() if line.startswith("!")}
    dockerfile = (_ROOT / "deploy" / "Dockerfile").read_text()
    copied = [
        name for line in re.findall(r"^COPY (?!--)(.*)", dockerfile, re.M) for name in shlex.split(line)[:-1]
    ]
    assert set(copied) == kept
    assert all((_ROOT / name).exists() for name in copied)


def test_the_image_installs_with_the_uv_that_made_the_lock() -> None:
    makefile = (_ROOT / "Makefile").read_text()
    pinned = re.findall(r"^UV_VERSION := (\S+)$", makefile, re.M)
    assert re.findall(r"uv==(\S+)$", (_ROOT / "deploy" / "Dockerfile").read_text(), re.M) == pinned
