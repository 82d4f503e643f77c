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

from noli.adapters.config import SECRETS
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
    for unit in (deploy / "systemd").glob("noli@.service"):
        [line] = re.findall(r"(?m)^ExecStart=\S+/noli (.*)$", unit.read_text())
        yield unit.name, shlex.split(line.replace("%i", "api"))
    [compose] = _documents(deploy / "compose" / "compose.yaml")
    for name, service in compose["services"].items():
        if "command" in service:
            yield name, service["command"]
    for each in _documents(deploy / "kubernetes" / "noli.yaml"):
        if each["kind"] == "Deployment":
            yield each["metadata"]["name"], each["spec"]["template"]["spec"]["containers"][0]["args"]


def test_commands_and_their_options_exist(deploy: Path) -> None:
    """And the values of roles, too."""
    options = {name for parameter in serve.params for name in parameter.opts}
    found = list(_commands(deploy))
    assert len(found) >= 11
    for where, (command, *given) in found:
        assert command == "serve", where
        assert {each for each in given if each.startswith("--")} <= options, where
        assert given[given.index("--role") + 1] in ROLES, where


def test_every_role_is_deployed(deploy: Path) -> None:
    """Whoever takes a file as it is gets all parts, and somebody who does what happens by itself."""
    roles = {where: arguments[arguments.index("--role") + 1] for where, arguments in _commands(deploy)}
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


def test_the_backup_unit_calls_what_exists(deploy: Path) -> None:
    """Its options are those of 'noli backup', it runs as nobody special, and a timer of its name starts it."""
    text = (deploy / "systemd" / "noli-backup.service").read_text()
    [line] = re.findall(r"(?m)^ExecStart=\S+/noli backup (.*)$", text)
    options = {name for parameter in backup.params for name in parameter.opts}
    assert {each for each in shlex.split(line) if each.startswith("--")} <= options
    assert "User=noli\n" in text
    assert "OnCalendar=" in (deploy / "systemd" / "noli-backup.timer").read_text()


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
