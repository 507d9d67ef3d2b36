"""What stands in `deploy/` is what the product reads, and as closed as it says."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from streamsync import config as configuration
from streamsync.sync import rules_file

DEPLOY = Path(__file__).parents[3] / "deploy"
KUBERNETES = DEPLOY / "kubernetes"
UNIT = DEPLOY / "systemd/streamsync.service"


def _manifests() -> list[dict[str, Any]]:
    listed = yaml.safe_load((KUBERNETES / "kustomization.yaml").read_text("utf-8"))["resources"]
    return [yaml.safe_load((KUBERNETES / name).read_text("utf-8")) for name in listed]


def _manifest(kind: str) -> dict[str, Any]:
    [found] = [one for one in _manifests() if one["kind"] == kind]
    return found


def _drain_seconds(name: str) -> float:
    return configuration.load(DEPLOY / name).daemon.drain_seconds


@pytest.mark.parametrize(
    "name", ["config/one-company.toml", "config/two-companies.toml", "compose/streamsync.toml"]
)
def test_an_example_configuration_and_its_rules_are_read(name: str) -> None:
    found = configuration.load(DEPLOY / name)
    for connection in found.connections:
        rules_file.parse((DEPLOY / name).with_name(connection.rules).read_text("utf-8"), connection.rules)


def test_no_example_for_real_systems_writes_before_somebody_accepted_the_plan() -> None:
    for path in (DEPLOY / "config").glob("*compan*.toml"):
        assert {one.first_sync for one in configuration.load(path).connections} == {"ask"}, path.name


def test_every_kubernetes_file_is_listed() -> None:
    listed = yaml.safe_load((KUBERNETES / "kustomization.yaml").read_text("utf-8"))
    assert {*listed["resources"], "kustomization.yaml"} == {path.name for path in KUBERNETES.iterdir()}
    for entry in listed["configMapGenerator"][0]["files"]:
        assert (KUBERNETES / entry.partition("=")[2]).resolve().is_file(), entry


def test_the_statefulset_is_one_closed_copy_with_its_three_probes() -> None:
    spec = _manifest("StatefulSet")["spec"]
    assert spec["replicas"] == 1
    pod = spec["template"]["spec"]
    assert pod["terminationGracePeriodSeconds"] > _drain_seconds("config/one-company.toml")
    assert pod["securityContext"]["runAsNonRoot"] is True
    [container] = pod["containers"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    probes = {name: container[name]["httpGet"]["path"] for name in container if name.endswith("Probe")}
    assert probes == {"startupProbe": "/startupz", "livenessProbe": "/livez", "readinessProbe": "/readyz"}


def test_only_https_and_names_go_out() -> None:
    spec = _manifest("NetworkPolicy")["spec"]
    assert spec["policyTypes"] == ["Ingress", "Egress"]
    assert {port["port"] for rule in spec["egress"] for port in rule["ports"]} == {53, 443}


def test_the_production_image_holds_no_stand_ins_and_no_root() -> None:
    text = (DEPLOY / "Containerfile").read_text("utf-8")
    stages = re.split(r"^FROM ", text, flags=re.MULTILINE)[1:]
    assert stages[-1].splitlines()[0].endswith("AS production")
    assert "USER 10001" in stages[-1]
    assert "--from=without_standins" in stages[-1]
    [removed] = [stage for stage in stages if stage.splitlines()[0].endswith("AS without_standins")]
    for package in ("simulators", "demo"):
        assert f"site-packages/streamsync/{package}" in removed
    assert "--require-hashes" in text


CLOSED = (
    "DynamicUser=yes",
    "ProtectSystem=strict",
    "NoNewPrivileges=yes",
    "CapabilityBoundingSet=",
    "SystemCallFilter=@system-service",
    "MemoryDenyWriteExecute=yes",
)


def test_the_unit_is_closed_and_gives_time_to_drain() -> None:
    lines = UNIT.read_text("utf-8").splitlines()
    assert not [directive for directive in CLOSED if directive not in lines]
    [stop] = [line.partition("=")[2] for line in lines if line.startswith("TimeoutStopSec=")]
    assert float(stop) > _drain_seconds("config/one-company.toml")


def test_systemd_itself_finds_the_unit_closed() -> None:
    """Where there is no systemd (another kind of machine) the directives above must do; never in the CI."""
    analyze = shutil.which("systemd-analyze")
    assert analyze or "STREAMSYNC_CI" not in os.environ, "systemd-analyze is missing: apt-get install systemd"
    if analyze:
        done = subprocess.run(
            [analyze, "security", "--offline=true", str(UNIT)], capture_output=True, text=True, check=False
        )
        found = re.search(r"Overall exposure level for \S+: ([0-9.]+)", done.stdout)
        assert found, done.stdout[-500:] + done.stderr
        assert float(found.group(1)) < 2.0
