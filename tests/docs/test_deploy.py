# SPDX-License-Identifier: Apache-2.0
"""The files under deploy/ can be read, and name only commands, settings and metrics that exist."""

import json
import re
import shlex
from collections.abc import Iterator
from configparser import ConfigParser
from contextlib import closing
from dataclasses import fields
from pathlib import Path
from typing import Any

import msgspec
import pytest

from noli.adapters.config import SECRETS, load
from noli.app import App
from noli.base.config import ROLES, Config
from noli.cli.backup import backup
from noli.cli.serve import serve
from noli.web.asgi import create_asgi

_METRIC = re.compile(r"\bnoli_[a-z_]+")
# What a histogram's and a counter's samples are called besides the name.
_SUFFIX = re.compile(r"_(bucket|count|sum|total)$")


def _documents(path: Path) -> list[Any]:
    return [msgspec.yaml.decode(part) for part in re.split(r"(?m)^---$", path.read_text("utf-8"))]


@pytest.fixture(scope="module")
def deploy(root: Path) -> Path:
    """The folder."""
    return root / "deploy"


@pytest.fixture(scope="module")
def metrics(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Names of all metrics that a server has."""
    with closing(App.open(Config(data=tmp_path_factory.mktemp("metrics")))) as app:
        create_asgi(app)
        text = app.metrics.render().decode()
    return {_SUFFIX.sub("", name) for name in re.findall(r"(?m)^# TYPE (\S+)", text)}


def _commands(deploy: Path) -> Iterator[tuple[str, list[str]]]:
    """Yield every command line of Noli that a file starts, without the program's name, and where it stands."""
    for unit in (deploy / "systemd").glob("*.service"):
        [line] = re.findall(r"(?m)^ExecStart=\S+/noli (.*)$", unit.read_text())
        yield unit.name, shlex.split(line.replace("%i", "api"))
    [compose] = _documents(deploy / "compose" / "compose.yaml")
    for name, service in compose["services"].items():
        if "command" in service:
            yield name, service["command"]
    for each in _documents(deploy / "kubernetes" / "noli.yaml"):
        if each["kind"] in {"Deployment", "CronJob"}:
            yield each["metadata"]["name"], _pod(each)["containers"][0]["args"]


def _pod(workload: Any) -> Any:
    spec = workload["spec"]
    return (spec["jobTemplate"]["spec"] if workload["kind"] == "CronJob" else spec)["template"]["spec"]


def test_commands_and_their_options_exist(deploy: Path) -> None:
    """And the values of roles, too; backups are encrypted, and old ones end."""
    commands = {each.name: each for each in (serve, backup)}
    found = list(_commands(deploy))
    assert len(found) >= 14
    for where, (command, *given) in found:
        options = {name for parameter in commands[str(command)].params for name in parameter.opts}
        asked = {each for each in given if each.startswith("--")}
        assert asked <= options, where
        if command == "serve":
            assert given[given.index("--role") + 1] in ROLES, where
        else:
            assert {"--to", "--keep"} <= asked, where


def test_every_role_is_deployed(deploy: Path) -> None:
    """Whoever takes a file as it is gets all parts, and somebody who does what happens by itself."""
    served = ((where, given) for where, (command, *given) in _commands(deploy) if command == "serve")
    roles = {where: arguments[arguments.index("--role") + 1] for where, arguments in served}
    for names in (set(ROLES) - {"all"}, {f"noli-{role}" for role in set(ROLES) - {"all"}}):
        assert {roles[name] for name in names} == set(ROLES) - {"all"}


def test_settings_exist(deploy: Path) -> None:
    """A setting that is unknown would stop the start."""
    known = {f"NOLI_{field.name.upper()}" for field in fields(Config)} | {
        f"NOLI_{each.upper()}_FILE" for each in SECRETS
    }
    known.add("NOLI_CONFIG")
    named = {
        name
        for path in deploy.rglob("*")
        if path.is_file()
        for name in re.findall(r"\bNOLI_[A-Z_]+", path.read_text("utf-8"))
    }
    assert named
    assert named - known == set()


def test_units_can_be_read(deploy: Path) -> None:
    """Sections as systemd has them; the process runs as nobody special and its memory is not dumped."""
    parser = ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read(deploy / "systemd" / "noli@.service")
    assert parser.sections() == ["Unit", "Service", "Install"]
    service = parser["Service"]
    assert (service["User"], service["LimitCORE"], service["NoNewPrivileges"]) == ("noli", "0", "yes")


def test_the_backup_unit_is_started_by_a_timer(deploy: Path) -> None:
    """Of its name, as nobody special."""
    assert "User=noli\n" in (deploy / "systemd" / "noli-backup.service").read_text()
    assert "OnCalendar=" in (deploy / "systemd" / "noli-backup.timer").read_text()


def test_units_start_with_the_files_beside_them(deploy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each role has settings of its own, no two that run together share a port, and the file that they share loads."""
    folder, ports = deploy / "systemd", {}
    monkeypatch.setenv("NOLI_CONFIG", str(folder / "noli.toml"))
    for role in ROLES:
        lines = (folder / f"{role}.env").read_text().splitlines()
        with monkeypatch.context() as here:
            for line in (each for each in lines if not each.startswith("#")):
                here.setenv(*line.split("=", 1))
            ports[role] = load({"role": role}).port
    del ports["all"]
    assert len(set(ports.values())) == len(ROLES) - 1
    scraped = (deploy / "monitoring" / "prometheus.yaml").read_text()
    assert {f"127.0.0.1:{port}" for port in ports.values()} == set(re.findall(r"127\.0\.0\.1:\d+", scraped))


def test_nothing_that_must_stay_lies_in_a_pod(deploy: Path) -> None:
    """Evidence packages go to an object store, and keys come from a secret: a pod's own folder goes with it."""
    documents = _documents(deploy / "kubernetes" / "noli.yaml")
    [settings] = [each["data"] for each in documents if each["kind"] == "ConfigMap"]
    for pod in (_pod(each) for each in documents if each["kind"] in {"Deployment", "CronJob"}):
        mounts = {each["name"]: each["mountPath"] for each in pod["containers"][0]["volumeMounts"]}
        secrets = {each["name"] for each in pod["volumes"] if "secret" in each}
        for setting in ("NOLI_DATABASE_URL_FILE", "NOLI_PACKAGES_URL_FILE"):
            assert [name for name in secrets if settings[setting] == f"{mounts.get(name)}/url"], setting
        assert "keys" in secrets


def test_the_image_can_dump_the_database_that_it_is_shipped_with(deploy: Path) -> None:
    """A pg_dump that is older than the server refuses to work."""
    [client] = re.findall(r"postgresql-client-(\d+)", (deploy / "Containerfile").read_text())
    [server] = re.findall(r"postgres:(\d+)", (deploy / "compose" / "compose.yaml").read_text())
    assert client == server


def test_alerts_and_dashboard_ask_for_metrics_that_exist(deploy: Path, metrics: set[str]) -> None:
    """An alarm on a name that nobody writes never rings."""
    [rules] = _documents(deploy / "monitoring" / "alerts.yaml")
    alerts = rules["groups"][0]["rules"]
    assert all({"alert", "expr", "labels", "annotations"} <= set(each) for each in alerts)
    board = json.loads((deploy / "monitoring" / "grafana-dashboard.json").read_text("utf-8"))
    asked = [each["expr"] for each in alerts]
    asked += [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    named = {_SUFFIX.sub("", name) for expression in asked for name in _METRIC.findall(expression)}
    assert named - metrics == set()
    assert metrics - named == set(), "these are on no panel and in no alert"


def test_probes_ask_for_routes_that_exist(deploy: Path) -> None:
    """Live is not ready: who cannot follow the database is taken out, not killed."""
    for each in _documents(deploy / "kubernetes" / "noli.yaml"):
        if each["kind"] == "Deployment":
            [container] = each["spec"]["template"]["spec"]["containers"]
            paths = [
                container[probe]["httpGet"]["path"] for probe in ("startupProbe", "readinessProbe", "livenessProbe")
            ]
            assert paths == ["/healthz", "/readyz", "/healthz"]
