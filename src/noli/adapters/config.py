# SPDX-License-Identifier: Apache-2.0
"""Loads the settings once: TOML file, then ``NOLI_*``, then ``NOLI_*_FILE`` for secrets, then the command line.

Whatever cannot be used stops the start with the name of the setting and where it was given. Nothing
is guessed and nothing unknown is skipped, because a misspelt limit is a limit that does not hold.
"""

import os
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import fields
from ipaddress import ip_network
from pathlib import Path
from typing import get_type_hints
from urllib.parse import urlsplit

from noli.base.config import ROLES, Config
from noli.base.errors import ConfigError
from noli.base.retention import SWEPT

PREFIX = "NOLI_"

#: Settings that may be read from a file named by ``NOLI_<NAME>_FILE``, so that they stand in no environment.
SECRETS = frozenset({"database_url", "preview_secret", "smtp_url", "imap_url", "packages_url"})

# Variables with our prefix that are no settings: where the file is, what the kernel's build and choice read.
_OTHER = frozenset({"NOLI_CONFIG", "NOLI_KERNEL", "NOLI_CFLAGS", "NOLI_LDFLAGS"})

# The tests' own variables.
_TESTS = "NOLI_TEST_"

_FILE = "_FILE"

# Smallest and largest value that makes sense; settings without a row take any value of their type.
_RANGES: Mapping[str, tuple[float, float]] = {
    "port": (0, 65_535),
    "workers": (1, 256),
    "drain_s": (0, 600),
    "decode_workers": (0, 256),
    "decode_timeout_s": (0.1, 600),
    "decode_memory_mib": (256, 65_536),
    "max_pixels": (1, 1_000_000_000),
    "max_frames": (1, 10_000),
    "max_upload_bytes": (1, 1 << 30),
    "pictures_waiting": (0, 100_000),
    "calls_at_once": (1, 1_000_000),
    "video_workers": (0, 256),
    "videos_waiting": (0, 10_000),
    "video_timeout_s": (0.1, 86_400),
    "max_video_bytes": (1, 1 << 32),
    "rate_limit_per_s": (1, 1_000_000_000),
    "failed_auth_per_min": (1, 1_000_000),
    "max_neighbours": (1, 100_000),
    "follow_interval_s": (0.01, 1.0),
    "max_lag_s": (1, 86_400),
    "snapshot_changes": (1, 1_000_000_000),
    "probing_budget": (1, 1_000_000),
    "doubted_after": (0, 1_000),
    "submissions_per_hour": (1, 1_000_000),
    "proof_of_work_bits": (0, 30),
    "password_memory_mib": (8, 4096),
    "passwords_at_once": (1, 2),
    "passwords_waiting": (0, 30),
    **{kind.setting: kind.bounds for kind in SWEPT if kind.setting},
}

_FORMATS = ("json", "text")
_PARTS = ROLES["all"]


def load(overrides: Mapping[str, object] | None = None, *, environ: Mapping[str, str] | None = None) -> Config:
    """Load the settings of this installation.

    Args:
        overrides: Settings from the command line by name; None values count as not given.
        environ: Environment variables; this process's own if None.

    Raises:
        ConfigError: A setting is unknown, of the wrong type, out of range or unreadable; the text names it.
    """
    environ = os.environ if environ is None else environ
    given = {name: value for name, value in (overrides or {}).items() if value is not None}
    from_environ = _environment(environ)
    folder = given.get("data", from_environ.get("data", Config().data))
    settings = {**_file(environ, Path(str(folder))), **from_environ}
    for name, value in given.items():
        settings[name] = _typed(name, value, f"option for {name!r}")
    for name, value in settings.items():
        _in_range(name, value)
    config = Config(**settings)  # type: ignore[arg-type] # each value was given its field's type by _typed
    if config.role != "worker" and not config.served:
        msg = f"The role {config.role!r} has nothing to serve: the setting 'parts' leaves it out."
        raise ConfigError(msg)
    return config


def _file(environ: Mapping[str, str], data: Path) -> dict[str, object]:
    named = environ.get("NOLI_CONFIG")
    path = Path(named) if named else data / "noli.toml"
    if not named and not path.exists():
        return {}
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        msg = f"The settings file {path} cannot be read."
        raise ConfigError(msg, detail=str(error)) from error
    except tomllib.TOMLDecodeError as error:
        msg = f"The settings file {path} is not TOML: {error}."
        raise ConfigError(msg) from error
    return {name: _typed(name, value, f"{name!r} in {path}") for name, value in content.items()}


def _environment(environ: Mapping[str, str]) -> dict[str, object]:
    settings: dict[str, object] = {}
    # Sorted, so that NOLI_DATABASE_URL comes before NOLI_DATABASE_URL_FILE and the file wins.
    for variable in sorted(environ):
        if not variable.startswith(PREFIX) or variable in _OTHER or variable.startswith(_TESTS):
            continue
        name, text = variable.removeprefix(PREFIX).lower(), environ[variable]
        secret = variable.removeprefix(PREFIX).removesuffix(_FILE).lower()
        if variable.endswith(_FILE) and secret in SECRETS:
            name, text = secret, _secret(variable, Path(text))
        settings[name] = _typed(name, text, variable)
    return settings


def _secret(variable: str, path: Path) -> str:
    try:
        return path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        msg = f"{variable} names the file {path}, which cannot be read."
        raise ConfigError(msg, detail=str(error)) from error


