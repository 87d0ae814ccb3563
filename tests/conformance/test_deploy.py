"""The files in ``deploy/``, each by the checker of the program that reads it.

No container is started here: what is held are schemas, rendered templates, hardening, and that
commands, settings, files and figures that they name are there.
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.main import get_command

from samsvar import __version__
from samsvar.app import DRAIN_SECONDS
from samsvar.cli import app
from samsvar.settings import load
from tests.checkers import library, program, said
from tests.pages import ROOT

DEPLOY = ROOT / "deploy"
UNITS = sorted(DEPLOY.rglob("*.service"))
CHART = DEPLOY / "helm" / "samsvar"
KUBERNETES = "1.33"
WHOLE = {
    "worker": {"enabled": True},
    "networkPolicy": {"broker": {"cidr": "10.1.0.0/24", "port": 5671}},
    "revocation": True,
    "secrets": {"more": ["prator-login"]},
    "image": {"digest": "sha256:" + "0" * 64},
}


def known(words: list[str]) -> None:
    """A command line of ours has commands and options that there are."""
    commands: dict[str, Any] = getattr(get_command(app), "commands")  # noqa: B009 - of click
    if words[0] not in commands and words[0] == "worker":
        return  # of a program that a hub does not need
    options = {
        option
        for parameter in commands[words[0]].params
        for option in parameter.opts
        if isinstance(parameter, typer.core.TyperOption)
    }
    assert {word for word in words if word.startswith("-")} <= options, words


# systemd


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_is_understood_and_lets_little_through(unit: Path, tmp_path: Path) -> None:
    """``systemd-analyze``: no complaint, and an exposure of 2 of 10 at most."""
    analyze = program("systemd-analyze")
    copy = tmp_path / unit.name
    copy.write_text(unit.read_text().replace("/opt/samsvar/bin/samsvar", sys.executable))
    assert said(analyze, "verify", copy) == ""
    report = said(analyze, "security", "--offline=true", "--no-pager", copy)
    (score,) = re.findall(r"Overall exposure level for \S+: (\d+\.\d)", report)
    sys.stdout.write(f"{unit.name}: exposure {score}\n")
    assert float(score) <= 2


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_runs_commands_that_there_are(unit: Path) -> None:
    lines = re.findall(r"^Exec\w+=/opt/samsvar/bin/samsvar (.+)$", unit.read_text(), re.MULTILINE)
    assert lines
    for line in lines:
        known(shlex.split(line))


def test_the_hubs_unit_waits_for_the_drain() -> None:
    text = (DEPLOY / "systemd" / "samsvar.service").read_text()
    (stop,) = re.findall(r"^TimeoutStopSec=(\d+)$", text, re.MULTILINE)
    grace = load(DEPLOY / "samsvar.toml", {}).hub.grace_seconds
    assert grace is not None
    assert int(stop) > grace + DRAIN_SECONDS


# The image


def instructions() -> Iterator[tuple[int, str, str]]:
    """Of the Dockerfile: stage, instruction, the rest of its line."""
    text = (DEPLOY / "docker" / "Dockerfile").read_text()
    text = re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE).replace("\\\n", " ")
    stage = 0
    for line in filter(None, map(str.strip, text.splitlines())):
        word, _, rest = line.partition(" ")
        stage += word == "FROM"
        yield stage, word, rest


def test_the_image_holds_no_tools_and_runs_as_nobody() -> None:
    final = [(word, rest) for stage, word, rest in instructions() if stage == 2]
    words = [word for word, _ in final]
    said_of = dict(final)
    runs = " ".join(rest for word, rest in final if word == "RUN")
    assert said_of["USER"] == "10001:10001"
    assert words.index("USER") > max(n for n, word in enumerate(words) if word == "RUN")
    assert "pip uninstall --yes pip" in runs
    assert not re.search(r"apt|pip install|gcc|curl|wget|git", runs)
    assert "ADD" not in [word for _, word, _ in instructions()]
    for word in ("ENTRYPOINT", "CMD"):
        assert json.loads(said_of[word])  # not through a shell, which would eat the signals
    assert json.loads(said_of["HEALTHCHECK"].partition("CMD ")[2])[0] == "samsvar-probe"
    known(json.loads(said_of["CMD"]))
    assert json.loads(said_of["VOLUME"]) == ["/var/lib/samsvar", "/run/samsvar"]
    assert not re.search(r"(?i)password|secret|token", said_of["ENV"])


def test_what_the_image_copies_is_there_and_reaches_the_builder() -> None:
    ignore = (DEPLOY / "docker" / "Dockerfile.dockerignore").read_text().splitlines()
    sent = {line[1:] for line in ignore if line.startswith("!")}
    for _, word, rest in instructions():
        if word != "COPY" or "--from" in rest:
            continue
        *sources, _ = [each for each in rest.split() if not each.startswith("--")]
        for source in sources:
            assert (ROOT / source).exists(), source
            assert source in sent, source


@pytest.mark.slow
def test_the_wheel_can_be_built_of_what_the_image_copies(tmp_path: Path) -> None:
    """In a folder with nothing else."""
    for stage, word, rest in instructions():
        if stage != 1 or word != "COPY":
            continue
        for source in rest.split()[:-1]:
            if (ROOT / source).is_dir():
                shutil.copytree(
                    ROOT / source,
                    tmp_path / source,
                    symlinks=True,
                    ignore=shutil.ignore_patterns("__pycache__"),
                )
            else:
                shutil.copy(ROOT / source, tmp_path / source)
    said(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", "dist", folder=tmp_path)
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert {"samsvar/processes/supervisor.py", "samsvar_adapters/prator/__init__.py"} <= set(names)
    assert any(name.startswith("samsvar/_data/contracts/") for name in names)


def test_every_install_in_the_image_is_by_hash_and_no_image_is_latest() -> None:
    for _, word, rest in instructions():
        if word == "RUN":
            for install in re.findall(r"pip install ([^&]+)", rest):
                assert "--require-hashes" in install or "--no-index" in install, install
        if word == "ARG" and "=" in rest:
            assert re.search(r":[\d.]+\S*$", rest), rest


# Compose


def compose() -> dict[str, Any]:
    """The file, its merge keys resolved."""
    text = (DEPLOY / "compose" / "compose.yaml").read_text()
    told: dict[str, Any] = library("yaml").safe_load(text)
    return told


def test_the_compose_file_follows_the_specification() -> None:
    read = library("compose_spec").PyCompose.from_json(json.dumps(compose()))
    assert set(read.service_names()) == {
        *("hub-1", "hub-2", "haproxy", "worker", "postgresql", "rabbitmq", "redis"),
        *("prometheus", "grafana"),
    }


def test_every_service_is_fenced_in() -> None:
    told = compose()
    for name, service in told["services"].items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert not service["user"].startswith("0"), name
        assert re.search(r":v?\d[\w.-]*$", service["image"]), name
        assert not service.get("privileged"), name
        assert set(service.get("networks", ())) <= set(told["networks"]), name
        assert set(service.get("secrets", ())) <= set(told["secrets"]), name
        for volume in service.get("volumes", ()):
            source = volume.partition(":")[0]
            if source.startswith("../"):
                assert (DEPLOY / "compose" / source).is_file(), source
            elif not source.startswith("./"):
                assert source in told["volumes"], source
    hub = told["services"]["hub-1"]
    assert hub["image"] == f"samsvar:{__version__}"
    assert "outside" not in told["services"]["worker"]["networks"]
    assert int(hub["stop_grace_period"].removesuffix("s")) > DRAIN_SECONDS
    for name in ("hub-1", "hub-2", "worker"):
        known(told["services"][name]["command"])
    assert told["services"]["redis"]["command"][1:3] == ["--appendonly", "yes"]


# The chart


def rendered(values: dict[str, Any]) -> list[dict[str, Any]]:
    """What Helm makes of the chart, each held to Kubernetes' own schema, strictly."""
    chart = library("helm_python").Chart.load(CHART)
    validate = library("kubernetes_validate").validate
    yaml = library("yaml")
    objects = [
        each
        for name, text in chart.render(values, name="hub", namespace="care").items()
        if not name.endswith(".txt")
        for each in yaml.safe_load_all(text)
        if each
    ]
    for each in objects:
        validate(each, KUBERNETES, strict=True)
    return objects


