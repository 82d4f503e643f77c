# SPDX-License-Identifier: Apache-2.0
"""A time-stamp authority on loopback, made of openssl: its answers are believed where they are what was asked for."""

import shutil
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from noli.adapters.egress import Egress
from noli.adapters.timestamps import Rfc3161Authority
from noli.base.errors import ConfigError, Unavailable

_SETTINGS = """
[req]
distinguished_name = name
prompt = no
x509_extensions = root
[name]
CN = Test TSA root
[root]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign
[tsa]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
[authority]
serial = {folder}/serial
crypto_device = builtin
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
accuracy = secs:1
"""


class Authority:
    """Answers with openssl; tests bend it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.broken = folder, ""
        self._settings = folder / "settings.cnf"
        self._settings.write_text(_SETTINGS.format(folder=folder))
        new = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
        days = ("-days", "36500")
        settings = ("-config", str(self._settings))
        self._openssl("req", "-x509", *settings, *new, *days, "-keyout", "root.key", "-out", "root.pem")
        self._openssl("req", *settings, *new, "-subj", "/CN=Test TSA", "-keyout", "tsa.key", "-out", "tsa.csr")
        self._openssl(
            "x509", "-req", "-in", "tsa.csr", "-CA", "root.pem", "-CAkey", "root.key", "-CAcreateserial", *days,
            "-extfile", str(self._settings), "-extensions", "tsa", "-out", "tsa.pem",
        )  # fmt: skip
        (folder / "serial").write_text("01\n")
        authority = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = authority.answer(self.rfile.read(int(self.headers["Content-Length"])))
                self.send_response(500 if authority.broken == "status" else 200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/tsa"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def answer(self, request: bytes) -> bytes:
        """Answer a request."""
        if self.broken == "nonsense":
            return b"nonsense"
        (self.folder / "request").write_bytes(request)
        if self.broken != "replay" or not (self.folder / "reply").exists():
            self._openssl(
                "ts", "-reply", "-config", str(self._settings), "-section", "authority", "-queryfile", "request",
                "-out", "reply",
            )  # fmt: skip
        return (self.folder / "reply").read_bytes()

    def _openssl(self, *words: str) -> None:
        openssl = shutil.which("openssl")
        assert openssl is not None
        subprocess.run([openssl, *words], cwd=self.folder, capture_output=True, check=True)

    def close(self) -> None:
        """Stop."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)


@pytest.fixture(scope="module")
def tsa(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    """An authority that runs."""
    made = Authority(tmp_path_factory.mktemp("tsa"))
    yield made
    made.close()


def _asking(tsa: Authority, certificates: Path | None = None) -> Rfc3161Authority:
    return Rfc3161Authority(Egress(private_hosts=["127.0.0.1"]), tsa.url, certificates or tsa.folder / "root.pem")


def test_a_root_is_time_stamped(tsa: Authority) -> None:
    """The answer says a time, is the authority's, and is about this text and no other."""
    asking = _asking(tsa)
    at, token = asking.stamp(b"a signed root\n")
    assert (asking.name, at.tzinfo is not None) == (tsa.url, True)
    assert asking.check(b"a signed root\n", token)
    assert not asking.check(b"another root\n", token)
    assert not asking.check(b"a signed root\n", token[:-1] + bytes([token[-1] ^ 1]))
    assert not asking.check(b"a signed root\n", b"")


@pytest.mark.parametrize("broken", ["status", "nonsense", "replay"])
def test_an_answer_that_cannot_be_believed_is_none(tsa: Authority, broken: str) -> None:
    """A failure, nonsense, or the answer to an earlier question is refused; it is asked again later."""
    asking = _asking(tsa)
    asking.stamp(b"earlier\n")
    tsa.broken = broken
    try:
        with pytest.raises(Unavailable):
            asking.stamp(b"earlier\n")
    finally:
        tsa.broken = ""


def test_another_authoritys_answer_is_not_believed(tsa: Authority, tmp_path: Path) -> None:
    """Only certificates that the operator named are; a file without any stops the start."""
    other = Authority(tmp_path)
    other.close()
    with pytest.raises(Unavailable):
        _asking(tsa, tmp_path / "root.pem").stamp(b"x")
    for file in (tmp_path / "missing.pem", tmp_path / "serial"):
        with pytest.raises(ConfigError):
            _asking(tsa, file)