def _typed(name: str, value: object, origin: str) -> object:
    """Give a value the type of its setting; texts are parsed, other types must fit as they are."""
    known = get_type_hints(Config)
    if name not in known:
        msg = f"Unknown setting {origin}; known are {', '.join(field.name for field in fields(Config))}."
        raise ConfigError(msg)
    wanted = known[name]
    if wanted is Path and isinstance(value, str | Path):
        return Path(value)
    if isinstance(value, wanted) and not isinstance(value, bool):
        return value
    if wanted in {int, float} and isinstance(value, str | int) and not isinstance(value, bool):
        try:
            return wanted(value)
        except ValueError:
            pass
    msg = f"The setting {origin} must be {_said(wanted)}."
    raise ConfigError(msg)


def _said(wanted: type) -> str:
    return {int: "a whole number", float: "a number", str: "a text", Path: "a path"}[wanted]


def _in_range(name: str, value: object) -> None:
    if name == "log_format" and value not in _FORMATS:
        msg = f"The setting 'log_format' must be one of {', '.join(_FORMATS)}."
        raise ConfigError(msg)
    if name in _WRONG and (wrong := _WRONG[name](str(value))):
        msg = f"The setting {name!r} {wrong}"
        raise ConfigError(msg)
    low, high = _RANGES.get(name, (float("-inf"), float("inf")))
    if isinstance(value, int | float) and not low <= value <= high:
        msg = f"The setting {name!r} must lie between {low:g} and {high:g}; it is {value:g}."
        raise ConfigError(msg)


def _wrong_parts(value: str) -> str:
    known = value and set(value.split(",")) <= _PARTS
    return "" if known else f"names what is served, separated by commas: {', '.join(sorted(_PARTS))}."


def _wrong_role(value: str) -> str:
    return "" if value in ROLES else f"is one of {', '.join(ROLES)}."


def _wrong_address(value: str) -> str:
    parts = urlsplit(value)
    plain = parts.scheme in {"http", "https"} and parts.netloc and not parts.path.strip("/") and not parts.query
    return "" if plain or not value else "is an address without a path, like https://noli.example."


def _wrong_exit(value: str) -> str:
    parts = urlsplit(value)
    good = parts.scheme in {"http", "https"} and parts.netloc and value.isascii() and value.isprintable()
    return "" if good else "is the whole address of a site, like https://www.wikipedia.org/."


def _wrong_networks(value: str) -> str:
    try:
        [ip_network(each.strip()) for each in value.split(",") if each.strip()]
    except ValueError:
        return "names addresses or networks, separated by commas: 10.0.0.5, 10.1.0.0/16."
    return ""


def _wrong_country(value: str) -> str:
    good = not value or (len(value) == 2 and value.isascii() and value.isupper())  # noqa: PLR2004 - ISO 3166-1 alpha-2
    return "" if good else "is a country's two capital letters, like DE."


def _wrong_jurisdictions(value: str) -> str:
    good = all(part.isascii() and part.isalpha() and part.isupper() for part in value.split(",") if value)
    return "" if good else "names codes in capital letters, separated by commas: US,EU."


def _wrong_service(value: str) -> str:
    known = ("intermediary", "hosting", "platform", "search")
    return "" if value in known else f"is one of {', '.join(known)}."


def _wrong_enterprise(value: str) -> str:
    return "" if value in {"large", "small"} else "is 'large' or 'small'."


def _wrong_writer(value: str) -> str:
    known = ("helpline", "trusted-flagger", "agent")
    return "" if value in known else f"is one of {', '.join(known)}."


def _wrong_step(value: str) -> str:
    return "" if value in {"draft", "send"} else "is 'draft' or 'send'."


def _wrong_switch(value: str) -> str:
    return "" if value in {"on", "off"} else "is 'on' or 'off'."


def _wrong_mail(value: str) -> str:
    local, at, domain = value.partition("@")
    good = local and at and "." in domain and value.isascii() and not any(sign in " <>,;" for sign in value)
    return "" if good or not value else "is a mail address, like requests@helpline.example."


def _wrong_lists(value: str) -> str:
    parts = urlsplit(value)
    good = parts.scheme in {"http", "https"} and parts.netloc and not value.endswith("/")
    return "" if good or not value else "is an address without a slash at its end, like https://data.iana.org/rdap."


# A scheme, a host and perhaps a port: what a browser compares, and nothing that could say more in a policy.
_ORIGIN = re.compile(r"https://[a-z0-9.-]+(:[0-9]+)?|http://(localhost|127\.0\.0\.1)(:[0-9]+)?")


def _wrong_origins(value: str) -> str:
    good = all(_ORIGIN.fullmatch(each) for each in value.split(",")) or not value
    return "" if good else "names origins, separated by commas, without a path: https://www.platform.example."


# What is wrong with a text, or nothing.
_WRONG: Mapping[str, Callable[[str], str]] = {
    "parts": _wrong_parts,
    "role": _wrong_role,
    "public_url": _wrong_address,
    "exit_url": _wrong_exit,
    "trusted_proxies": _wrong_networks,
    "country": _wrong_country,
    "jurisdictions": _wrong_jurisdictions,
    "service": _wrong_service,
    "enterprise": _wrong_enterprise,
    "writes_as": _wrong_writer,
    "next_step": _wrong_step,
    "second_look": _wrong_switch,
    "video_every_second": _wrong_switch,
    "mail_from": _wrong_mail,
    "rdap_url": _wrong_lists,
    "notice_embedders": _wrong_origins,
}