def of_kind(objects: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    """Some of them."""
    return [each for each in objects if each["kind"] == kind]


def test_helm_has_no_complaint() -> None:
    helm = library("helm_python")
    for values in ({}, WHOLE):
        report = helm.lint(CHART, values, strict=True)
        assert report["errors"] == []
        assert [m for m in report["messages"] if m["severity"] > 1] == []


@pytest.mark.parametrize("values", [{}, WHOLE], ids=["as it is", "with everything"])
def test_what_the_chart_makes_is_restricted(values: dict[str, Any]) -> None:
    """By the rules of the pod security standard "restricted", and a bit more."""
    objects = rendered(values)
    deployments = of_kind(objects, "Deployment")
    assert len(deployments) == (2 if values else 1)
    for deployment in deployments:
        pod = deployment["spec"]["template"]["spec"]
        assert pod["automountServiceAccountToken"] is False
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["runAsUser"] == 10001
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert not {"hostNetwork", "hostPID", "hostIPC"} & pod.keys()
        mounted = {volume["name"] for volume in pod["volumes"]}
        for container in [*pod.get("initContainers", ()), *pod["containers"]]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "runAsNonRoot": True,
                "capabilities": {"drop": ["ALL"]},
            }
            assert container["resources"]["limits"]["memory"]
            assert {mount["name"] for mount in container["volumeMounts"]} <= mounted
            assert not container["image"].endswith(":latest")
            if "args" in container:
                known(container["args"])
        labels = deployment["spec"]["template"]["metadata"]["labels"].items()
        assert deployment["spec"]["selector"]["matchLabels"].items() <= labels


