# SPDX-License-Identifier: Apache-2.0
"""What ``noli doctor`` looks at: one function an organ, each yields findings.

A finding without advice is good news.
"""

import errno
import http.client
import io
import os
import shutil
import socket
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from noli.bank.model import Bank
from noli.base.clock import SystemClock
from noli.base.config import Config
from noli.base.errors import IntegrityError, Unavailable
from noli.cli import store
from noli.hashing.model import Outcome

#: Before this, no version of Noli was out: a clock that shows less is wrong.
_NO_EARLIER = datetime(2026, 11, 1, tzinfo=UTC)

#: Free space below which a database may soon stop taking entries, in bytes.
_LOW_SPACE = 1 << 30

#: Protections of the decoding children, with what to do where one is missing.
_PROTECTIONS = {
    "rlimits": "This system does not limit processes; run Noli on Linux.",
    "no-new-privileges": "This kernel lacks PR_SET_NO_NEW_PRIVS; run Noli on Linux 3.5 or newer.",
    "not-traceable": "This kernel lacks PR_SET_DUMPABLE; run Noli on Linux.",
    "seccomp": "Install libseccomp (Debian: apt install libseccomp2), and allow seccomp where a container forbids it.",
}

# Seconds to wait for whoever has the port.
_PORT_TIMEOUT_S = 2.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; with ``advice`` where it is not as it should be."""

    about: str
    text: str
    advice: str = ""

    @property
    def well(self) -> bool:
        """Whether it is as it should be."""
        return not self.advice

    def as_json(self) -> dict[str, object]:
        """Write it for programs."""
        return {"about": self.about, "ok": self.well, "text": self.text, "advice": self.advice}


def kernel() -> Iterator[Finding]:
    """Load the native kernel. Raises KernelUnavailable."""
    from noli.hashing.kernel import AVAILABLE, KERNEL  # noqa: PLC0415 - that it cannot be loaded is a finding

    yield Finding("kernel", f"The native kernel runs as {KERNEL}; this processor can run {', '.join(AVAILABLE)}.")


def folder(config: Config) -> Iterator[Finding]:
    """Look at the data folder: there, ours, private, with space left."""
    data = config.data
    if not data.is_dir():
        yield Finding(
            "folder", f"There is no installation in {data}.", "Name its folder with --data; 'noli serve' makes one."
        )
        return
    if not os.access(data, os.R_OK | os.W_OK | os.X_OK):
        yield Finding(
            "folder", f"{data} cannot be written by this user.", f"Run as its owner, or: chown {os.getuid()} {data}"
        )
    else:
        yield Finding("folder", f"{data} can be written.")
    if data.stat().st_mode & 0o007:
        yield Finding("folder", f"Every user of this machine may look into {data}.", f"chmod o-rwx {data}")
    free = shutil.disk_usage(data).free
    text = f"{free / (1 << 30):.1f} GiB are free on its disk."
    yield Finding("folder", text, "Make room: a full disk stops writes." if free < _LOW_SPACE else "")


def database(config: Config) -> Iterator[Finding]:
    """Look at the settings that decide whether acknowledged writes survive, at the schema, and at what is in it."""
    from noli.app import looked_at  # noqa: PLC0415 - brings the database's drivers, which may be what is wrong

    if not config.database_url and not (config.data / "noli.db").is_file():
        if config.data.is_dir():
            yield Finding("database", "There is none yet; 'noli serve' makes it.")
        return
    with looked_at(config) as database:
        for each in database.examine():
            yield Finding(
                "database", f"{each.what}: {each.text}.", "" if each.fine else "Noli does not start like this."
            )
        if not database.current():
            text = "It is empty, or its schema is of an older version; the next start of Noli brings it up to date."
            yield Finding("database", text)
            return
        banks = store.all_banks(database.banks)
    entries = sum(each.entries for each in banks)
    yield Finding("database", f"It answers; {len(banks)} banks hold {entries} active entries.")
    yield from _clock(banks)


def keys(config: Config) -> Iterator[Finding]:
    """See that the key file opens all that is sealed, without making one. Raises ConfigError."""
    from noli.app import looked_at  # noqa: PLC0415 - see above
    from noli.app_cases import key_path, missing_keys  # noqa: PLC0415 - see above

    if not config.database_url and not (config.data / "noli.db").is_file():
        return
    with looked_at(config) as database:
        if not database.current():
            return
        missing = missing_keys(config, database)
    path = key_path(config)
    if missing:
        text = f"Cases or accounts are sealed under keys that {path} does not have: {', '.join(sorted(missing))}."
        yield Finding("keys", text, "Restore the key file from its backup; without it they cannot be opened.")
    elif path.exists():
        yield Finding("keys", f"The key file {path} opens everything that is sealed; is it in a backup of its own?")
    else:
        yield Finding("keys", "There is no key file yet; the first case or account makes it.")


def packages(config: Config) -> Iterator[Finding]:
    """Write, read and delete something where evidence packages are kept. Raises ConfigError."""
    from noli.app_custody import packages_of  # noqa: PLC0415 - see above

    if not config.data.is_dir():
        return
    store = packages_of(config)
    try:
        store.probe()
    except (Unavailable, IntegrityError) as error:
        advice = "Look at packages_url, at the keys of the store and at its rights: Noli writes and deletes there."
        yield Finding("packages", f"{error.public} ({error.detail})", advice)
        return
    yield Finding("packages", f"Evidence packages can be kept in {store.where}.")


def retention(config: Config) -> Iterator[Finding]:
    """See that what was kept long enough goes. Raises ConfigError."""
    from noli.app import looked_at  # noqa: PLC0415 - see above
    from noli.app_cases import kept_standing  # noqa: PLC0415 - see above

    if not config.database_url and not (config.data / "noli.db").is_file():
        return
    with looked_at(config) as database:
        if not database.current():
            return
        found = kept_standing(config, database, SystemClock().now())
    behind = [each for each in found if each.behind]
    for each in behind:
        text = f"{each.due.count} of '{each.kind.name}' were kept longer than they may be: {each.kind.datum}."
        yield Finding(
            "retention", text, "Run a server of the role 'worker' or 'all', or: noli retention sweep; see its log."
        )
    if not behind:
        yield Finding("retention", "What was kept long enough goes by itself; nothing waits for it longer than a day.")


def _clock(banks: Iterable[Bank]) -> Iterator[Finding]:
    now = SystemClock().now()
    wrong = now < _NO_EARLIER or any(each.created_at > now for each in banks)
    advice = "That is before this version or a bank was made: set the clock, and run an NTP client." if wrong else ""
    yield Finding("clock", f"The clock says {now:%Y-%m-%d %H:%M} UTC.", advice)


def decoder(config: Config) -> Iterator[Finding]:
    """Decode a picture in a confined child, and have the child try what is forbidden."""
    from noli.app import open_hasher  # noqa: PLC0415 - brings database and kernel, which may be what is wrong

    with open_hasher(config) as pool:
        reading = pool.read(_picture())
        well = reading.outcome is Outcome.HASHED
        text = (
            "A test picture was decoded and hashed."
            if well
            else f"A test picture could not be hashed: {reading.reason}"
        )
        yield Finding("decoder", text, "" if well else "Raise decode_memory_mib or decode_timeout_s; else report this.")
        held = pool.pictures.protections()
        yield Finding("decoder", f"Protections that hold in its processes: {', '.join(held)}.")
        for missing in _PROTECTIONS.keys() - set(held):
            yield Finding("decoder", f"The protection {missing} does not hold.", _PROTECTIONS[missing])
        for missing in set(held) - set(pool.videos.protections()):
            yield Finding("decoder", f"The protection {missing} does not hold for videos.", _PROTECTIONS[missing])
        tried = pool.pictures.try_to_escape()
    escaped = sorted(name for name, ending in tried.items() if ending != "refused")
    for name in escaped:
        yield Finding("decoder", f"A decoding process was able to: {name}.", _PROTECTIONS["seccomp"])
    if not escaped:
        yield Finding("decoder", f"Forbidden things it tried and was refused: {len(tried)} of {len(tried)}.")


def port(config: Config) -> Iterator[Finding]:
    """See whether the address is free, or a Noli has it."""
    where = f"{config.host} port {config.port}"
    try:
        family = socket.getaddrinfo(config.host, config.port, type=socket.SOCK_STREAM)[0][0]
        with socket.socket(family, socket.SOCK_STREAM) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((config.host, config.port))
    except OSError as error:
        if error.errno == errno.EADDRINUSE and _answers(config):
            yield Finding("port", f"A server of Noli answers on {where}.")
            return
        text = f"Cannot listen on {where}: {error.strerror or error}."
        yield Finding("port", text, "Set host and port to an address of this machine that is free.")
        return
    yield Finding("port", f"{where} is free.")


def _answers(config: Config) -> bool:
    connection = http.client.HTTPConnection(config.host, config.port, timeout=_PORT_TIMEOUT_S)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().read(100) == b'{"alive":true}'
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _picture() -> bytes:
    from PIL import Image  # noqa: PLC0415 - slow to load and only needed here

    file = io.BytesIO()
    tile = Image.radial_gradient("L")
    picture = Image.new("L", (512, 512))
    for number in range(16):
        picture.paste(tile.resize((128, 128)).rotate(30 * number), (number % 4 * 128, number // 4 * 128))
    picture.save(file, "PNG")
    return file.getvalue()
