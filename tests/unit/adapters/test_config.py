# SPDX-License-Identifier: Apache-2.0
"""Settings come from one file, the environment and the command line; what is wrong is named."""

from pathlib import Path

import pytest

from noli.adapters.config import load
from noli.base.config import Config
from noli.base.errors import ConfigError


def _toml(folder: Path, text: str) -> dict[str, str]:
    path = folder / "noli.toml"
    path.write_text(text)
    return {"NOLI_CONFIG": str(path)}


def test_without_anything_the_defaults_hold(tmp_path: Path) -> None:
    """An empty environment gives the defaults of Config."""
    assert load({"data": tmp_path}, environ={}) == Config(data=tmp_path)


def test_command_line_beats_environment_beats_file(tmp_path: Path) -> None:
    """Each later source wins over the one before, setting by setting."""
    environ = {**_toml(tmp_path, "port = 1\nmax_frames = 2\nmax_pixels = 3"), "NOLI_PORT": "4", "NOLI_MAX_FRAMES": "5"}
    config = load({"port": 6, "host": None}, environ=environ)
    assert (config.port, config.max_frames, config.max_pixels) == (6, 5, 3)


def test_the_file_lies_in_the_data_folder(tmp_path: Path) -> None:
    """Without NOLI_CONFIG the file is noli.toml in the data folder."""
    _toml(tmp_path, "port = 8123")
    assert load(environ={"NOLI_DATA": str(tmp_path)}).port == 8123


def test_changes_are_looked_for_every_second(tmp_path: Path) -> None:
    """However it is set, a withdrawal elsewhere stops matching here within a second."""
    assert load({"data": tmp_path, "follow_interval_s": 1}, environ={}).follow_interval_s == 1
    with pytest.raises(ConfigError, match="follow_interval_s"):
        load({"data": tmp_path, "follow_interval_s": 1.1}, environ={})
    assert Config().follow_interval_s <= 1


def test_a_secret_may_stand_in_a_file(tmp_path: Path) -> None:
    """NOLI_DATABASE_URL_FILE is read, without the line break at its end, and beats the plain variable."""
    path = tmp_path / "secret"
    path.write_text("postgresql://somewhere/noli\n")
    environ = {"NOLI_DATABASE_URL_FILE": str(path), "NOLI_DATABASE_URL": "sqlite:///other", "NOLI_DATA": str(tmp_path)}
    assert load(environ=environ).database_url == "postgresql://somewhere/noli"


@pytest.mark.parametrize(
    ("environ", "named"),
    [
        ({"NOLI_PROT": "1"}, "NOLI_PROT"),
        ({"NOLI_PORT": "many"}, "NOLI_PORT"),
        ({"NOLI_PORT": "70000"}, "port"),
        ({"NOLI_PORT_FILE": "/dev/null"}, "NOLI_PORT_FILE"),
        ({"NOLI_DATABASE_URL_FILE": "/does/not/exist"}, "NOLI_DATABASE_URL_FILE"),
        ({"NOLI_CONFIG": "/does/not/exist"}, "/does/not/exist"),
        ({"NOLI_LOG_FORMAT": "xml"}, "log_format"),
        ({"NOLI_DECODE_TIMEOUT_S": "nan"}, "decode_timeout_s"),
    ],
)
def test_a_wrong_variable_stops_the_start_and_is_named(environ: dict[str, str], named: str, tmp_path: Path) -> None:
    """Unknown, unreadable, mistyped or out of range: ConfigError that names it."""
    with pytest.raises(ConfigError) as caught:
        load(environ={"NOLI_DATA": str(tmp_path), **environ})
    assert named in caught.value.public


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("prot = 1", "prot"),
        ('port = "many"', "port"),
        ("port = true", "port"),
        ("port = 1.5", "port"),
        ("host = 1", "host"),
        ("[database]\nurl = 'x'", "database"),
        ("port = ", "noli.toml"),
    ],
)
def test_a_wrong_line_in_the_file_stops_the_start_and_is_named(text: str, named: str, tmp_path: Path) -> None:
    """The same holds for the file, which is named too."""
    with pytest.raises(ConfigError) as caught:
        load(environ=_toml(tmp_path, text))
    assert named in caught.value.public


def test_a_number_may_be_whole_where_a_fraction_is_allowed(tmp_path: Path) -> None:
    """TOML's 5 is a fine value for a setting in seconds."""
    assert load(environ=_toml(tmp_path, "decode_timeout_s = 5")).decode_timeout_s == 5.0


def test_a_role_without_anything_to_serve_stops_the_start() -> None:
    """Otherwise a port would be open behind which there is nothing; a worker needs no parts."""
    with pytest.raises(ConfigError, match="'console' has nothing to serve"):
        load(environ={"NOLI_ROLE": "console", "NOLI_PARTS": "api,intake"})
    assert load(environ={"NOLI_ROLE": "worker", "NOLI_PARTS": "api"}).served == frozenset()


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("parts", "intake,api", "intake,shop"),
        ("parts", "console", ""),
        ("role", "worker", "janitor"),
        ("second_look", "off", "no"),
        ("public_url", "https://noli.example", "https://noli.example/pages"),
        ("public_url", "", "noli.example"),
        ("exit_url", "https://www.wikipedia.org/wiki/Rain", "javascript:alert(1)"),
        ("exit_url", "http://neutral.example/", "https://x.example/\r\nSet-Cookie: a=b"),
        ("trusted_proxies", "10.0.0.5, 2001:db8::/32", "proxy.example"),
        ("trusted_proxies", "", "10.0.0.5/8"),
        ("country", "DE", "Germany"),
        ("notice_embedders", "https://www.platform.example,http://localhost:8000", "https://platform.example/help"),
        ("notice_embedders", "", "https://platform.example; script-src *"),
        ("notice_embedders", "https://platform.example:8443", "http://platform.example"),
        ("country", "", "de"),
    ],
)
def test_settings_of_the_pages_are_checked(name: str, good: str, bad: str) -> None:
    """What pages could not use stops the start, and says which setting it is."""
    variable = f"NOLI_{name.upper()}"
    assert getattr(load(environ={variable: good}), name) == good
    with pytest.raises(ConfigError, match=name):
        load(environ={variable: bad})