def test_a_pod_turns_away_before_it_stops_and_has_time_for_it() -> None:
    (hub,) = of_kind(rendered({"graceSeconds": 20}), "Deployment")
    pod = hub["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    variables = {each["name"]: each["value"] for each in container["env"]}
    ready = container["readinessProbe"]
    assert variables["SAMSVAR_HUB__GRACE_SECONDS"] == "20"
    assert ready["periodSeconds"] * ready["failureThreshold"] < 20
    assert pod["terminationGracePeriodSeconds"] > 20 + DRAIN_SECONDS
    assert ready["exec"]["command"][:2] == ["samsvar-probe", "ready"]
    assert container["livenessProbe"]["exec"]["command"][:2] == ["samsvar-probe", "live"]
    assert hub["spec"]["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}


def test_the_charts_settings_are_settings(tmp_path: Path) -> None:
    """With the variables of the pod: nothing unknown, and what is needed is there."""
    objects = rendered(WHOLE)
    (settings,) = of_kind(objects, "ConfigMap")
    hub = of_kind(objects, "Deployment")[0]
    container = hub["spec"]["template"]["spec"]["containers"][0]
    variables = {each["name"]: str(each["value"]) for each in container["env"]}
    url = tmp_path / "url"
    url.write_text("postgresql://samsvar@db.example/samsvar\n")
    assert variables["SAMSVAR_HUB__DATABASE"] == "file:/etc/samsvar/database/url"
    file = tmp_path / "samsvar.toml"
    file.write_text(settings["data"]["samsvar.toml"])
    told = load(file, variables | {"SAMSVAR_HUB__DATABASE": f"file:{url}"})
    assert [listener.kind for listener in told.listen] == ["tls", "unix"]
    assert [listener.trusted for listener in told.listen] == [False, False]
    assert told.listen[0].revoked is not None
    ports = {port["containerPort"] for port in container["ports"]}
    assert ports == {told.listen[0].port}


def test_services_budgets_and_policies_choose_the_hubs_alone() -> None:
    objects = rendered(WHOLE)
    hub, worker = of_kind(objects, "Deployment")
    labels = hub["spec"]["template"]["metadata"]["labels"].items()
    others = worker["spec"]["template"]["metadata"]["labels"].items()
    (service,) = of_kind(objects, "Service")
    (budget,) = of_kind(objects, "PodDisruptionBudget")
    policies = of_kind(objects, "NetworkPolicy")
    for chosen in (
        service["spec"]["selector"],
        budget["spec"]["selector"]["matchLabels"],
        policies[0]["spec"]["podSelector"]["matchLabels"],
    ):
        assert chosen.items() <= labels
        assert not chosen.items() <= others
    assert budget["spec"]["minAvailable"] < hub["spec"]["replicas"]
    for policy in policies:
        assert policy["spec"]["policyTypes"] == ["Ingress", "Egress"]
    assert policies[1]["spec"]["ingress"] == []
    assert [list(rule) for rule in policies[0]["spec"]["ingress"]] == [["ports"]]


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"replicas": 0}, "replicas"),
        ({"image": {"tag": "latest"}}, "tag"),
        ({"image": {"digest": "sha256:short"}}, "digest"),
        ({"service": {"type": "ExternalName"}}, "type"),
        ({"replica": 3}, "replica"),
        ({"graceSeconds": 0}, "graceSeconds"),
        ({"worker": {"enabled": True}}, "networkPolicy.broker.cidr is needed for a worker"),
    ],
)
def test_values_that_cannot_be_are_refused(values: dict[str, Any], named: str) -> None:
    helm = library("helm_python")
    chart = helm.Chart.load(CHART)

    def installed() -> None:
        chart.validate_schema(chart.merge_values(values))
        chart.render(values, name="hub", namespace="care")

    with pytest.raises(helm.HelmError, match=re.escape(named)):
        installed()


def test_the_chart_is_of_this_release() -> None:
    told = library("yaml").safe_load((CHART / "Chart.yaml").read_text())
    assert (told["version"], told["appVersion"]) == (__version__, __version__)


# Prometheus and Grafana


def test_prometheus_understands_its_files_and_the_alerts_fire_as_told(tmp_path: Path) -> None:
    promtool, folder = program("promtool"), DEPLOY / "prometheus"
    said(promtool, "check", "config", "prometheus.yml", folder=folder)
    said(promtool, "test", "rules", "alerts_test.yml", folder=folder)
    rules = {
        "groups": [
            {
                "name": "board",
                "rules": [
                    {"record": f"board:panel:{number}", "expr": expression}
                    for number, expression in enumerate(expressions_of_the_board())
                ],
            }
        ]
    }
    file = tmp_path / "board.json"
    file.write_text(json.dumps(rules))
    said(promtool, "check", "rules", file)


def expressions_of_the_board() -> list[str]:
    """All that it asks for."""
    board = json.loads((DEPLOY / "grafana" / "balancer.json").read_text())
    return [target["expr"] for panel in board["panels"] for target in panel["targets"]]


def test_the_boards_panels_have_places_of_their_own_and_ask_the_source_that_is_there() -> None:
    board = json.loads((DEPLOY / "grafana" / "balancer.json").read_text())
    panels = board["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        at = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        assert max(x for x, _ in cells) < 24
        assert not cells & taken, panel["title"]
        taken |= cells
    yaml = library("yaml")
    (source,) = yaml.safe_load((DEPLOY / "grafana" / "datasource.yaml").read_text())["datasources"]
    assert {panel["datasource"]["uid"] for panel in panels} == {source["uid"]}


# The rest


def test_the_brokers_definitions_name_no_user_and_bound_every_queue() -> None:
    told = json.loads((DEPLOY / "rabbitmq" / "definitions.json").read_text())
    (vhost,) = told["vhosts"]
    (policy,) = told["policies"]
    assert vhost["default_queue_type"] == "quorum"
    assert (policy["vhost"], policy["pattern"]) == (vhost["name"], ".*")
    assert policy["definition"]["overflow"] == "reject-publish"
    assert "users" not in told


def test_the_sample_settings_say_what_is_behind_a_balancer() -> None:
    told = tomllib.loads((DEPLOY / "samsvar.toml").read_text())
    assert told["hub"]["grace_seconds"] > 2  # of haproxy.cfg: inter 1s, fall 2
